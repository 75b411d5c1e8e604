"""The gate: boundaries, unknowns, noise, and which candidate wins."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from edgehone.budgets import Budget, Decision
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.choice import Objective, better, binding, choose, choose_unproven
from edgehone.decide.decision import check, combine, decide
from edgehone.errors import ConfigError
from edgehone.units import MINUS
from edgehone.values import (
    Accuracy,
    Artifact,
    DeviceInfo,
    Latency,
    Measurement,
    Memory,
    RuntimeInfo,
    Verdict,
)

ARTIFACT = Artifact(Path("m.tflite"), "tflite", "int8", 1000, 800, "0" * 64)
STEADY = Latency(
    tuple(tuple(1.0 + 0.001 * (i + j) for i in range(50)) for j in range(5)),
    (4.0, 4.1, 4.2, 4.0, 4.1),
    (2.0,) * 5,
)
MEASURED = Measurement(
    ARTIFACT,
    DeviceInfo("pi", "raspberry-pi-4"),
    RuntimeInfo("litert", "2", "xnnpack", 1),
    STEADY,
    Memory(5000, 1000, 90000),
    Accuracy("accuracy", 0.9, 1000, (0.88, 0.917), 0.95, 0.005, (-0.002, 0.012)),
    instructions=12345,
)
BARE = replace(MEASURED, latency=None, memory=None, accuracy=None, instructions=None)


def at_most(metric: str, limit: float, device: str = "") -> Budget:
    return Budget(metric, "max", limit, device)


def at_least(metric: str, limit: float) -> Budget:
    return Budget(metric, "min", limit)


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (at_most("size_bytes", 1000), "pass"),
        (at_most("size_bytes", 999), "fail"),
        (at_least("size_bytes", 1000), "pass"),
        (at_least("size_bytes", 1001), "fail"),
        (at_most("compressed_bytes", 800), "pass"),
        (at_most("peak_memory_bytes", 4999), "fail"),
        (at_most("instructions", 12345), "pass"),
        (at_most("accuracy_drop", 0.012), "pass"),
        (at_most("accuracy_drop", 0.0119), "inconclusive"),
        (at_most("accuracy_drop", -0.002), "inconclusive"),
        (at_most("accuracy_drop", -0.0021), "fail"),
        (at_least("accuracy", 0.88), "pass"),
        (at_least("accuracy", 0.9), "inconclusive"),
        (at_least("accuracy", 0.92), "fail"),
        (at_least("agreement", 0.93), "pass"),
        (at_least("agreement", 0.95), "inconclusive"),
        (at_most("latency_p50_ms", 1.2), "pass"),
        (at_most("latency_p50_ms", 1.026), "inconclusive"),
        (at_most("latency_p50_ms", 0.9), "fail"),
        (at_most("latency_p99_ms", 1.2), "pass"),
        (at_most("cold_ms", 5.0), "pass"),
        (at_most("cold_ms", 3.0), "fail"),
        (at_most("init_ms", 2.0), "pass"),
    ],
)
def test_budget_is_held_at_its_boundary(budget: Budget, verdict: str) -> None:
    found = check(MEASURED, budget)
    assert found.verdict == verdict
    assert (found.reason == "") == (verdict == "pass")


@pytest.mark.parametrize("metric", sorted(set(METRICS) - {"size_bytes", "compressed_bytes"}))
@pytest.mark.parametrize("bound", ["max", "min"])
def test_unknown_values_never_pass_or_fail(metric: str, bound: Literal["max", "min"]) -> None:
    found = check(BARE, Budget(metric, bound, 0.0))
    assert (found.verdict, found.value) == ("inconclusive", None)
    assert found.reason


def test_a_measurement_that_failed_says_its_own_reason() -> None:
    crashed = replace(BARE, verdict="failed", reason="the runtime crashed")
    for metric in ("latency_p50_ms", "peak_memory_bytes", "instructions", "accuracy_drop"):
        assert check(crashed, at_most(metric, 1)).reason == "the runtime crashed"
    for metric in ("accuracy", "agreement"):
        assert check(crashed, at_least(metric, 0.5)).reason == "the runtime crashed"


def test_drop_without_baseline_is_inconclusive() -> None:
    alone = replace(MEASURED, accuracy=Accuracy("accuracy", 0.9, 10, (0.6, 0.98)))
    assert "baseline" in check(alone, at_most("accuracy_drop", 1)).reason


@pytest.mark.parametrize("limit", [0.001, 1000])
def test_emulated_times_are_never_judged(limit: float) -> None:
    emulated = replace(MEASURED, device=DeviceInfo("qemu", "cortex-m", emulated=True))
    by_verdict = replace(MEASURED, verdict="emulated")
    for measured in (emulated, by_verdict):
        for metric in ("latency_p50_ms", "cold_ms", "init_ms"):
            found = check(measured, at_most(metric, limit))
            assert found.verdict == "inconclusive"
            assert "emulated" in found.reason
        assert check(measured, at_most("size_bytes", 1000)).verdict == "pass"


@pytest.mark.parametrize("verdict", ["noisy", "throttled", "contended"])
def test_disturbed_times_fail_only_clearly(verdict: Verdict) -> None:
    disturbed = replace(MEASURED, verdict=verdict, reason="load 7 of 4 processors")
    found = check(disturbed, at_most("latency_p50_ms", 1.002))
    assert found.verdict == "inconclusive"
    assert "load 7" in found.reason
    assert check(disturbed, at_most("latency_p50_ms", 0.999)).verdict == "fail"
    assert check(disturbed, at_most("size_bytes", 1000)).verdict == "pass"
    assert check(disturbed, at_least("latency_p50_ms", 0.1)).verdict == "inconclusive"


@pytest.mark.parametrize("verdict", ["throttled", "contended"])
@pytest.mark.parametrize("metric", ["latency_p50_ms", "latency_p99_ms", "cold_ms"])
def test_a_limit_that_slowed_down_times_keep_is_kept(verdict: Verdict, metric: str) -> None:
    disturbed = replace(MEASURED, verdict=verdict, reason="load 7 of 4 processors")
    spread = check(disturbed, at_most(metric, 1000)).ci95
    assert spread is not None
    at_the_end = check(disturbed, at_most(metric, spread[1]))
    assert at_the_end.verdict == "pass"
    assert verdict in at_the_end.reason
    just_below = check(disturbed, at_most(metric, spread[1] - 1e-6))
    assert just_below.verdict == "inconclusive"


def test_a_limit_is_not_kept_by_noise_nor_by_an_emulator() -> None:
    for changed in ({"verdict": "noisy"}, {"verdict": "emulated"}):
        disturbed = replace(MEASURED, **changed)  # type: ignore[arg-type]  # one field of each
        assert check(disturbed, at_most("latency_p50_ms", 1000)).verdict == "inconclusive"
    emulated = replace(MEASURED, verdict="contended", device=DeviceInfo("q", "c", emulated=True))
    assert check(emulated, at_most("latency_p50_ms", 1000)).verdict == "inconclusive"


def test_memory_that_contended_measurements_keep_is_kept() -> None:
    disturbed = replace(MEASURED, verdict="contended")
    assert check(disturbed, at_most("peak_memory_bytes", 5000)).verdict == "pass"


def test_a_time_taken_once_is_inconclusive() -> None:
    single = replace(MEASURED, latency=Latency(((1.0, 1.0),), (4.0,), (2.0,)))
    assert check(single, at_most("cold_ms", 1000)).verdict == "inconclusive"


def test_no_budget_is_an_error_and_no_pass() -> None:
    with pytest.raises(ConfigError, match="No budget applies"):
        decide(MEASURED, [])
    with pytest.raises(ConfigError, match="No budget applies to 'pi'"):
        decide(MEASURED, [at_most("size_bytes", 1000, device="phone")])
    assert combine([]) == "inconclusive"


@pytest.mark.parametrize(
    ("device", "meant"),
    [("phone", ""), ("pi ", "'pi'"), ("Pi", "'pi'"), ("p", "'pi'"), ("PI\t", "'pi'")],
)
def test_budgets_about_devices_that_were_not_measured_are_left_open_by_name(
    device: str, meant: str
) -> None:
    budgets = [at_most("size_bytes", 1000, device), at_most("size_bytes", 1000, device="pi")]
    found = decide(MEASURED, budgets)
    assert found.outcome == "inconclusive"
    kept, unmeasured = found.checks
    assert (kept.verdict, kept.device) == ("pass", "pi")
    assert (unmeasured.verdict, unmeasured.device) == ("inconclusive", device)
    assert (unmeasured.value, unmeasured.ci95) == (None, None)
    assert f"nothing was measured on {device!r}" in unmeasured.reason
    assert meant in unmeasured.reason
    assert ("did you mean" in unmeasured.reason) == bool(meant)


def test_nothing_that_an_unconfirmed_device_measured_passes_or_fails() -> None:
    doubted = replace(MEASURED, conditions={"unconfirmed": "it does not say what it is"})
    for metric, found in METRICS.items():
        for limit in (1e-9, 1e12):
            checked = check(doubted, at_most(metric, limit))
            assert (checked.verdict == "inconclusive") == (not found.of_file)
            if not found.of_file:
                assert checked.reason == "it does not say what it is"


def test_memory_of_an_emulated_device_is_nobodys() -> None:
    emulated = replace(MEASURED, device=DeviceInfo("qemu", "cortex-m", emulated=True))
    found = check(emulated, at_most("peak_memory_bytes", 1e9))
    assert (found.verdict, found.value) == ("inconclusive", None)


def test_a_drop_that_the_baseline_cannot_make_proves_nothing() -> None:
    poor = Accuracy("accuracy", 0.3, 1000, (0.27, 0.33), 0.9, 0.03, (0.01, 0.05))
    found = check(replace(MEASURED, accuracy=poor), at_most("accuracy_drop", 0.33))
    assert found.verdict == "inconclusive"
    assert "the baseline itself has 33 %" in found.reason
    assert check(replace(MEASURED, accuracy=poor), at_most("accuracy_drop", 0.32)).verdict == "pass"


def test_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="Unknown budget metric 'latency'") as caught:
        decide(MEASURED, [at_most("latency", 1)])
    assert "latency_p50_ms" in caught.value.hint


def sized(size: int, *, limit: int = 1000, accuracy: float = 0.9, least: float = 0.5) -> Decision:
    measured = replace(
        MEASURED,
        artifact=replace(ARTIFACT, size_bytes=size),
        accuracy=Accuracy("accuracy", accuracy, 1000, (accuracy, accuracy)),
    )
    return decide(measured, [at_most("size_bytes", limit), at_least("accuracy", least)])


def test_best_of_those_that_pass_is_chosen() -> None:
    decisions = [sized(900), sized(400), sized(300, accuracy=0.4), sized(400), sized(2000)]
    assert choose(decisions, Objective("size_bytes")) == 1
    assert choose(decisions, Objective("accuracy", minimize=False)) == 0
    assert choose(decisions[4:], Objective("size_bytes")) is None
    assert choose([], Objective("size_bytes")) is None


def test_unknown_objective_value_is_never_chosen() -> None:
    decisions = [decide(replace(MEASURED, instructions=None), [at_most("size_bytes", 1000)])]
    assert choose(decisions, Objective("instructions")) is None
    assert better(MEASURED, BARE, Objective("instructions"))
    assert not better(BARE, MEASURED, Objective("instructions"))
    assert not better(MEASURED, MEASURED, Objective("instructions"))


def test_maximal_accuracy_of_an_error_metric_is_its_least_value() -> None:
    def with_error(value: float) -> Measurement:
        found = Accuracy("mae", value, 10, (value, value), higher_is_better=False)
        return replace(MEASURED, accuracy=found)

    assert better(with_error(0.1), with_error(0.2), Objective("accuracy", minimize=False))


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (at_most("size_bytes", 900), "1,000 B is above 900 B"),
        (at_most("peak_memory_bytes", 2048), "4.88 KiB is above 2.00 KiB"),
        (at_most("latency_p50_ms", 0.5), "1.03 ms is above 500 µs"),
        (
            at_most("accuracy_drop", 0.01),
            f"{MINUS}0.2 to 1.2 points, reaches above 1 point;",
        ),
        (at_least("accuracy", 0.9), "interval, 88 to 91.7 %, reaches below 90 %"),
    ],
)
def test_reasons_have_the_units_of_tables(budget: Budget, reason: str) -> None:
    assert reason in check(MEASURED, budget).reason


def test_a_reason_shows_the_difference_that_rounding_would_hide() -> None:
    large = replace(MEASURED, artifact=replace(ARTIFACT, size_bytes=20_480_001))
    assert check(large, at_most("size_bytes", 20_480_000)).reason == (
        "20,480,001 is above 20,480,000 B"
    )


def test_errors_have_no_points_nor_percent() -> None:
    scored = Accuracy("mae", 0.2, 1000, (0.18, 0.22), 0.9, 0.3, (0.25, 0.35), False)
    found = check(replace(MEASURED, accuracy=scored), at_most("accuracy_drop", 0.01))
    assert found.reason == "0.300 is above 0.0100"


def dropping(size: int, drop: float, half: float = 0.02) -> Decision:
    scored = Accuracy("accuracy", 0.9, 300, (0.86, 0.93), 0.9, drop, (drop - half, drop + half))
    measured = replace(MEASURED, artifact=replace(ARTIFACT, size_bytes=size), accuracy=scored)
    return decide(measured, [at_most("size_bytes", 1000), at_most("accuracy_drop", 0.01)])


def test_the_best_that_may_keep_the_budgets_is_the_best_whose_values_keep_them() -> None:
    decisions = [
        dropping(2000, 0.0),  # fails the size
        dropping(900, 0.0),
        dropping(500, 0.0),
        dropping(100, 0.02),  # its value is beyond the limit
        dropping(50, 0.2),  # fails the drop
    ]
    outcomes = [each.outcome for each in decisions]
    assert outcomes == ["fail", "inconclusive", "inconclusive", "inconclusive", "fail"]
    assert choose_unproven(decisions, Objective("size_bytes")) == 2
    assert choose_unproven(decisions[3:], Objective("size_bytes")) == 0
    assert choose_unproven([decisions[0], decisions[4]], Objective("size_bytes")) is None
    assert choose_unproven([], Objective("size_bytes")) is None
    assert choose_unproven(decisions, Objective("instructions")) is not None


def test_what_is_left_open_stops_nobody_where_every_candidate_misses_something() -> None:
    found = binding([dropping(2000, 0.0), dropping(1500, 0.0)])
    assert [each.metric for each in found] == ["size_bytes"]
    assert [each.metric for each in binding([dropping(500, 0.0)])] == ["accuracy_drop"]


def test_binding_names_what_stops_every_candidate() -> None:
    assert binding([sized(900), sized(2000)]) == ()
    assert binding([]) == ()
    found = binding([sized(2000), sized(1500, accuracy=0.4)])
    assert [(b.metric, b.bound, b.limit, b.best) for b in found] == [
        ("size_bytes", "max", 1000, 1500)
    ]
    apart = binding([sized(2000), sized(500, accuracy=0.4)])
    assert [b.metric for b in apart] == ["size_bytes"]
    assert apart[0].best == 500
