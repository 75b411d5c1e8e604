"""Whether a document that was kept still has the shape that its schema says, and if not, where."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from edgehone.documents import numbers
from edgehone.documents.published import schema
from edgehone.documents.validators import library
from edgehone.errors import StorageError
from edgehone.system.library_errors import shortened
from edgehone.values import Plain

OF_RUN = (
    "Another version of edgehone wrote it, or it is damaged. Resume the run, which writes it "
    "again: edgehone run --resume RUN"
)
OF_FILE = "Another version of edgehone wrote it, or it is damaged. Have it written again."
OF_STORE = (
    "Another version of edgehone wrote it, or it is damaged. Give another folder with --folder."
)
"""What to do about a run's document, about any other, and about what a store has."""

_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError)
"""What reading a document of another shape raises."""


def require_shape(document: Plain, name: str, where: str, hint: str = OF_RUN) -> None:
    """Refuse a document whose values are not of the types that the schema `name` gives them; what
    older versions did not write yet may be missing.

    where: what an error calls it. Raises StorageError.
    """
    wrong = fault(document, _lenient(schema(name)))
    if wrong:
        raise StorageError(f"{where} is damaged or of another version: {wrong}.", hint)


@contextmanager
def shaped(where: str, hint: str = OF_RUN) -> Iterator[None]:
    """Turn what a document of another shape leads to into StorageError; `where`: its name."""
    try:
        yield
    except _MALFORMED as error:
        text = shortened(f"{type(error).__name__}: {error}", 120)
        message = f"{where} is damaged or of another version ({text})."
        raise StorageError(message, hint) from error


def fault(document: Plain, rules: dict[str, Any]) -> str:
    """The first place of a document that breaks the rules of a schema, and how; "": none does."""
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    # Known by their names at once: references to them are else searched for each time.
    found = rules.get("$defs", {}).values()
    parts = [DRAFT202012.create_resource(_of_this_dialect(part)) for part in found]
    named = ((part.id(), part) for part in parts)
    registry = Registry().with_resources([(name, part) for name, part in named if name])
    errors = _validator()(_of_this_dialect(rules), registry=registry).iter_errors(document)
    first = next(errors, None)
    if first is None:
        return ""
    place = ".".join(map(str, first.absolute_path)) or "the whole of it"
    return f"{place}: {shortened(first.message, 160).rstrip('.')}"


def _of_this_dialect(rules: dict[str, Any]) -> dict[str, Any]:
    """The schema without the name of its dialect, which would bring another validator in."""
    return {key: value for key, value in rules.items() if key != "$schema"}


@cache
def _validator() -> Any:
    """A validator of JSON schemas that looks at an array of numbers as a whole."""
    jsonschema = library()  # takes 0.2 s
    usual = jsonschema.Draft202012Validator
    each_item = usual.VALIDATORS["items"]

    def items(validator: Any, rules: Any, array: Any, parent: Any) -> Iterator[Any]:
        if not numbers.are_valid(array, rules):
            yield from each_item(validator, rules, array, parent)

    return jsonschema.validators.extend(usual, {"items": items})


def _lenient(rules: Any) -> Any:
    """The same rules without those about what must be there."""
    if isinstance(rules, list):
        return [_lenient(each) for each in rules]
    if not isinstance(rules, dict):
        return rules
    return {
        "anyOf" if key == "oneOf" else key: _lenient(value)
        for key, value in rules.items()
        if not (key == "required" and isinstance(value, list))
    }
