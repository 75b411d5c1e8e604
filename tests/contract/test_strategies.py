"""What every search strategy promises, and that one is added without touching the package."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import search_worlds as worlds
from tests.search_worlds import Layer, limited

from edgehone.errors import ConfigError
from edgehone.search import strategies
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.recipes import layer_rows, recipe_of
from edgehone.search.space import Space
from edgehone.search.strategies import PACKAGE
from edgehone.search.strategies._base import Strategy
from edgehone.system import variants
from edgehone.values import LayerSpec

NAMES = variants.names(PACKAGE, Strategy)
FAST = Goal("latency_p50_ms", True, ())
ACCURATE = Goal("accuracy", False, (limited("size_bytes", 40_000),))
GOALS = {
    "fast": FAST,
    "small when packed": Goal("compressed_bytes", True, ()),
    "accurate": ACCURATE,
    "fast within a size": replace(FAST, budgets=(limited("size_bytes", 60_000),)),
}
WORLDS: dict[str, Callable[[], Tables]] = {
    "chain": worlds.chain,
    "mixed": lambda: worlds.mixed(0),
    "wide": worlds.wide,
}
ROUNDS = 5


def strategy(name: str, seed: int = 0) -> Strategy:
    return variants.load(PACKAGE, Strategy, name)(seed)


def empty() -> Tables:
    """A model without a layer that a device's cost table can hold."""
    tables = worlds.chain()
    return replace(tables, space=worlds.space_of({}, (), ("int8", "float32")))


def tiny() -> Tables:
    """A space of two groups of two sizes, in one precision."""
    groups = {"a": (16, 8), "b": (16, 8)}
    spec = LayerSpec("conv", 8, 8, 16, 16, (3, 3))
    layers = (Layer("one", spec, {"a": 1}, 0, "b"), Layer("two", spec, {"b": 1}, 0, "a"))
    space = worlds.space_of(groups, layers, ("int8",))
    losses = {name: {16: 0.0, 8: 0.2 + 0.1 * i} for i, name in enumerate(groups)}
    return Tables(space, worlds.losses_of(losses, {}, {}), worlds.cost)


def inside(plan: Plan, space: Space) -> bool:
    """Whether a plan decides everything there is to decide, and nothing else."""
    for decision in space.decisions:
        chosen = plan.of(decision.NAME)
        if set(chosen) != set(decision.subjects):
            return False
        if any(o not in decision.allowed(name, plan.default) for name, o in chosen.items()):
            return False
    return plan.default in space.defaults


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_proposes_new_plans_of_the_space(name: str, world: str, goal: str) -> None:
    tables = WORLDS[world]()
    found, _ = worlds.run(tables, GOALS[goal], ROUNDS, strategy(name))
    plans = [each.plan for each in found]
    assert all(inside(plan, tables.space) for plan in plans)
    assert all(plan == tables.space.effective(plan) for plan in plans)
    assert all(plans.count(plan) == 1 for plan in plans)


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_finds_something_faster(name: str) -> None:
    found, _ = worlds.run(worlds.chain(), FAST, ROUNDS, strategy(name))
    whole = worlds.baselines(worlds.chain())[1].sums.cost
    assert min(each.sums.cost for each in found) < whole


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_answers_the_same_for_a_seed_and_a_history(name: str) -> None:
    tables = worlds.mixed(1)
    for seed in (0, 7):
        first, second = (worlds.run(tables, FAST, ROUNDS, strategy(name, seed)) for _ in "ab")
        assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_stops_when_the_space_is_used_up(name: str) -> None:
    for goal in GOALS.values():
        found, reason = worlds.run(tiny(), goal, 20, strategy(name))
        assert reason
        assert len(found) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_survives_an_empty_space(name: str) -> None:
    for goal in GOALS.values():
        found, reason = worlds.run(empty(), goal, 20, strategy(name))
        assert reason
        assert len(found) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_stops_where_no_whole_file_can_be_made(name: str) -> None:
    tables = worlds.chain(precisions=("int8x4",))
    assert isinstance(strategy(name).ask(tables, worlds.baselines(worlds.chain()), FAST), Stop)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_needs_no_more_than_one_trial(name: str, count: int) -> None:
    tables = worlds.chain()
    for goal in GOALS.values():
        found = strategy(name).ask(tables, worlds.baselines(tables)[:count], goal)
        assert isinstance(found, Stop) or inside(found.plan, tables.space)


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_stops_when_no_plan_keeps_the_budgets(name: str) -> None:
    tables = worlds.chain()
    for goal in (FAST, ACCURATE):
        impossible = replace(goal, budgets=(limited("size_bytes", 10),))
        found = strategy(name).ask(tables, worlds.baselines(tables), impossible)
        assert isinstance(found, Stop)
        assert "budgets" in found.reason


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_never_repeats_a_plan_that_was_lost(name: str, goal: str) -> None:
    tables = worlds.chain()
    trials = worlds.baselines(tables)
    lost: list[Plan] = []
    for _ in range(ROUNDS):
        found = strategy(name).ask(tables, trials, GOALS[goal])
        if isinstance(found, Stop):
            break
        assert found.plan not in lost
        lost.append(found.plan)
        trials.append(found.lost("the device crashed"))
    assert lost


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_goes_on_when_nothing_keeps_the_quality(name: str, goal: str) -> None:
    tables = worlds.chain()
    trials = worlds.baselines(tables)
    for _ in range(ROUNDS):
        found = strategy(name).ask(tables, trials, GOALS[goal])
        if isinstance(found, Stop):
            break
        for each in found.members:
            assert inside(each.plan, tables.space)
            assert all(each.plan != trial.plan for trial in trials if trial.target is not None)
            made = worlds.measured(tables, each.plan, each.target)
            trials.append(replace(made, quality=False))
    assert len(trials) > 2


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_takes_up_a_history_where_it_was_left(name: str) -> None:
    """Another object of it, asked in the middle of a run, answers as the run did."""
    tables = worlds.mixed(2)
    trials, answers = worlds.baselines(tables), list[tuple[int, Proposal | Stop]]()
    for _ in range(3):
        found = strategy(name, 5).ask(tables, trials, FAST)
        answers.append((len(trials), found))
        if isinstance(found, Proposal):
            trials += [worlds.measured(tables, each.plan, each.target) for each in found.members]
    for known, answer in reversed(answers):
        assert strategy(name, 5).ask(tables, tuple(trials[:known]), FAST) == answer


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize("metric", ["size_bytes", "latency_p50_ms", "peak_memory_bytes"])
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_honours_a_budget_that_the_tables_can_tell(
    name: str, metric: str, share: float
) -> None:
    tables = worlds.chain()
    budget = limited(metric, share * worlds.baselines(tables)[0].metrics[metric])
    for goal in (replace(FAST, budgets=(budget,)), replace(ACCURATE, budgets=(budget,))):
        found, _ = worlds.run(tables, goal, 3, strategy(name))
        assert found
        for each in found:
            assert each.predicted[metric] <= budget.limit * (1 + 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), which=st.sampled_from(sorted(GOALS)), share=st.floats(0.3, 1.2))
def test_a_strategy_keeps_its_promises_in_any_space(
    name: str, seed: int, which: str, share: float
) -> None:
    tables, goal = worlds.drawn(seed), GOALS[which]
    start = worlds.baselines(tables)
    size = limited("size_bytes", share * start[0].metrics["size_bytes"])
    goal = replace(goal, budgets=tuple(size for _ in goal.budgets))
    found, _ = worlds.run(tables, goal, 3, strategy(name, seed))
    assert worlds.run(tables, goal, 3, strategy(name, seed))[0] == found
    for number, each in enumerate(found):
        assert inside(each.plan, tables.space)
        assert tables.can_be_had(each.plan)
        assert each.plan == tables.space.effective(each.plan)
        assert each.sums == tables.totals(each.plan)
        assert all(each.plan != other.plan for other in found[:number])
        recipe = recipe_of(each.plan, tables.space, {"epochs": 1})
        assert recipe.precision.default == each.plan.default
        assert [row["name"] for row in layer_rows(each.plan, tables.space)]
        assert all(each.predicted["size_bytes"] <= b.limit * (1 + 1e-6) for b in goal.budgets)


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_leaves_its_history_alone(name: str) -> None:
    tables = worlds.chain()
    trials = tuple(worlds.baselines(tables))
    strategy(name).ask(tables, trials, FAST)
    assert trials == tuple(worlds.baselines(tables))


def test_random_draws_depend_on_the_seed() -> None:
    one, two = (worlds.run(worlds.chain(), FAST, 1, strategy("random", s))[0] for s in (0, 1))
    assert one != two


def test_uniform_takes_the_same_share_of_every_group() -> None:
    found, _ = worlds.run(worlds.chain(), FAST, ROUNDS, strategy("uniform"))
    for each in found:
        kept = each.plan.of("prune_channels")
        shares = [int(kept[g]) / n for g, n in (("g0", 32), ("g1", 32), ("g2", 64), ("g3", 64))]
        assert max(shares) - min(shares) <= 0.2
        assert len(set(each.plan.of("precision").values())) == 1


OWN = '''
from edgehone.search.history import Proposal, Stop
from edgehone.search.strategies._base import Strategy


class Halves(Strategy):
    """Half of every group, once."""

    def ask(self, tables, trials, goal):
        if any(trial.target is not None for trial in trials):
            return Stop("one was enough")
        plan = tables.space.unchanged(tables.space.precisions[0])
        groups = tables.space.decisions[0].subjects
        half = {name: options[len(options) // 2] for name, options in groups.items()}
        plan.choices["prune_channels"].update(half)
        return Proposal(plan, tables.totals(plan), 0.0, {})
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder outside of the package with a strategy in it."""
    (tmp_path / "halves.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("halves", f"{PACKAGE}.halves"):
        sys.modules.pop(name, None)


def rounds(chosen: Strategy) -> tuple[Sequence[Proposal], str]:
    tables = worlds.chain()
    found, reason = worlds.run(tables, FAST, ROUNDS, chosen)
    assert [inside(each.plan, tables.space) for each in found] == [True]
    return found, reason


def test_a_file_in_the_folder_is_a_strategy(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(own)])
    assert variants.names(PACKAGE, Strategy) == sorted([*NAMES, "halves"])
    assert rounds(strategy("halves"))[1] == "one was enough"


@pytest.mark.usefixtures("own")
def test_a_class_of_the_users_is_a_strategy() -> None:
    assert rounds(strategy("python:halves:Halves"))[1] == "one was enough"


def test_what_is_no_strategy_is_refused(own: Path) -> None:
    (own / "halves.py").write_text("def ask(tables, trials, goal): ...\n")
    with pytest.raises(ConfigError, match="python:halves:ask is not a Strategy"):
        strategy("python:halves:ask")


def test_a_lost_trial_says_why() -> None:
    found, _ = worlds.run(worlds.chain(), FAST, 1)
    trial: Trial = found[0].lost("no file")
    assert (trial.lost, trial.quality, trial.metrics) == ("no file", False, {})
