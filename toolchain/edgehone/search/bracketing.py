"""The objective brought down step by step, with any way to find a plan within limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from edgehone.search.bracket import Asked, next_target
from edgehone.search.correction import Line
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.prediction import axes_of, corrections, followed, limits_of, predict
from edgehone.search.sums import Limits

Solve = Callable[[Limits, str], Plan | None]
"""(limits, default precision of the file) -> the plan to build; None: there is none."""

Ways = tuple[tuple[str, Solve], ...]
"""Ways to find a plan for the same limits, each after its label; "": the strategy's own."""

NONE_WITHIN = "no choice of channels, ranks and precisions is within the budgets"


@dataclass(frozen=True)
class Bracketing:
    """One question to a strategy: what is known, what is wanted, and how plans are found.

    ways: each has a member in every round; a target counts as kept when one member kept it.
    fall: the least share of what was kept that is asked for next. halving: what is found for one
    target is trained by successive halving.
    """

    tables: Tables
    trials: Sequence[Trial]
    goal: Goal
    ways: Ways
    axes: Mapping[str, str]
    lines: Mapping[str, Line]
    fall: float = 0.0
    halving: bool = False

    def next(self) -> Proposal | Stop:
        """The next plan: least predicted loss within the corrected budgets and the target.

        Minimising: the target is a value of the objective, bisected between what kept the quality
        budgets and what did not. Maximising: the budgets alone are the limits, corrected after
        every round.
        """
        if not self.tables.space.defaults:
            return Stop("the precisions to choose from hold none that a whole file can have")
        if whole := self._whole_file():
            return whole
        axis = followed(self.goal.metric, self.axes) if self.goal.minimize else ""
        if not axis:
            return self._within_budgets()
        lowest, highest = self._range(axis)
        asked = [Asked(t.target, t.quality) for t in self.trials if t.target]
        while (target := next_target(asked, lowest, highest, self.fall)) is not None:
            members = self._members({axis: target}, target=target)
            if not members:
                return Stop(NONE_WITHIN)
            known = [trial for each in members if (trial := self._built(each))]
            new = [each for each in members if not self._built(each)]
            kept = any(trial.quality for trial in known)
            if new and not kept:
                return self._round(new)
            # What was built already answers this question too; ask the next one.
            asked.append(Asked(target, kept))
        return Stop("the objective cannot be brought down further within the budgets")

    def _within_budgets(self) -> Proposal | Stop:
        """The next plan where the budgets alone are the limits."""
        members = self._members({}, target=0.0)
        if not members:
            return Stop(NONE_WITHIN)
        new = [each for each in members if not self._built(each)]
        if new:
            return self._round(new)
        known = self._built(members[0])
        if known and known.lost:
            return Stop(f"the best plan could not be measured: {known.lost}")
        return Stop("the best plan has been built and measured already")

    def _round(self, members: Sequence[Proposal]) -> Proposal:
        first, *others = members
        return replace(first, beside=tuple(others), halving=self.halving and bool(others))

    def _whole_file(self) -> Proposal | None:
        """Where much of a file lies beside the space: the model as it is, in each precision that
        has not been measured yet.
        """
        limits = limits_of(self.goal, self.trials, self.lines, {}, self.axes)
        for default in self.tables.rest:
            plan = self.tables.space.unchanged(default)
            sums = self.tables.totals(plan)
            if not any(t.plan == plan for t in self.trials) and sums.within(limits):
                return Proposal(plan, sums, 0.0, predict(sums, self.trials, self.lines, self.axes))
        return None

    def _members(self, asked: Mapping[str, float], *, target: float) -> list[Proposal]:
        """What each way finds for the target, every plan once."""
        limits = limits_of(self.goal, self.trials, self.lines, asked, self.axes)
        found: list[Proposal] = []
        for label, solve in self.ways:
            each = self._solved(solve, limits, target)
            if each and all(each.plan != other.plan for other in found):
                found.append(replace(each, label=label))
        return found

    def _solved(self, solve: Solve, limits: Limits, target: float) -> Proposal | None:
        tables = self.tables
        found = [
            (tables.totals(plan), plan)
            for default in tables.space.defaults
            if (plan := solve(limits, default))
        ]
        if not found:
            return None
        sums, plan = min(found, key=lambda pair: (pair[0].loss, pair[0].cost))
        predicted = predict(sums, self.trials, self.lines, self.axes)
        return Proposal(plan, sums, target, predicted)

    def _built(self, found: Proposal) -> Trial | None:
        """The earlier trial of the plan that was found."""
        built = (t for t in self.trials if t.target is not None and t.plan == found.plan)
        return next(built, None)

    def _range(self, axis: str) -> tuple[float, float]:
        """Least and largest values of the objective worth asking for, in measured units.

        Largest: the best that was measured without pruning, or what is predicted of it. Least: all
        at its smallest, in whichever precision sums lowest.
        """
        line, space = self.lines[axis], self.tables.space
        least = [self._sum(space.smallest(default), axis) for default in space.defaults]
        whole = [self._sum(space.unchanged(default), axis) for default in space.defaults]
        known = [t.metrics[axis] for t in self.trials if axis in t.metrics and t.target is None]
        highest = min(known or [line.forward(total) for total in whole])
        lowest = max(line.forward(min(least)), 0.02 * highest)
        return min(lowest, highest), highest

    def _sum(self, plan: Plan, axis: str) -> float:
        tables = self.tables
        sums = tables.totals(plan)
        return float(getattr(sums, self.axes[axis]))


def bracketed(
    tables: Tables,
    trials: Sequence[Trial],
    goal: Goal,
    ways: Ways,
    fall: float = 0.0,
    *,
    halving: bool = False,
) -> Proposal | Stop:
    """The next plans of a strategy that knows ways to find one within limits."""
    axes = axes_of(tables, goal)
    lines = corrections(trials, axes)
    return Bracketing(tables, trials, goal, ways, axes, lines, fall, halving).next()
