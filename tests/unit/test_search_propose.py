"""The loop of proposals against a simulated device whose truth is known."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.search_worlds import Layer, losses_of, space_of

from edgehone.budgets import Budget
from edgehone.search.decisions.prune_channels import channel_options
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.prediction import drop_by_loss
from edgehone.search.shapes import weights
from edgehone.search.strategies.allocate import Allocate
from edgehone.values import LayerSpec

WIDTHS = (32, 32, 64, 64)


def cost(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    return (0.002 + 2e-6 * weights(spec)) * {"float32": 1.0, "int8": 0.5}[precision]


def tables() -> Tables:
    groups = {f"g{i}": channel_options(n, 8) for i, n in enumerate(WIDTHS)}
    layers = []
    for i, width in enumerate(WIDTHS):
        spec = LayerSpec("conv", 8, 8, WIDTHS[i - 1] if i else 3, width, (3, 3))
        tied = {f"g{i - 1}": 1} if i else {}
        layers.append(Layer(f"l{i}", spec, tied, 0 if i else 3, f"g{i}"))
    space = space_of(groups, layers, ("int8", "float32"))
    losses = {g: {n: (1 - n / max(options)) ** 2 for n in options} for g, options in groups.items()}
    lossy = {f"l{i}": {"int8": 0.001} for i in range(4)}
    return Tables(space, losses_of(losses, {}, lossy), cost)


def propose(table: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
    return Allocate().ask(table, trials, goal)


def measured(table: Tables, plan: Plan, target: float | None, limit: float = 0.5) -> Trial:
    """The simulated device: 1.3 x the sums plus overhead; fine-tuning makes up half of the loss."""
    sums = table.totals(plan)
    metrics = {
        "latency_p50_ms": 1.3 * sums.cost + 0.05,
        "latency_p90_ms": 1.2 * (1.3 * sums.cost + 0.05),
        "size_bytes": sums.size_bytes + 2000,
        "peak_memory_bytes": sums.memory_bytes + 5000,
        "accuracy_drop": 0.02 * sums.loss,
    }
    return Trial(plan, sums, metrics, sums.loss <= limit, target)


def baselines(table: Tables) -> list[Trial]:
    return [measured(table, table.space.unchanged(p), None) for p in ("float32", "int8")]


def run(table: Tables, goal: Goal, rounds: int = 8) -> tuple[list[Trial], str]:
    trials = baselines(table)
    for _ in range(rounds):
        found = propose(table, trials, goal)
        if isinstance(found, Stop):
            return trials, found.reason
        trials.append(measured(table, found.plan, found.target))
    return trials, "rounds"


def test_propose_brings_latency_down_to_what_quality_allows() -> None:
    table = tables()
    trials, _ = run(table, Goal("latency_p50_ms", True, ()))
    built = [t for t in trials if t.target is not None]
    assert any(not t.quality for t in built), "the bisection must have found the limit"
    best = min(t.metrics["latency_p50_ms"] for t in built if t.quality)
    assert best < 0.7 * trials[1].metrics["latency_p50_ms"]
    failed = [t.target for t in built if not t.quality and t.target is not None]
    assert best < 1.25 * max(failed)


def test_propose_learns_the_devices_overhead() -> None:
    table = tables()
    trials, _ = run(table, Goal("latency_p50_ms", True, ()), rounds=5)
    last = propose(table, trials, Goal("latency_p50_ms", True, ()))
    if isinstance(last, Proposal):
        truth = measured(table, last.plan, last.target).metrics["latency_p50_ms"]
        assert last.predicted["latency_p50_ms"] == pytest.approx(truth, rel=0.1)
    assert trials[-1].metrics["latency_p50_ms"] == pytest.approx(trials[-1].target, rel=0.15)


def test_propose_keeps_size_and_tail_latency_budgets() -> None:
    table = tables()
    start = baselines(table)[1].metrics
    size = Budget("size_bytes", "max", 0.5 * start["size_bytes"])
    tail = Budget("latency_p90_ms", "max", 0.7 * start["latency_p90_ms"])
    trials, _ = run(table, Goal("accuracy", False, (size, tail)))
    built = [t for t in trials if t.target is not None]
    assert built[-1].metrics["size_bytes"] <= size.limit
    assert built[-1].metrics["latency_p90_ms"] <= tail.limit


def test_propose_stops_when_no_plan_is_within_the_budgets() -> None:
    table = tables()
    goal = Goal("latency_p50_ms", True, (Budget("size_bytes", "max", 10.0),))
    found = propose(table, baselines(table), goal)
    assert isinstance(found, Stop)
    assert "within the budgets" in found.reason


def test_propose_stops_instead_of_building_the_same_plan_again() -> None:
    table = tables()
    goal = Goal("accuracy", False, (Budget("size_bytes", "max", 40_000.0),))
    trials, reason = run(table, goal, rounds=10)
    assert len(trials) < 12
    assert "already" in reason
    plans = [t.plan for t in trials if t.target is not None]
    assert all(plans.count(plan) == 1 for plan in plans)


def test_predicted_accuracy_drop_waits_for_a_measured_one() -> None:
    table = tables()
    goal = Goal("latency_p50_ms", True, ())
    trials = [
        Trial(t.plan, t.sums, {k: v for k, v in t.metrics.items() if k != "accuracy_drop"})
        for t in baselines(table)
    ]
    first = propose(table, trials, goal)
    assert isinstance(first, Proposal)
    assert "accuracy_drop" not in first.predicted
    second = propose(table, [*trials, measured(table, first.plan, first.target)], goal)
    assert isinstance(second, Proposal)
    assert second.predicted["accuracy_drop"] == pytest.approx(0.02 * second.sums.loss, rel=1e-6)


def test_propose_asks_on_when_the_answer_was_built_already() -> None:
    """A coarse space answers several targets with one plan; that must not end the search."""
    table = tables()
    channels, *others = table.space.decisions
    every_third = {name: options[::3] for name, options in channels.subjects.items()}
    coarse = replace(channels, subjects=every_third)
    space = replace(table.space, decisions=(coarse, *others))
    table = Tables(space, table.losses, table.cost)
    trials, reason = run(table, Goal("latency_p50_ms", True, ()), rounds=12)
    built = [t for t in trials if t.target is not None]
    assert any(not t.quality for t in built)
    assert "brought down further" in reason
    assert len({str(t.plan) for t in built}) == len(built)


def test_propose_brings_instructions_down_where_layers_are_priced_in_them() -> None:
    timed = tables()
    table = replace(timed, cost=lambda *key: 1e6 * (timed.cost(*key) or 0.0), priced="instructions")
    trials = [_counted(trial, table) for trial in baselines(timed)]
    goal = Goal("instructions", True, (Budget("latency_p50_ms", "max", 1e-9),))
    for _ in range(4):
        found = propose(table, trials, goal)
        if isinstance(found, Stop):
            break
        assert set(found.predicted) >= {"instructions", "size_bytes"}
        assert "latency_p50_ms" not in found.predicted
        trials.append(_counted(measured(timed, found.plan, found.target), table))
    best = min(t.metrics["instructions"] for t in trials if t.quality)
    assert best < 0.8 * trials[1].metrics["instructions"]


def test_propose_goes_on_from_a_student_that_was_asked_for_nothing() -> None:
    """A target of 0 stands for none: the student as it is brackets nothing."""
    table = tables()
    student = measured(table, table.space.unchanged("int8"), 0.0)
    goal = Goal("latency_p50_ms", True, ())
    for trial in (student, replace(student, quality=False)):
        found = propose(table, [*baselines(table), trial], goal)
        assert isinstance(found, Proposal)
        assert found.target > 0


def test_propose_goes_on_without_a_measured_baseline_of_the_objective() -> None:
    table = tables()
    metrics = [dict(trial.metrics) for trial in baselines(table)]
    for each in metrics:
        del each["latency_p50_ms"]
    trials = [replace(t, metrics=m) for t, m in zip(baselines(table), metrics, strict=True)]
    found = propose(table, trials, Goal("latency_p50_ms", True, ()))
    assert isinstance(found, Proposal)
    assert 0 < found.target < min(t.sums.cost for t in trials)


def _counted(trial: Trial, table: Tables) -> Trial:
    sums = table.totals(trial.plan)
    metrics = {**trial.metrics, "instructions": 1.1 * sums.cost + 3e4}
    del metrics["latency_p50_ms"]
    return replace(trial, sums=sums, metrics=metrics)


def test_a_drop_is_predicted_from_candidates_and_most_from_those_that_lost_much() -> None:
    table = tables()
    start = baselines(table)
    assert drop_by_loss(start) is None
    plan = table.space.smallest("int8")
    whole = measured(table, table.space.unchanged("int8"), 1.0)
    chance = replace(whole, metrics={**whole.metrics, "accuracy_drop": 0.01})
    found = drop_by_loss([*start, measured(table, plan, 1.0), chance])
    assert found == pytest.approx(0.02, rel=0.01)
    better = replace(chance, metrics={**whole.metrics, "accuracy_drop": -0.01})
    assert drop_by_loss([better]) == 0
