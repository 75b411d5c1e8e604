"""What a search says of its own predictions, and what it does when they were guesses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import search_worlds as worlds

from edgehone.search.accountability import LEAST, account_of
from edgehone.search.history import Goal, Proposal, Tables, Trial
from edgehone.search.strategies.allocate import RANDOM, UNIFORM, Allocate
from edgehone.stats import spearman

FAST = Goal("latency_p50_ms", True, ())


def trials(losses: Sequence[float], drops: Sequence[float]) -> list[Trial]:
    """Candidates with these predicted losses and found drops."""
    tables = worlds.chain()
    start = worlds.measured(tables, tables.space.unchanged("int8"), 0.1)
    return [
        replace(
            start,
            sums=replace(start.sums, loss=loss),
            metrics={"accuracy_drop": drop, "latency_p50_ms": 1.0 + number},
            predicted={"latency_p50_ms": 1.04 * (1 + number), "size_bytes": 100.0},
        )
        for number, (loss, drop) in enumerate(zip(losses, drops, strict=True))
    ]


def slow_ranks(values: Sequence[float]) -> list[float]:
    """The mean place among the sorted values."""
    ordered = sorted(values)
    return [
        np.mean([place for place, other in enumerate(ordered, 1) if other == value]).item()
        for value in values
    ]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_spearman_is_the_correlation_of_mean_ranks(pairs: list[tuple[int, int]]) -> None:
    first, second = ([float(pair[n]) for pair in pairs] for n in (0, 1))
    found = spearman(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert found is None
        return
    assert found == pytest.approx(np.corrcoef(slow_ranks(first), slow_ranks(second))[0, 1])


def test_spearman_of_nothing_is_not_known() -> None:
    assert spearman([], []) is None
    assert spearman([1.0], [2.0]) is None


def test_errors_are_told_by_metric() -> None:
    found = account_of(trials([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]))
    assert found.candidates == 4
    assert found.rank_correlation == pytest.approx(1.0)
    (error,) = found.errors
    assert (error.metric, error.candidates) == ("latency_p50_ms", 4)
    assert error.mean == pytest.approx(0.04)
    assert (error.within_5, error.within_10) == (1.0, 1.0)


def test_shares_end_at_5_and_10_percent() -> None:
    made = trials([1, 2, 3, 4], [1, 2, 3, 4])
    off = [
        replace(each, metrics={"latency_p50_ms": each.predicted["latency_p50_ms"] / factor})
        for each, factor in zip(made, (0.97, 1.06, 1.2, 0.8), strict=True)
    ]
    (error,) = account_of(off).errors
    assert (error.within_5, error.within_10) == (0.25, 0.5)
    assert account_of(off).rank_correlation is None


def test_baselines_and_lost_candidates_do_not_count() -> None:
    tables = worlds.chain()
    proposal = Allocate().ask(tables, worlds.baselines(tables), FAST)
    assert isinstance(proposal, Proposal)
    found = account_of([*worlds.baselines(tables), proposal.lost("gone")])
    assert (found.candidates, found.rank_correlation, found.errors) == (0, None, ())


@pytest.mark.parametrize(
    ("drops", "guessing"),
    [
        ([0.1, 0.2, 0.3, 0.4], False),
        ([0.1, 0.3, 0.2, 0.4], False),
        ([0.4, 0.3, 0.2, 0.1], True),
        ([0.2, 0.4, 0.1, 0.3], True),
        ([0.4, 0.3, 0.2], False),
        ([0.2, 0.2, 0.2, 0.2], False),
    ],
)
def test_a_search_guesses_where_losses_come_in_another_order(
    drops: list[float], guessing: bool
) -> None:
    assert account_of(trials(range(len(drops)), drops)).guessing is guessing


def test_files_that_were_not_trained_are_ranked_alone() -> None:
    """Training makes up for what was taken away, and more: candidates of two kinds."""
    tables = worlds.chain()
    whole = tables.space.unchanged("int8")
    (start, *_) = worlds.baselines(tables)
    narrow = replace(start.plan, choices={**whole.choices, "prune_channels": {"a": 8}})
    plain, *trained = (
        replace(each, plan=narrow if number else whole)
        for number, each in enumerate(trials([0, 1, 2, 3, 4], [0.9, 0.1, 0.2, 0.3, 0.4]))
    )
    found = account_of([start, plain, *trained])
    assert (found.candidates, found.ranked) == (5, 4)
    assert found.rank_correlation == pytest.approx(1.0)
    assert account_of([start, plain, plain, plain]).ranked == 3


def misled(tables: Tables) -> list[Trial]:
    """Two rounds whose candidates lost the less, the more was predicted."""
    found, _ = worlds.run(tables, FAST, 2)
    made = [
        replace(worlds.measured(tables, each.plan, each.target), predicted=each.predicted)
        for each in found
    ]
    return [
        *worlds.baselines(tables),
        *(replace(t, metrics={**t.metrics, "accuracy_drop": 1 - t.sums.loss / 9}) for t in made),
    ]


def labels(strategy: Allocate, tables: Tables, known: list[Trial]) -> list[str]:
    found = strategy.ask(tables, known, FAST)
    assert isinstance(found, Proposal)
    assert all(each.target == found.target for each in found.members)
    return [each.label for each in found.members]


def test_a_search_that_guesses_tries_equal_and_random_widths() -> None:
    tables = worlds.chain()
    known = misled(tables)
    assert account_of(known).candidates == LEAST
    assert labels(Allocate(), tables, known) == [UNIFORM, *(f"{RANDOM}-{n}" for n in (1, 2, 3))]
    assert labels(Allocate(doubt=False), tables, known) == ["", UNIFORM]
    one, two = (Allocate(seed=n).ask(tables, known, FAST) for n in (0, 1))
    assert isinstance(one, Proposal)
    assert isinstance(two, Proposal)
    assert one.halving
    assert one.plan == two.plan
    assert one.members[1].plan != two.members[1].plan
