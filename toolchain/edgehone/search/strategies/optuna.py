"""Optuna's multi-objective search over the same space: what it costs against how much it loses."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from edgehone.errors import ConfigError
from edgehone.search.decisions._base import Decision
from edgehone.search.equal_shares import EqualShares
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Option, Plan
from edgehone.search.prediction import axes_of, corrections, followed, limits_of, predict
from edgehone.search.space import Space
from edgehone.search.strategies._base import Strategy
from edgehone.search.sums import SUMS, Totals
from edgehone.system import installing

DRAWS, HEARD = 60, 20
"""Draws of one question after which equal shares have to do, and how many of those over a budget
the study hears of: with every trial it takes longer to draw.
"""

DEFAULT = "default"
"""The parameter that stands for the file's precision."""


@dataclass(frozen=True)
class Optuna(Strategy):
    """A tree-structured Parzen estimator for two objectives (Bergstra et al. 2011; Ozaki et al.
    2022), whose study is made anew of the trials for every question, so that it needs no storage of
    its own.

    Draws that are predicted to pass a budget are not built; the study hears what is predicted of
    the first of them. Where no draw keeps the budgets, equal shares do. startup: candidates that
    are drawn at random first.
    """

    startup: int = 4

    def __post_init__(self) -> None:
        if importlib.util.find_spec("optuna") is None:
            raise ConfigError(
                "The strategy 'optuna' needs the package 'optuna', which is not installed.",
                f"Install it: {installing.command('optuna')}.",
            )

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The first draw that is new and predicted to keep the budgets."""
        if not tables.space.defaults:
            return Stop("the precisions to choose from hold none that a whole file can have")
        asked = _Question(tables, trials, goal)
        study = self._study(len(trials))
        study.add_trials([past for trial in trials if (past := asked.past(trial)) is not None])
        built = [trial.plan for trial in trials if trial.target is not None]
        for number in range(DRAWS):
            draw = study.ask()
            plan = tables.space.effective(_drawn(draw, tables.space))
            sums = tables.totals(plan)
            new = plan not in built and tables.can_be_had(plan)
            if new and sums.within(asked.limits):
                return Proposal(plan, sums, 0.0, asked.predicted(sums))
            study.tell(draw, state=_optuna().trial.TrialState.FAIL)
            if new and number < HEARD:
                study.add_trial(asked.unbuilt(draw, sums))
        return asked.equal_shares(tables, built)

    def _study(self, trials: int) -> Any:
        """An empty study. trials: how many there are so far: no two questions draw alike."""
        seed = int(np.random.SeedSequence([self.seed, trials]).generate_state(1)[0])
        sampler = _optuna().samplers.TPESampler(seed=seed, n_startup_trials=self.startup)
        return _optuna().create_study(directions=["minimize", "minimize"], sampler=sampler)


class _Question:
    """Trials and predictions as Optuna's: two objectives, what a plan costs and what it loses, and
    constraints, which are broken above 0.
    """

    def __init__(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> None:
        self.space, self.trials, self.goal = tables.space, trials, goal
        self.axes = axes_of(tables, goal)
        self.lines = corrections(trials, self.axes)
        self.limits = limits_of(goal, trials, self.lines, {}, self.axes)
        self.resource = _resource(goal, self.axes)

    def predicted(self, sums: Totals) -> Mapping[str, float]:
        """By metric."""
        return predict(sums, self.trials, self.lines, self.axes)

    def past(self, trial: Trial) -> Any | None:
        """A trial of the run; None for a plan outside of the space, as a baseline can have."""
        found = _params(trial.plan, self.space)
        if found is None:
            return None
        params, distributions = found
        create, states = _optuna().trial.create_trial, _optuna().trial.TrialState
        if trial.lost:
            return create(state=states.FAIL, params=params, distributions=distributions)
        over = {"quality": 0.0 if trial.quality else 1.0}
        for budget in self.goal.budgets:
            if budget.bound == "max" and budget.limit > 0 and budget.metric in trial.metrics:
                over[budget.metric] = trial.metrics[budget.metric] / budget.limit - 1
        return create(
            values=self._values({**self.predicted(trial.sums), **trial.metrics}, trial.sums),
            params=params,
            distributions=distributions,
            constraints=over,
        )

    def unbuilt(self, draw: Any, sums: Totals) -> Any:
        """A draw over the budgets, with what is predicted of it."""
        over = {
            name: getattr(sums, name) / max(limit, 1e-12) - 1
            for name in SUMS
            if isfinite(limit := getattr(self.limits, name))
        }
        return _optuna().trial.create_trial(
            values=self._values(self.predicted(sums), sums),
            params=draw.params,
            distributions=draw.distributions,
            constraints=over,
        )

    def equal_shares(self, tables: Tables, built: Sequence[Plan]) -> Proposal | Stop:
        """Where draws find nothing: the best of the plans with equal shares that is new."""
        rungs = [rung for several in EqualShares.of(tables).rungs.values() for rung in several]
        fitting = [
            (sums, plan) for sums, plan in rungs if sums.within(self.limits) and plan not in built
        ]
        if not fitting:
            return Stop(f"{DRAWS} draws gave no further plan within the budgets")
        sums, plan = min(fitting, key=lambda each: (each[0].loss, each[0].cost))
        return Proposal(plan, sums, 0.0, self.predicted(sums))

    def _values(self, metrics: Mapping[str, float], sums: Totals) -> tuple[float, float]:
        """The drop of the task's metric; the summed loss until a trial has shown a drop."""
        known = "accuracy_drop" in self.predicted(sums)
        return metrics[self.resource], metrics["accuracy_drop"] if known else sums.loss


def _resource(goal: Goal, axes: Mapping[str, str]) -> str:
    """The axis metric that is to be small beside the loss: the objective's or that of the first
    limit.
    """
    wanted = [goal.metric] if goal.minimize else []
    wanted += [budget.metric for budget in goal.budgets if budget.bound == "max"]
    return next((axis for metric in wanted if (axis := followed(metric, axes))), next(iter(axes)))


def _drawn(draw: Any, space: Space) -> Plan:
    """A plan as Optuna suggests it."""
    default = str(draw.suggest_categorical(DEFAULT, list(space.defaults)))
    choices: dict[str, dict[str, Option]] = {}
    for decision in space.decisions:
        chosen = choices.setdefault(decision.NAME, {})
        for subject in decision.subjects:
            name, options = _parameter(decision, subject, default)
            chosen[subject] = options[0]
            if len(options) > 1:
                chosen[subject] = options[draw.suggest_int(name, 0, len(options) - 1)]
    return Plan(choices, default)


def _params(plan: Plan, space: Space) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What Optuna would have suggested, and out of what; None for a plan outside of the space."""
    distribution = _optuna().distributions
    if plan.default not in space.defaults:
        return None
    params: dict[str, Any] = {DEFAULT: plan.default}
    distributions = {DEFAULT: distribution.CategoricalDistribution(list(space.defaults))}
    for decision in space.decisions:
        for subject in decision.subjects:
            name, options = _parameter(decision, subject, plan.default)
            if plan.of(decision.NAME).get(subject) not in options:
                return None
            if len(options) > 1:
                params[name] = options.index(plan.of(decision.NAME)[subject])
                distributions[name] = distribution.IntDistribution(0, len(options) - 1)
    return params, distributions


def _parameter(decision: Decision, subject: str, default: str) -> tuple[str, tuple[Option, ...]]:
    """The name of a parameter, and the options that its numbers stand for, from the one that leaves
    all as it is to the one that takes most away; by file precision where that makes a difference.
    """
    ladder, allowed = decision.ladder(subject), decision.allowed(subject, default)
    name = f"{decision.NAME}/{subject}"
    if set(allowed) == set(ladder):
        return name, ladder
    return f"{default}/{name}", allowed


def _optuna() -> Any:
    """The package, which reports no trial of its own."""
    package = importlib.import_module("optuna")
    package.logging.set_verbosity(package.logging.ERROR)
    return package
