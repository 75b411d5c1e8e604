"""Timed budgets of a gate: intervals that hold for the device, and what is missing to decide."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehone.actions.gate.device_history import Earlier
from edgehone.budgets import Budget
from edgehone.decide.decision import check, decide_all
from edgehone.decide.timing import MOST, Timing
from edgehone.documents import check_json, decision_from_json, decision_json
from edgehone.values import Artifact, DeviceInfo, Latency, Measurement, RuntimeInfo, Verdict

ARTIFACT = Artifact(Path("m.tflite"), "tflite", "int8", 1000, 800, "0" * 64)


def measured(blocks: list[float], verdict: Verdict = "valid") -> Measurement:
    around = tuple((each * 0.99, each, each * 1.01) for each in blocks)
    latency = Latency(around, tuple(blocks), tuple(blocks))
    info, runtime = DeviceInfo("pi", "raspberry-pi-4"), RuntimeInfo("litert", "2", "xnnpack", 1)
    found = Measurement(ARTIFACT, info, runtime, latency, None)
    return replace(found, verdict=verdict)


def at_most(limit: float, metric: str = "latency_p50_ms") -> Budget:
    return Budget(metric, "max", limit)


CALM = np.random.default_rng(0).normal(1.0, 0.005, 12).tolist()


@pytest.mark.parametrize(("limit", "verdict"), [(1.05, "pass"), (0.95, "fail")])
@pytest.mark.parametrize("metric", ["latency_p50_ms", "cold_ms", "init_ms"])
def test_twelve_calm_blocks_decide_five_per_cent(limit: float, verdict: str, metric: str) -> None:
    found = check(measured(CALM), at_most(limit, metric), Timing())
    assert found.verdict == verdict
    assert found.further_blocks is None


def test_a_limit_reached_exactly_is_kept() -> None:
    found = check(measured([1.0] * 12), at_most(1.0), Timing())
    assert found.verdict == "pass"


def test_six_blocks_decide_only_what_a_hidden_mode_would_not_change() -> None:
    few = measured(CALM[:6])
    near = check(few, at_most(1.1), Timing())
    assert (near.verdict, near.further_blocks) == ("inconclusive", 6)
    assert "about 6 further blocks would decide it (blocks = 12 under [measure] of" in near.reason
    assert check(few, at_most(1.3), Timing()).verdict == "pass"
    assert check(few, at_most(0.8), Timing()).verdict == "fail"


def test_without_a_timing_nothing_changes() -> None:
    few = measured(CALM[:6])
    assert check(few, at_most(1.1)).verdict == "pass"
    assert check(few, at_most(1.1)).further_blocks is None
    assert decide_all([few], [at_most(1.1)]).outcome == "pass"
    assert decide_all([few], [at_most(1.1)], timings={"pi": Timing()}).outcome == "inconclusive"


def test_what_lies_between_two_modes_is_open_whatever_is_measured() -> None:
    found = check(measured([1.0, 1.15] * 6), at_most(1.07), Timing())
    assert (found.verdict, found.further_blocks) == ("inconclusive", MOST)
    assert "5000 or more further blocks" in found.reason


def test_days_that_differ_leave_open_what_one_day_would_decide() -> None:
    found = check(measured(CALM), at_most(1.05), Timing(days=0.03, sessions=4))
    assert (found.verdict, found.further_blocks) == ("inconclusive", None)
    assert "4 earlier sessions differ by 3.0%" in found.reason
    assert check(measured(CALM), at_most(1.5), Timing(days=0.03, sessions=4)).verdict == "pass"


def test_noise_that_the_interval_knows_of_is_no_reason_to_doubt_it() -> None:
    wild = measured(np.random.default_rng(1).uniform(0.7, 1.3, 24).tolist(), "noisy")
    assert check(wild, at_most(2.0)).verdict == "inconclusive"
    assert check(wild, at_most(2.0), Timing()).verdict == "pass"


@pytest.mark.parametrize("verdict", ["throttled", "contended", "emulated"])
def test_more_of_what_is_disturbed_decides_nothing(verdict: Verdict) -> None:
    found = check(measured(CALM, verdict), at_most(0.999), Timing())
    assert found.verdict == "inconclusive"
    assert found.further_blocks is None


def test_a_gate_goes_on_while_a_timed_budget_is_open(tmp_path: Path) -> None:
    few, more = measured(CALM[:6]), measured(CALM)
    near = (at_most(1.1), at_most(999, "size_bytes"))
    earlier = Earlier(tmp_path)
    assert earlier.undecided([few], near)
    assert not earlier.undecided([more], near)
    assert not earlier.undecided([few], [at_most(1.5)])
    assert not earlier.undecided([replace(few, latency=None, verdict="noisy")], near)
    assert not earlier.undecided([few], [Budget("latency_p50_ms", "max", 1.1, "phone")])


def test_further_blocks_are_in_the_documents() -> None:
    few = measured(CALM[:6])
    decision = decide_all([few], [at_most(1.1)], timings={"pi": Timing()})
    assert check_json(decision.checks[0])["further_blocks"] == 6
    assert decision_from_json(decision_json(decision), few) == decision
