"""Plans with equal shares, and the members of a round that come of them."""

from dataclasses import replace

import pytest
from tests import search_worlds as worlds
from tests.search_worlds import limited

from edgehone.search.equal_shares import EqualShares, plans
from edgehone.search.history import Goal, Proposal, Tables, Trial
from edgehone.search.plan import Losses, Plan
from edgehone.search.strategies.allocate import UNIFORM, Allocate
from edgehone.search.sums import Limits

FAST = Goal("latency_p50_ms", True, ())


def asked(tables: Tables, trials: list[Trial], goal: Goal = FAST, **settings: bool) -> Proposal:
    found = Allocate(**settings).ask(tables, trials, goal)
    assert isinstance(found, Proposal)
    return found


def shares(tables: Tables, plan: Plan) -> list[float]:
    options = tables.space.decisions[0].subjects
    kept = plan.of("prune_channels")
    return [int(kept[name]) / int(several[0]) for name, several in options.items()]


def test_widths_alone_leave_ranks_whole() -> None:
    tables = worlds.mixed(0)
    found = EqualShares.of(tables, widths_alone=True)
    assert set(found.rungs) == set(tables.space.defaults)
    for rungs in found.rungs.values():
        assert len(rungs) > 1
        assert all(set(plan.of("factorize").values()) == {0} for _, plan in rungs)


def test_a_space_without_widths_has_equal_shares_of_what_there_is() -> None:
    tables = worlds.mixed(0)
    space = replace(tables.space, decisions=tables.space.decisions[1:])
    found = EqualShares.of(replace(tables, space=space), widths_alone=True)
    ranks = {plan.of("factorize")["mid"] for _, plan in found.rungs["int8"]}
    assert len(ranks) > 1


def test_every_plan_is_there_once_and_the_best_is_the_widest_that_fits() -> None:
    tables = worlds.chain()
    several = list(plans(tables.space, "int8", ["prune_channels"]))
    assert all(several.count(plan) == 1 for plan in several)
    sums = [tables.totals(plan) for plan in several]
    limit = sorted(each.cost for each in sums)[len(sums) // 2]
    best = EqualShares.of(tables).best(Limits(cost=limit), "int8")
    assert best is not None
    fitting = [each.loss for each in sums if each.cost <= limit]
    assert tables.totals(best).loss == min(fitting)


def test_a_round_has_equally_narrow_widths_beside_it_for_the_same_target() -> None:
    tables = worlds.chain()
    found = asked(tables, worlds.baselines(tables))
    own, equal = found.members
    assert (own.label, equal.label) == ("", UNIFORM)
    assert own.target == equal.target > 0
    assert max(shares(tables, equal.plan)) - min(shares(tables, equal.plan)) <= 0.2
    assert own.sums.loss <= equal.sums.loss
    for each in (own, equal):
        assert each.predicted["latency_p50_ms"] <= each.target * 1.01


@pytest.mark.parametrize("metric", ["size_bytes", "latency_p50_ms"])
def test_both_members_are_predicted_to_keep_the_budgets(metric: str) -> None:
    tables = worlds.chain()
    start = worlds.baselines(tables)
    goal = Goal("accuracy", False, (limited(metric, 0.6 * start[1].metrics[metric]),))
    found = asked(tables, start, goal)
    assert len(found.members) == 2
    assert all(each.predicted[metric] <= goal.budgets[0].limit for each in found.members)


def test_a_round_without_it_has_one_member() -> None:
    tables = worlds.chain()
    assert asked(tables, worlds.baselines(tables), uniform=False).beside == ()


def test_one_plan_is_one_member_when_both_ways_find_it() -> None:
    """All losses equal per channel and one group alone: nothing to choose between."""
    tables = worlds.wide()
    only = replace(tables.space.decisions[0], subjects={"g0": (64, 48, 32, 16)})
    layer = replace(tables.space.layers[0], inputs={}, output="g0", fixed_inputs=192)
    space = replace(tables.space, decisions=(only, *tables.space.decisions[1:]), layers=(layer,))
    one = Tables(space, Losses({"prune_channels": {"g0": {48: 1.0, 32: 2.0}}}), worlds.cost)
    start = [worlds.measured(one, one.space.unchanged("int8"), None)]
    assert len(asked(one, start).members) == 1


def test_a_target_is_kept_when_one_member_keeps_it() -> None:
    """Sensitivities that mislead: the equal widths keep the quality where the program's do not."""
    tables = worlds.chain()
    trials = worlds.baselines(tables)
    first = asked(tables, trials)
    for each in first.members:
        found = worlds.measured(tables, each.plan, each.target)
        trials.append(replace(found, quality=each.label == UNIFORM))
    second = asked(tables, trials)
    assert second.target < first.target
    lost = [replace(trial, quality=False) if trial.target else trial for trial in trials]
    assert asked(tables, lost).target > first.target


def test_no_member_is_built_twice() -> None:
    tables = worlds.chain()
    found, _ = worlds.run(tables, FAST, 12)
    built = [each.plan for each in found]
    assert all(built.count(plan) == 1 for plan in built)
    assert {each.label for each in found} == {"", UNIFORM}
