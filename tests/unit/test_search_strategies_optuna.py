"""Optuna's study is made of the run's own trials, and of nothing else."""

import importlib.util
from dataclasses import replace

import optuna
import pytest
from tests import search_worlds as worlds
from tests.search_worlds import limited

from edgehone.errors import ConfigError
from edgehone.search.equal_shares import EqualShares
from edgehone.search.history import Goal, Proposal, Tables, Trial
from edgehone.search.strategies import optuna as drawing
from edgehone.search.strategies.optuna import Optuna

FAST = Goal("latency_p50_ms", True, ())


def asked(tables: Tables, trials: list[Trial], goal: Goal = FAST, seed: int = 0) -> Proposal:
    found = Optuna(seed).ask(tables, trials, goal)
    assert isinstance(found, Proposal)
    return found


def studied(monkeypatch: pytest.MonkeyPatch) -> list[optuna.trial.FrozenTrial]:
    """What the study is told before it is asked."""
    told: list[optuna.trial.FrozenTrial] = []
    add = optuna.study.Study.add_trials

    def recorded(study: optuna.Study, trials: list[optuna.trial.FrozenTrial]) -> None:
        told.extend(trials)
        add(study, trials)

    monkeypatch.setattr(optuna.study.Study, "add_trials", recorded)
    return told


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="needs the package 'optuna'") as caught:
        Optuna()
    assert '".[optuna]"' in caught.value.hint


def test_trials_are_two_objectives_and_what_they_break(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, told = worlds.chain(), studied(monkeypatch)
    trials = worlds.baselines(tables)
    first = asked(tables, trials)
    bad = replace(worlds.measured(tables, first.plan, 0.0), quality=False)
    goal = replace(FAST, budgets=(limited("size_bytes", 2 * bad.metrics["size_bytes"]),))
    gone = asked(tables, trials, seed=1).lost("gone")
    told.clear()
    Optuna().ask(tables, [*trials, bad, gone], goal)
    *starts, measured, lost = told
    assert len(starts) == 2
    assert measured.values == [bad.metrics["latency_p50_ms"], bad.metrics["accuracy_drop"]]
    assert measured.constraints["quality"] == 1.0
    assert measured.constraints["size_bytes"] == pytest.approx(-0.5)
    assert lost.state == optuna.trial.TrialState.FAIL
    assert starts[0].constraints["quality"] == 0.0


def test_a_baseline_outside_of_the_space_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, told = worlds.chain(precisions=("int8",)), studied(monkeypatch)
    asked(tables, worlds.baselines(worlds.chain()))
    assert [trial.params["default"] for trial in told] == ["int8"]


def test_seeds_differ_and_so_do_questions() -> None:
    tables = worlds.chain()
    trials = worlds.baselines(tables)
    assert asked(tables, trials).plan != asked(tables, trials, seed=1).plan
    assert asked(tables, trials).plan != asked(tables, trials[:1]).plan


def test_equal_shares_do_where_no_draw_keeps_the_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "DRAWS", 0)
    tables = worlds.chain()
    trials = worlds.baselines(tables)
    goal = replace(FAST, budgets=(limited("size_bytes", 0.4 * trials[1].metrics["size_bytes"]),))
    first = asked(tables, trials, goal)
    equal = [plan for _, plan in EqualShares.of(tables).rungs[first.plan.default]]
    assert first.plan in equal
    assert first.predicted["size_bytes"] <= goal.budgets[0].limit
    second = asked(tables, [*trials, worlds.measured(tables, first.plan, 0.0)], goal)
    assert second.plan in equal
    assert second.plan != first.plan
