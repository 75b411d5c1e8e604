"""Verdicts at their boundaries, in order of gravity, with reasons."""

from dataclasses import replace
from typing import Any

import pytest

from edgehone.measure.conditions import collect
from edgehone.measure.device import Device, resolve
from edgehone.measure.verdict import judge, spread
from edgehone.values import Latency

STEADY = Latency(((1.0, 1.01, 0.99),) * 5, (1.0,) * 5, (1.0,) * 5)
UNSTEADY = Latency(((1.0,), (1.3,), (0.8,), (1.5,), (1.0,)), (1.0,) * 5, (1.0,) * 5)
BUSY = [["cc1", 0.9], ["sshd", 0.04]]
QUIET: dict[str, Any] = {
    "temperature_c": [40.0, None, 41.0, 42.0, 42.0],
    "clock_mhz": [1500] * 5,
    "reference_ms": [0.1, 0.11, 0.1, 0.105, 0.1],
    "waited": [0.0, 0.01, None, 0.0, 0.3],
}


@pytest.fixture(scope="module")
def device() -> Device:
    return resolve("local")


def test_judge_calls_a_quiet_machine_valid(device: Device) -> None:
    assert judge(STEADY, QUIET, device) == ("valid", "")


def test_judge_calls_a_machine_that_tells_nothing_valid(device: Device) -> None:
    assert judge(STEADY, collect({}, [{}] * 5), device) == ("valid", "")


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({"temperature_c": [None, 90.0]}, "throttled", "90 °C"),
        ({"temperature_c": [89.9]}, "valid", ""),
        ({"reference_ms": [0.1, 0.1, 0.13, 0.13], "clock_mhz": [1500, 900]}, "throttled", "900"),
        ({"reference_ms": [0.1, 0.1, 0.13, 0.13]}, "contended", "30%"),
        ({"reference_ms": [0.1, 0.1, 0.1, 0.1, 0.9]}, "valid", ""),
        ({"reference_ms": [0.12, 0.12], "fastest_reference_ms": 0.1}, "valid", ""),
        ({"reference_ms": [0.13, 0.13], "fastest_reference_ms": 0.1}, "contended", "30%"),
        ({"reference_ms": [0.1, 0.13, 0.13], "busiest": BUSY}, "contended", "cc1 90% of a CPU)"),
        ({"waited": [0.2, 0.2, 0.0]}, "contended", "20%"),
        ({"waited": [0.2, 0.2, 0.0], "busiest": BUSY}, "contended", "cc1 90%"),
        ({"busiest": BUSY}, "valid", ""),
        ({"holds": [[], ["under-voltage", "throttled"]]}, "throttled", "power supply"),
        ({"holds": [[], ["throttled"]]}, "throttled", "firmware"),
        ({"holds": [[], []], "held_since_boot": ["under-voltage"]}, "valid", ""),
        ({"thermal_status": [0, 1, None]}, "valid", ""),
        ({"thermal_status": [0, 2]}, "throttled", "moderate (2)"),
        ({"thermal_status": [9]}, "throttled", "shutdown (9)"),
        ({"waited": [0.2, 0.0, 0.0]}, "valid", ""),
        ({"clock_mhz": [1500, 900]}, "valid", ""),
    ],
)
def test_judge_sees_what_disturbed(
    changes: dict[str, Any], verdict: str, said: str, device: Device
) -> None:
    found, reason = judge(STEADY, {**QUIET, **changes}, device)
    assert found == verdict
    assert said in reason


def test_judge_calls_blocks_that_disagree_noisy(device: Device) -> None:
    verdict, reason = judge(UNSTEADY, QUIET, device)
    assert verdict == "noisy"
    assert "±" in reason


def test_judge_puts_the_gravest_first(device: Device) -> None:
    worse = {**QUIET, "waited": [0.5] * 5}
    assert judge(UNSTEADY, worse, device)[0] == "contended"
    assert judge(UNSTEADY, {**worse, "temperature_c": [99.0]}, device)[0] == "throttled"
    emulated = replace(device, target=replace(device.target, emulated=True))
    assert judge(UNSTEADY, {**worse, "temperature_c": [99.0]}, emulated)[0] == "emulated"


def test_judge_has_nothing_against_a_measurement_without_times(device: Device) -> None:
    assert judge(None, collect({}, []), device) == ("valid", "")


def test_a_spread_of_counts_is_told_and_equal_ones_are_not() -> None:
    assert spread([5, 5, 5]) == spread([]) == ""
    assert spread([1_005, 1_003]) == "its instructions varied from 1,003 to 1,005"
