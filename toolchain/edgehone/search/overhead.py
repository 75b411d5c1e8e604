"""What an inference costs beside its operators, from what two chains of equal operators cost."""

from collections.abc import Mapping, Sequence

from edgehone.search.cost_table import Key
from edgehone.values import LayerSpec

KIND = "overhead"
"""What `LayerSpec.kind` calls a chain; kernel[0] is its length."""

_LENGTHS = (1, 9)
_SHORT, _LONG = (LayerSpec(KIND, 1, 1, 8, 8, (length, 1)) for length in _LENGTHS)


def keys_for(precisions: Sequence[str]) -> list[Key]:
    """The chains whose costs tell the overhead of files in these precisions."""
    return [(spec, precision, "") for precision in precisions for spec in (_SHORT, _LONG)]


def overheads(prices: Mapping[Key, float], precisions: Sequence[str]) -> dict[str, float]:
    """By precision, the cost of a chain without links: what the longer chain costs more, shared
    out over its links, is taken from the shorter one; precisions without chains are left out.
    """
    first, last = _LENGTHS
    known: dict[str, float] = {}
    for precision in precisions:
        short, long = (prices.get((spec, precision, "")) for spec in (_SHORT, _LONG))
        if short is not None and long is not None:
            link = max(long - short, 0.0) / (last - first)
            known[precision] = max(short - first * link, 0.0)
    return known
