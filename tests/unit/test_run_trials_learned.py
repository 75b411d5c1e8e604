"""What the search learns of a measured candidate, and how much faster than a baseline it is."""

from pathlib import Path
from typing import Any

import pytest
from tests import run_parts
from tests.run_parts import accuracy, entry, measured

from edgehone.budgets import Budget
from edgehone.run.state import RunState
from edgehone.run.trials import in_primary_format, speedup, trial_of
from edgehone.search.history import Proposal, Trial
from edgehone.search.space import Space
from edgehone.search.sums import Totals
from edgehone.values import Accuracy

DROP = Budget("accuracy_drop", "max", 0.03)
LEAST = Budget("accuracy", "min", 0.9)
PROPOSAL = Proposal(Space((), (), ("int8",)).unchanged("int8"), Totals(0.0, 0.0, 0.0, 0.0), 2.5, {})


@pytest.fixture
def start(tmp_path: Path) -> RunState:
    return run_parts.state(run_parts.context(tmp_path), entry(measured(4000)))


def learned(state: RunState, budget: Budget | None, **fields: Any) -> Trial:
    goal = run_parts.state(state.context, *state.baselines, budgets=(budget,) if budget else ())
    found = trial_of(goal, PROPOSAL, [entry(measured(**fields))], measured(4000))
    assert found is not None
    return found


def kept(state: RunState, budget: Budget, seen: Accuracy | None, final: Accuracy | None) -> bool:
    return learned(state, budget, validation=seen, accuracy=final).quality


@pytest.mark.parametrize(("drop", "expected"), [(0.0299, True), (0.03, True), (0.0301, False)])
def test_quality_is_kept_up_to_the_limit_and_not_beyond(
    start: RunState, drop: float, expected: bool
) -> None:
    seen = accuracy(0.9, drop=drop)
    assert kept(start, DROP, seen, seen) is expected


@pytest.mark.parametrize(("value", "expected"), [(0.8999, False), (0.9, True), (0.9001, True)])
def test_quality_is_kept_down_to_a_least_value(
    start: RunState, value: float, expected: bool
) -> None:
    assert kept(start, LEAST, accuracy(value), accuracy(0.0)) is expected


def test_quality_is_judged_by_the_end_of_the_interval_that_is_worse(start: RunState) -> None:
    sure, noisy = (accuracy(0.95, drop=0.01, half_width=width) for width in (0.015, 0.025))
    assert kept(start, DROP, sure, sure)
    assert not kept(start, DROP, noisy, noisy)
    assert kept(start, LEAST, accuracy(0.95, half_width=0.04), accuracy(0.5))
    assert not kept(start, LEAST, accuracy(0.95, half_width=0.06), accuracy(0.99))


def test_a_smaller_test_split_widens_the_interval_by_the_root_of_the_ratio(start: RunState) -> None:
    seen = accuracy(0.95, n=400, drop=0.01, half_width=0.015)
    assert kept(start, DROP, seen, accuracy(0.95, n=400))
    assert kept(start, DROP, seen, accuracy(0.95, n=300))  # 0.01 + 0.015 * 1.155 = 0.0273
    assert not kept(start, DROP, seen, accuracy(0.95, n=100))  # 0.01 + 0.015 * 2 = 0.04


def test_quality_that_was_not_measured_is_not_kept_where_a_budget_asks(start: RunState) -> None:
    assert not kept(start, DROP, None, None)
    assert not kept(start, DROP, accuracy(0.9, drop=0.0), None)
    assert not kept(start, DROP, accuracy(0.9), accuracy(0.9))  # without a reference: no drop
    assert kept(start, Budget("size_bytes", "max", 10.0), None, None)
    assert learned(start, None).quality


def test_times_are_learned_as_they_would_be_at_the_speed_of_the_first_batch(
    start: RunState,
) -> None:
    mine, slowed = measured(blocks_ms=((2.0, 2.0),)), measured(blocks_ms=((4.0, 4.0),))
    found = trial_of(start, PROPOSAL, [entry(mine)], slowed)
    assert found is not None
    assert found.metrics["latency_p50_ms"] == pytest.approx(0.5)
    assert found.metrics["size_bytes"] == 1000
    assert found.target == PROPOSAL.target


def test_quality_is_learned_from_the_validation_split(start: RunState) -> None:
    found = learned(start, None, validation=accuracy(0.8), accuracy=accuracy(0.6))
    assert found.metrics["accuracy"] == 0.8


def test_nothing_is_learned_of_other_formats_or_of_files_that_do_not_run(start: RunState) -> None:
    other = entry(measured(format_name="onnx"))
    broken = entry(measured(blocks_ms=(), verdict="failed", reason="no such operator"))
    assert trial_of(start, PROPOSAL, [other, broken], measured(4000)) is None
    assert trial_of(start, PROPOSAL, [], measured(4000)) is None
    assert [in_primary_format(start, each) for each in (other, broken)] == [False, False]
    assert in_primary_format(start, entry(measured()))


def test_speedup_is_the_typical_ratio_of_blocks() -> None:
    slow = measured(blocks_ms=tuple((2.0 * n, 2.0 * n) for n in range(1, 9)))
    fast = measured(blocks_ms=tuple((1.0 * n, 1.0 * n) for n in range(1, 9)))
    found = speedup(slow, fast)
    assert found is not None
    assert found[0] == pytest.approx(2.0)
    assert found[1] == pytest.approx((2.0, 2.0))


def test_speedup_of_few_blocks_is_unsure_and_of_none_is_none() -> None:
    few = speedup(measured(blocks_ms=((2.0,),)), measured(blocks_ms=((1.0,),)))
    assert few is not None
    assert few[0] == pytest.approx(2.0)
    assert few[1] == (0.0, float("inf"))
    assert speedup(measured(blocks_ms=()), measured()) is None
    assert speedup(measured(), measured(blocks_ms=())) is None
