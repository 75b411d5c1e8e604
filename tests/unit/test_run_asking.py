"""What a strategy chooses is measured, and it is asked again with what that showed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests import run_parts
from tests.search_worlds import Layer, space_of

from edgehone.formats.tflite import TFLite
from edgehone.run.asking import asked
from edgehone.run.cost_tables import with_table
from edgehone.run.state import RunState
from edgehone.search.cost_table import CostTable, Key, keys_of_plan
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Losses, Plan
from edgehone.search.space import Space
from edgehone.search.strategies._base import Strategy
from edgehone.values import LayerSpec

WIDTHS = (64, 48, 32, 16)


def spec(width: int) -> LayerSpec:
    return LayerSpec("dense", 1, 1, 64, width)


def space() -> Space:
    layers = [Layer("d", spec(64), {}, 64, "g")]
    return space_of({"g": WIDTHS}, layers, ("float32",))


@dataclass(frozen=True)
class Cheapest(Strategy):
    """The width that seems to cost least, of those that are left to it."""

    widths: tuple[int, ...] = WIDTHS
    answers: list[int] = field(default_factory=list)

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        if not self.widths:
            return Stop("none is left")
        start = tables.space.unchanged("float32")
        plans = [
            Plan({**start.choices, "prune_channels": {"g": width}}, "float32")
            for width in self.widths
        ]
        plan = min(plans, key=lambda each: tables.totals(each).cost)
        self.answers.append(int(plan.of("prune_channels")["g"]))
        return Proposal(plan, tables.totals(plan), 1.0, {})


def key(width: int) -> Key:
    return (spec(width), "float32", "")


@pytest.fixture
def state(tmp_path: Path) -> RunState:
    context = replace(run_parts.context(tmp_path), formats={"tflite": TFLite()})
    context.workspace.scratch.mkdir(parents=True)
    return replace(run_parts.state(context), devices=(run_parts.scripted(tmp_path, "a"),))


def tables(table: CostTable) -> Tables:
    return with_table(Tables(space(), Losses(), table.cost), table)


def test_a_width_that_only_seemed_cheap_is_not_chosen(state: RunState) -> None:
    """Interpolated at next to nothing; the script's times rise with a file's size."""
    guessed = {key(64): 1.0, key(48): 1e-9, key(32): 1e-8, key(16): 0.001}
    known = tables(CostTable(guessed, interpolated=frozenset([key(48), key(32)])))
    strategy = Cheapest()
    trial = Trial(
        known.space.unchanged("float32"), known.totals(known.space.unchanged("float32")), {}
    )
    found = asked(state, strategy, known, [trial])
    assert strategy.answers == [48, 32, 16]
    assert isinstance(found.said, Proposal)
    assert found.said.plan.of("prune_channels") == {"g": 16}
    table = found.tables.table
    assert table is not None
    assert not table.lacking([key(48), key(32), key(16)])
    assert table.prices[key(48)] > table.prices[key(32)] > 0.001
    assert found.tables.cost(spec(48), "float32", "float32") == table.prices[key(48)]
    assert found.trials[0].sums == found.tables.totals(trial.plan)


def test_what_was_measured_is_asked_for_once(state: RunState) -> None:
    known = tables(CostTable({key(width): 1.0 + width for width in WIDTHS}))
    strategy = Cheapest()
    found = asked(state, strategy, known, [])
    assert strategy.answers == [16]
    assert found.tables is known
    assert asked(state, Cheapest(widths=()), known, []).said == Stop("none is left")


def test_a_plan_lacks_what_was_not_measured_of_it() -> None:
    known = space()
    plan = Plan({**known.unchanged("float32").choices, "prune_channels": {"g": 32}}, "float32")
    assert keys_of_plan(known, plan) == (key(32),)
    table = CostTable({key(64): 2.0, key(32): 1.0}, {key(16): "no kernel"}, frozenset([key(32)]))
    assert table.lacking([key(64), key(32), key(16), key(48), key(48)]) == (key(32), key(48))
    more = table.with_measured({key(32): 1.5, key(48): "too large"})
    assert not more.lacking([key(32), key(48)])
    assert more.prices[key(32)] == 1.5
