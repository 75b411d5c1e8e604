"""edgehone's search with one part taken out, or with one alone."""

from collections.abc import Iterator
from typing import Any

from searching import Searching, default_of
from strategies import ByMacs, Ours, Uncorrected

RETAKEN = bool(default_of(Ours, "again"))
"""Whether the default takes sensitivities again around the best candidate; the ablation does the
other."""

LINEAR = (
    ("no re-linearisation", {"again": False, "trust": 0.0})
    if RETAKEN
    else ("with re-linearisation", {"again": True, "trust": 0.5})
)


def _ablations() -> Iterator[Searching]:
    def one(name: str, *, parent: bool = True, **others: Any) -> Searching:
        found = {"trained": True, "strategy": Ours, **others}
        return Searching(name, ablation=True, parent=parent, **found)

    yield one("MACs for costs", strategy=ByMacs)
    yield one("no parent", parent=False)
    yield one(LINEAR[0], settings=LINEAR[1])
    yield one("pruning only", search={"techniques": ["prune_channels"], "precisions": ["float32"]})
    yield one("bits only", parent=False, trained=False, search={"techniques": []})
    yield one("no correction", strategy=Uncorrected)
    yield one("no promotion", settings={"promote": False})


CONTESTANTS = tuple(_ablations())
