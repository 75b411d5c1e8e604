"""What holds for every decision, whatever the numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.budgets import Budget, Outcome
from edgehone.decide.choice import Objective, better, choose, choose_unproven
from edgehone.decide.decision import check, combine, decide
from edgehone.values import (
    Accuracy,
    Artifact,
    DeviceInfo,
    Latency,
    Measurement,
    RuntimeInfo,
    Verdict,
)

FRACTIONS = st.floats(0, 1)
TIMES = st.floats(0.01, 100)
BASE = Measurement(
    Artifact(Path("m.tflite"), "tflite", "int8", 1, 1, "0" * 64),
    DeviceInfo("local", "local"),
    RuntimeInfo("litert", "2", "xnnpack", 1),
    None,
    None,
)


def timed(blocks: list[list[float]]) -> Measurement:
    found = tuple(tuple(block) for block in blocks)
    return replace(BASE, latency=Latency(found, (1.0,) * len(found), (1.0,) * len(found)))


BLOCKS = st.lists(st.lists(TIMES, min_size=1, max_size=6), min_size=2, max_size=4)


@settings(max_examples=25, deadline=None)
@given(BLOCKS, TIMES, st.sampled_from(["latency_p50_ms", "latency_p90_ms", "latency_p99_ms"]))
def test_max_and_min_of_one_limit_are_opposites(
    blocks: list[list[float]], limit: float, metric: str
) -> None:
    opposite: dict[Outcome, Outcome] = {
        "pass": "fail",
        "fail": "pass",
        "inconclusive": "inconclusive",
    }
    measured = timed(blocks)
    below = check(measured, Budget(metric, "max", limit))
    above = check(measured, Budget(metric, "min", limit))
    assert below.ci95 is not None
    if limit not in below.ci95:
        assert above.verdict == opposite[below.verdict]


@settings(max_examples=25, deadline=None)
@given(BLOCKS, TIMES, st.floats(0, 10))
def test_a_looser_budget_never_turns_a_pass_into_less(
    blocks: list[list[float]], limit: float, more: float
) -> None:
    measured = timed(blocks)
    rank = {"fail": 0, "inconclusive": 1, "pass": 2}
    tight = check(measured, Budget("latency_p50_ms", "max", limit)).verdict
    loose = check(measured, Budget("latency_p50_ms", "max", limit + more)).verdict
    assert rank[loose] >= rank[tight]


@settings(max_examples=25, deadline=None)
@given(BLOCKS, TIMES, st.sampled_from(["throttled", "contended"]), st.sampled_from(["max", "min"]))
def test_disturbance_turns_no_verdict_but_to_inconclusive_and_keeps_only_upper_limits(
    blocks: list[list[float]], limit: float, verdict: Verdict, bound: Literal["max", "min"]
) -> None:
    budget = Budget("latency_p50_ms", bound, limit)
    calm = check(timed(blocks), budget).verdict
    disturbed = check(replace(timed(blocks), verdict=verdict), budget).verdict
    assert disturbed in (calm, "inconclusive")
    if bound == "max":
        assert (disturbed == "pass") == (calm == "pass")
    else:
        assert disturbed != "pass"


@given(FRACTIONS, FRACTIONS, FRACTIONS)
def test_a_pass_means_the_whole_interval_keeps_the_limit(a: float, b: float, limit: float) -> None:
    low, high = min(a, b), max(a, b)
    accuracy = Accuracy("accuracy", (low + high) / 2, 100, (low, high))
    found = check(replace(BASE, accuracy=accuracy), Budget("accuracy", "min", limit))
    assert (found.verdict == "pass") == (low >= limit)
    assert (found.verdict == "fail") == (high < limit)


@given(st.lists(st.sampled_from(["pass", "fail", "inconclusive"])))
def test_combination_passes_only_when_everything_does(outcomes: list[Outcome]) -> None:
    passed = combine(outcomes) == "pass"
    assert passed == (bool(outcomes) and all(o == "pass" for o in outcomes))
    assert (combine(outcomes) == "fail") == ("fail" in outcomes)


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(1, 50))
def test_the_chosen_one_passes_and_nothing_that_passes_is_better(
    sizes: list[int], limit: int
) -> None:
    objective = Objective("size_bytes")
    budget = Budget("size_bytes", "max", limit)
    found = [
        decide(replace(BASE, artifact=replace(BASE.artifact, size_bytes=size)), [budget])
        for size in sizes
    ]
    chosen = choose(found, objective)
    passing = [d for d in found if d.outcome == "pass"]
    assert (chosen is None) == (not passing)
    if chosen is not None:
        assert found[chosen].outcome == "pass"
        assert not any(better(d.measurement, found[chosen].measurement, objective) for d in passing)


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-0.05, 0.05)), max_size=8))
def test_the_unproven_one_fails_nothing_and_comes_only_from_what_is_open(
    made: list[tuple[int, float]],
) -> None:
    budgets = [Budget("size_bytes", "max", 25), Budget("accuracy_drop", "max", 0.01)]
    found = []
    for size, drop in made:
        accuracy = Accuracy(
            "accuracy", 0.9, 100, (0.8, 0.95), None, drop, (drop - 0.02, drop + 0.02)
        )
        artifact = replace(BASE.artifact, size_bytes=size)
        found.append(decide(replace(BASE, artifact=artifact, accuracy=accuracy), budgets))
    chosen = choose_unproven(found, Objective("size_bytes"))
    assert (chosen is None) == all(each.outcome != "inconclusive" for each in found)
    if chosen is not None:
        assert found[chosen].outcome == "inconclusive"
        assert all(each.verdict != "fail" for each in found[chosen].checks)
