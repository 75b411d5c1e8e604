"""Which entry of a run wins: the best that keeps all budgets, a baseline included."""

from pathlib import Path

import pytest
from tests import run_parts
from tests.run_parts import entry, measured

from edgehone.run.context import RunContext
from edgehone.run.document import unproven_of, winner_of
from edgehone.run.state import Entry, Round, RunState


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return run_parts.context(tmp_path)


def rounds(*entries: Entry) -> list[Round]:
    return [Round(number, 0.0, (each,)) for number, each in enumerate(entries, 1)]


def begun(context: RunContext, *baselines: Entry) -> RunState:
    return run_parts.state(context, *baselines)


def test_the_smallest_entry_that_keeps_the_budgets_wins(context: RunContext) -> None:
    big, small = entry(measured(900)), entry(measured(500))
    failed, unsure = entry(measured(100), "fail"), entry(measured(200), "inconclusive")
    start = begun(context, entry(measured(4000)))
    assert winner_of(start, rounds(big, failed, small, unsure)) is small
    assert winner_of(start, rounds(small, big)) is small


def test_a_baseline_wins_where_no_candidate_is_better(context: RunContext) -> None:
    baseline = entry(measured(300), number=0)
    assert winner_of(begun(context, baseline), rounds(entry(measured(900)))) is baseline
    assert winner_of(begun(context, baseline), []) is baseline


def test_nobody_wins_where_nothing_keeps_the_budgets(context: RunContext) -> None:
    start = begun(context, entry(measured(4000), "fail"))
    assert winner_of(start, rounds(entry(measured(100), "fail"))) is None
    assert winner_of(begun(context), []) is None


def test_of_equals_the_first_candidate_wins(context: RunContext) -> None:
    one, two = entry(measured(500)), entry(measured(500))
    assert winner_of(begun(context, entry(measured(500))), rounds(one, two)) is one


def test_an_entry_without_a_value_of_the_objective_does_not_win(tmp_path: Path) -> None:
    config = run_parts.settings(objective={"minimize": "latency_p50_ms"})
    context = run_parts.context(tmp_path, config)
    quiet, timed = entry(measured(100, blocks_ms=())), entry(measured(900))
    assert winner_of(begun(context), rounds(quiet, timed)) is timed


def test_the_best_unproven_entry_is_told_only_where_nothing_wins(context: RunContext) -> None:
    unsure, other = (entry(measured(size), "inconclusive") for size in (200, 300))
    assert unproven_of(begun(context), rounds(other, unsure)) is unsure
    assert unproven_of(begun(context), rounds(other, unsure, entry(measured(900)))) is None
    assert unproven_of(begun(context), rounds(entry(measured(100), "fail"))) is None
