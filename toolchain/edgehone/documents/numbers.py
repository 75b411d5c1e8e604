"""Arrays of numbers checked against a JSON schema in one go: a run's document has many thousands.

What is not plainly right is left to the schema's own check, one by one, which also says where.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_UNDERSTOOD = frozenset(("type", *_BOUNDS, "description", "title"))
_TYPES: Mapping[str, frozenset[type]] = {
    "number": frozenset((int, float)),
    "integer": frozenset((int,)),
    "null": frozenset((type(None),)),
}


def are_valid(array: Sequence[Any], rules: Any) -> bool:
    """Whether all items are numbers that keep the rules of a schema for one, as far as that can be
    told at once. False: one may not, or the rules are about something else.
    """
    if not isinstance(array, list) or not isinstance(rules, dict) or rules.keys() - _UNDERSTOOD:
        return False
    named = rules.get("type", ())
    kinds = (named,) if isinstance(named, str) else named
    if not kinds or not _TYPES.keys() >= set(kinds):
        return False
    found = set(map(type, array))
    if not found <= frozenset().union(*(_TYPES[kind] for kind in kinds)):
        return False
    present = [each for each in array if each is not None] if type(None) in found else array
    return not present or _within(present, rules)


def _within(numbers: Sequence[Any], rules: Mapping[str, Any]) -> bool:
    try:
        if not isfinite(sum(numbers)):
            return False  # with NaN among them, least and most are not what they say
    except OverflowError:
        return False
    least, most = min(numbers), max(numbers)
    return bool(
        least >= rules.get("minimum", least)
        and most <= rules.get("maximum", most)
        and ("exclusiveMinimum" not in rules or least > rules["exclusiveMinimum"])
        and ("exclusiveMaximum" not in rules or most < rules["exclusiveMaximum"])
    )
