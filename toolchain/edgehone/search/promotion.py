"""Widths and precisions that a plan gets where the measured table says that they are free."""

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite, sqrt

from edgehone.search.history import Goal, Tables
from edgehone.search.plan import Option, Plan
from edgehone.search.prediction import axes_of, followed
from edgehone.search.summing import Summing
from edgehone.search.sums import SUMS, Limits, Totals, costs_of


def promoted(tables: Tables, plan: Plan, limits: Limits, goal: Goal) -> Plan:
    """The plan with options that take less away, and are predicted to lose less, wherever they
    cost nothing: one subject after the other, the one that gains most first.

    Then groups that are whole get more channels than they have, where that costs nothing either:
    what it gains is not known, and so no reason to pay anything for it.

    Nothing: what the goal minimises does not rise (the summed cost: by no more than its noise), and
    no limit is passed. Where the goal maximises, no limited sum rises.
    """
    summing = Summing(tables)
    now = summing.totals(plan)
    bounds = free(now, limits, objective_sum(tables, goal), cost_noise(tables, plan))
    while True:
        steps = [(summing.totals(each), each) for each in _alternatives(tables, plan)]
        fitting = [
            (sums, each)
            for sums, each in steps
            if sums.loss < now.loss - 1e-12 and sums.within(bounds) and summing.can_be_had(each)
        ]
        if not fitting:
            return tables.space.effective(_widened(tables, summing, plan, bounds))
        now, plan = min(fitting, key=lambda each: (each[0].loss, each[0].cost))


def _widened(tables: Tables, summing: Summing, plan: Plan, bounds: Limits) -> Plan:
    """The plan with the most that each subject can gain within the bounds, one after the other."""
    for decision in tables.space.decisions:
        for subject in decision.subjects:
            for option in decision.gained(subject, plan.of(decision.NAME)[subject])[::-1]:
                more = _with(plan, decision.NAME, subject, option)
                if summing.totals(more).within(bounds) and summing.can_be_had(more):
                    plan = more
                    break
    return plan


def objective_sum(tables: Tables, goal: Goal) -> str:
    """Which of a plan's sums the goal brings down; "": none."""
    axes = axes_of(tables, goal)
    axis = followed(goal.metric, axes) if goal.minimize else ""
    return axes[axis] if axis else ""


def cost_noise(tables: Tables, plan: Plan) -> float:
    """The share of a plan's cost below which a difference says nothing: the errors of its layers'
    costs, as measuring them again shows them, independent of each other.
    """
    space = tables.space
    pieces = [space.made(layer, plan.choices, plan.default) for layer in space.layers]
    costs = [sum(c or 0.0 for c in costs_of(each, tables.cost, plan.default)) for each in pieces]
    total = tables.totals(plan).cost
    return tables.noise * sqrt(sum(cost * cost for cost in costs)) / total if total else 0.0


def free(now: Totals, limits: Limits, objective: str, noise: float) -> Limits:
    """What a plan may sum to that costs no more than one that sums to `now`. noise: the share of
    the summed cost below which a difference says nothing.
    """
    limited = [name for name in SUMS if isfinite(getattr(limits, name))]
    held = [objective] if objective else limited
    most = {name: getattr(now, name) * (1 + noise * (name == "cost")) for name in held}
    kept = {name: min(most[name], max(getattr(limits, name), getattr(now, name))) for name in held}
    return replace(limits, **kept)


def _alternatives(tables: Tables, plan: Plan) -> Iterator[Plan]:
    """Plans with one subject wider, whole, or in a finer precision."""
    for decision in tables.space.decisions:
        chosen = plan.of(decision.NAME)
        for subject in decision.subjects:
            allowed = decision.allowed(subject, plan.default)
            for option in decision.above(subject, chosen[subject]):
                if option in allowed:
                    yield _with(plan, decision.NAME, subject, option)


def _with(plan: Plan, technique: str, subject: str, option: Option) -> Plan:
    chosen = {**plan.of(technique), subject: option}
    return Plan({**plan.choices, technique: chosen}, plan.default)
