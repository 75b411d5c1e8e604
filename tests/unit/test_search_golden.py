"""The default search proposes, for the same tables, what it proposed when these were recorded.

`python -m tests.unit.test_search_golden` records anew: only for a change that means to change it.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests import search_worlds as worlds
from tests.search_worlds import limited

from edgehone.search.cost_table import keys_of
from edgehone.search.history import Goal, Tables

FILE = Path(__file__).parents[1] / "golden/search_proposals.json"

FAST, SMALL = ("latency_p50_ms", True), ("size_bytes", True)
SCENES: dict[str, tuple[Callable[[], Tables], Goal]] = {
    "chain, fast": (worlds.chain, Goal(*FAST, ())),
    "chain, fast within size and memory": (
        worlds.chain,
        Goal(*FAST, (limited("size_bytes", 40_000), limited("peak_memory_bytes", 12_000))),
    ),
    "chain, fast within a tail": (
        worlds.chain,
        Goal("latency_p90_ms", True, (limited("latency_p90_ms", 0.25),)),
    ),
    "chain, small when packed": (worlds.chain, Goal("compressed_bytes", True, ())),
    "chain, accurate within a size": (
        worlds.chain,
        Goal("accuracy", False, (limited("size_bytes", 40_000),)),
    ),
    "chain, impossible": (worlds.chain, Goal(*FAST, (limited("size_bytes", 10),))),
    "mixed 0, fast": (lambda: worlds.mixed(0), Goal(*FAST, ())),
    "mixed 1, small": (lambda: worlds.mixed(1), Goal(*SMALL, ())),
    "mixed 2, small within a time": (
        lambda: worlds.mixed(2),
        Goal(*SMALL, (limited("latency_p50_ms", 0.03),)),
    ),
    "mixed 3, accurate within all": (
        lambda: worlds.mixed(3),
        Goal(
            "agreement",
            False,
            (limited("latency_p90_ms", 0.03), limited("compressed_bytes", 4_000)),
        ),
    ),
    "wide, fast": (worlds.wide, Goal(*FAST, ())),
}


def recorded(name: str) -> dict[str, Any]:
    make, goal = SCENES[name]
    found, reason = worlds.run(make(), goal)
    rows = [
        {
            "plan": worlds.recorded(each.plan),
            "target": each.target,
            "predicted": dict(each.predicted),
            "sums": [
                each.sums.cost, each.sums.size_bytes, each.sums.memory_bytes, each.sums.loss
            ],
        }
        for each in found
    ]  # fmt: skip
    return {"proposals": rows, "stopped": reason, "priced": priced(make())}


def priced(tables: Tables) -> list[Any]:
    """How many layer shapes are priced on the device, and a digest of which."""
    keys = keys_of(tables.space)
    return [len(keys), sha256(repr(keys).encode()).hexdigest()]


@pytest.mark.parametrize("name", SCENES)
def test_the_default_search_proposes_what_was_recorded(name: str) -> None:
    golden, found = json.loads(FILE.read_text())[name], recorded(name)
    assert found["stopped"] == golden["stopped"]
    assert found["priced"] == golden["priced"]
    assert [row["plan"] for row in found["proposals"]] == [
        row["plan"] for row in golden["proposals"]
    ]
    for mine, kept in zip(found["proposals"], golden["proposals"], strict=True):
        assert mine["target"] == pytest.approx(kept["target"], rel=1e-6)
        assert mine["sums"] == pytest.approx(kept["sums"], rel=1e-9)
        assert mine["predicted"] == pytest.approx(kept["predicted"], rel=1e-6)


def main() -> None:
    FILE.write_text(json.dumps({name: recorded(name) for name in SCENES}, indent=1) + "\n")


if __name__ == "__main__":
    main()
