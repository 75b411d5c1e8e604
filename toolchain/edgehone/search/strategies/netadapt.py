"""One subject narrowed at a time, the one that loses least, until the limits are met (NetAdapt)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from edgehone.search.bracketing import bracketed
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Option, Plan
from edgehone.search.space import PRECISION, Space
from edgehone.search.strategies._base import Strategy
from edgehone.search.summing import Summing
from edgehone.search.sums import SUMS, Limits, Totals

Step = tuple[Totals, Plan]


@dataclass(frozen=True)
class NetAdapt(Strategy):
    """Yang et al. 2018, algorithm 1. Every step takes a share off the sum that is furthest over its
    limit: each subject alone goes down its ladder as far as that takes, and the one of least loss
    is kept. Draws nothing.

    The short training of a step's candidates is stood in for by the sensitivity table; what comes
    out is trained in full. first_step: the share that the first step takes off; decay: of each step
    beside the one before. Their ratio 1 : 0.96 is that of the authors' code, which begins with
    0.025 and stops at about a third; 0.05 reaches every limit.
    """

    first_step: float = 0.05
    decay: float = 0.96

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plan of the bracketed objective."""

        def adapted(limits: Limits, default: str) -> Plan | None:
            return self._adapted(tables, limits, default)

        return bracketed(tables, trials, goal, (("", adapted),))

    def _adapted(self, tables: Tables, limits: Limits, default: str) -> Plan | None:
        plan, summing = tables.space.unchanged(default), Summing(tables)
        start = now = summing.totals(plan)
        share = self.first_step
        while (name := _furthest(now, limits)) != "":
            aim = max(getattr(now, name) - share * getattr(start, name), getattr(limits, name))
            found = _narrowed(tables.space, summing, (now, plan), name, aim)
            if found is None:
                return None
            now, plan = found
            share *= self.decay
        return tables.space.effective(plan)


def _furthest(now: Totals, limits: Limits) -> str:
    """The sum that is over its limit by the largest ratio; "": none is."""
    over = {name: _over(getattr(now, name), getattr(limits, name)) for name in SUMS}
    name = max(over, key=lambda each: over[each])
    return name if over[name] > 1 else ""


def _over(value: float, limit: float) -> float:
    """How many times its limit a sum is; at most 1: it keeps it."""
    if not isfinite(limit) or value <= limit:
        return 0.0
    return value / limit if limit > 0 else float("inf")


def _narrowed(space: Space, summing: Summing, step: Step, name: str, aim: float) -> Step | None:
    """The plan with one subject changed that brings a sum down to the aim and loses least; where
    none alone does, that which loses least for what it brings. None: nothing brings it down.
    """
    now, plan = step
    reached: list[Step] = []
    partly: list[tuple[float, Step]] = []
    for other in _subjects(space, plan):
        for each in other:
            sums = summing.totals(each)
            if getattr(sums, name) <= aim:
                reached.append((sums, each))
                break
            saved = getattr(now, name) - getattr(sums, name)
            if saved > 1e-9 * abs(getattr(now, name)):
                partly.append(((sums.loss - now.loss) / saved, (sums, each)))
    if reached:
        return min(reached, key=lambda step: (step[0].loss, getattr(step[0], name)))
    return min(partly, key=lambda pair: pair[0])[1] if partly else None


def _subjects(space: Space, plan: Plan) -> Iterator[Iterator[Plan]]:
    """For every subject but precisions, the plans with it further and further down its ladder."""
    for decision in space.decisions:
        if decision.NAME == PRECISION:
            continue
        chosen = plan.of(decision.NAME)
        for subject in decision.subjects:
            ladder = decision.ladder(subject)
            below = ladder[ladder.index(chosen[subject]) + 1 :]
            yield (_with(plan, decision.NAME, subject, option) for option in below)


def _with(plan: Plan, technique: str, subject: str, option: Option) -> Plan:
    chosen = {**plan.of(technique), subject: option}
    return Plan({**plan.choices, technique: chosen}, plan.default)
