"""Disturbed rounds are rejected whole, repeated within a bound, and told of."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests import tiny_models

from edgehone.measure.comparison import compare
from edgehone.measure.conditions import State
from edgehone.measure.device import resolve
from edgehone.measure.protocol import MeasurePlan, measure
from edgehone.measure.rounds import Fastest, chosen, disturbance, rejections, round_of
from edgehone.measure.verdict import judge
from edgehone.targets import Target
from edgehone.values import Event, Measurement

TARGET = Target("board", temperature_limit_c=80.0)
BEST = Fastest(0.1, 1500)
GOOD: dict[str, Any] = {"reference_ms": 0.2, "temperature_c": 50.0, "clock_mhz": 1500}
SLOW: dict[str, Any] = {**GOOD, "reference_ms": 0.3, "busiest": [["cc1", 0.9]]}
HOT: dict[str, Any] = {**GOOD, "temperature_c": 95.0}


def played(
    folder: Path, conditions: list[dict[str, Any]], blocks: int = 4
) -> tuple[list[Measurement], list[Event]]:
    """Two files measured on a device that plays these conditions, latency alone."""
    (folder / "script.json").write_text(json.dumps({"conditions": conditions}))
    device = resolve(f"local@scripted://{folder / 'script.json'}")
    files = [tiny_models.dense(folder, precision) for precision in ("float32", "int8")]
    events: list[Event] = []
    plan = MeasurePlan(blocks=blocks, memory=False)
    return measure(
        [tiny_models.artifact(file) for file in files], device, plan, events.append
    ), events


def judged(measurement: Measurement) -> tuple[str, str]:
    """What would be said had a real device told the same."""
    return judge(measurement.latency, measurement.conditions, resolve("local"))


def blocks_of(measurement: Measurement) -> int:
    assert measurement.latency is not None
    return len(measurement.latency.blocks_ms)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State(), ""),
        (State(reference_ms=0.125), ""),
        (State(reference_ms=0.126), "slowed down"),
        (State(reference_ms=0.2, busiest=(("cc1", 0.9), ("x", 0.1))), "slowed down by cc1"),
        (State(reference_ms=0.2, busiest=(("cc1", 0.04),)), "slowed down"),
        (State(reference_ms=0.1, busiest=(("cc1", 0.9),)), ""),
        (State(reference_ms=0.2, clock_mhz=1349), "the clock fell"),
        (State(reference_ms=0.2, clock_mhz=1350), "slowed down"),
        (State(reference_ms=0.1, clock_mhz=600), ""),
        (State(temperature_c=79.9), ""),
        (State(temperature_c=80.0), "at or over 80 °C"),
        (State(thermal_status=1), ""),
        (State(thermal_status=2), "thermal status moderate"),
        (State(holds=("under-voltage", "throttled")), "under-voltage, throttled"),
    ],
)
def test_disturbance_names_what_disturbed(state: State, said: str) -> None:
    assert disturbance(state, BEST, TARGET) == said


def test_disturbance_needs_a_reference_to_compare_with() -> None:
    assert disturbance(State(reference_ms=9.0), Fastest(None, None), TARGET) == ""


@pytest.mark.parametrize(
    ("rejected", "wanted", "counting"),
    [
        ((), 4, [0, 1, 2, 3]),
        ((1,), 4, [0, 2, 3, 4]),
        ((0, 1, 2, 4), 4, [3, 5]),
        ((0, 1, 2, 3, 4), 4, [2, 3, 4, 5]),
        ((0, 1, 2, 3, 4, 5), 4, [2, 3, 4, 5]),
        ((0, 1, 2, 3, 4, 5), 1, [5]),
    ],
)
def test_chosen_are_the_good_rounds_or_else_the_last(
    rejected: tuple[int, ...], wanted: int, counting: list[int]
) -> None:
    assert chosen(range(6), dict.fromkeys(rejected, "hot"), wanted) == counting


def test_chosen_of_no_rounds_is_none() -> None:
    assert chosen([], {}, 0) == []


def test_round_of_is_told_by_the_name_of_a_block() -> None:
    assert [round_of(name) for name in ("0/latency/12", "3/memory", "0/outputs/test")] == [
        12,
        None,
        None,
    ]


def test_rejections_take_a_round_when_one_of_its_blocks_was_disturbed() -> None:
    slow = {"reference_ms": 0.2}
    jobs = {"0/outputs/test": {"reference_ms": 0.1}, "0/latency/0": {}, "1/latency/0": slow}
    jobs |= {"1/latency/1": {"reference_ms": 0.1}, "0/memory": slow}
    assert rejections(jobs, TARGET) == {0: "slowed down"}


def test_rejections_are_none_where_nothing_is_told() -> None:
    assert rejections({"0/latency/0": {}, "1/latency/0": {}}, TARGET) == {}


def test_measure_repeats_the_rounds_in_which_the_device_was_slow(tmp_path: Path) -> None:
    conditions = [{**GOOD, "jobs": 4}, {**SLOW, "jobs": 2}, GOOD]
    found, events = played(tmp_path, conditions)
    for measurement in found:
        assert blocks_of(measurement) == 4
        assert measurement.conditions["reference_ms"] == [0.2] * 4
        assert measurement.conditions["fastest_reference_ms"] == 0.2
        rejected = measurement.conditions["rejected"]
        assert rejected == {"rounds": 1, "repeats": 1, "reasons": {"slowed down by cc1": 1}}
        assert judged(measurement) == ("valid", "")
    assert [event.stage for event in events].count("rest") == 1
    assert (events[-1].done, events[-1].total) == (10, 10)


def test_measure_says_throttled_when_resting_does_not_help(tmp_path: Path) -> None:
    found, events = played(tmp_path, [HOT])
    for measurement in found:
        assert blocks_of(measurement) == 4
        rejected = measurement.conditions["rejected"]
        assert rejected == {"rounds": 12, "repeats": 2, "reasons": {"at or over 90 °C": 12}}
        assert judged(measurement)[0] == "throttled"
        assert "95 °C (limit 90)" in judged(measurement)[1]
    assert [event.stage for event in events].count("rest") == 2


def test_measure_leaves_out_what_stays_disturbed_when_most_is_not(tmp_path: Path) -> None:
    slow = {**SLOW, "jobs": 2}
    found, _ = played(tmp_path, [{**GOOD, "jobs": 4}, slow, slow, slow, slow, slow, slow])
    for measurement in found:
        assert blocks_of(measurement) == 2
        rejected = measurement.conditions["rejected"]
        assert rejected == {"rounds": 6, "repeats": 2, "reasons": {"slowed down by cc1": 6}}
        assert judged(measurement) == ("valid", "")


def test_measure_blames_the_busiest_when_most_is_disturbed(tmp_path: Path) -> None:
    found, _ = played(tmp_path, [{**GOOD, "jobs": 2}, SLOW])
    for measurement in found:
        assert blocks_of(measurement) == 4
        verdict, reason = judged(measurement)
        assert verdict == "contended"
        assert "cc1 90%" in reason


def test_measure_names_a_weak_power_supply(tmp_path: Path) -> None:
    weak = {**GOOD, "told": {"throttled": "throttled=0x50005"}}
    found, _ = played(tmp_path, [weak], blocks=1)
    assert found[0].conditions["rejected"]["reasons"] == {"under-voltage, throttled": 3}
    verdict, reason = judged(found[0])
    assert verdict == "throttled"
    assert "power supply" in reason
    assert found[0].conditions["told"] == {"throttled": ["throttled=0x50005"]}


def test_measure_repeats_nothing_on_a_quiet_device(tmp_path: Path) -> None:
    found, events = played(tmp_path, [GOOD])
    assert "rejected" not in found[0].conditions
    assert {event.stage for event in events} == {"measure"}


def test_compare_leaves_out_pairs_that_stay_disturbed(tmp_path: Path) -> None:
    slow = [{**SLOW, "jobs": 2}] * 25
    (tmp_path / "script.json").write_text(
        json.dumps({"conditions": [{**GOOD, "jobs": 12}, *slow], "latency_ms": {"per_kib": 1.0}})
    )
    device = resolve(f"local@scripted://{tmp_path / 'script.json'}")
    files = [tiny_models.dense(tmp_path, precision) for precision in ("float32", "int8")]
    a, b = (tiny_models.artifact(file) for file in files)
    found = compare(a, b, device, MeasurePlan(memory=False))
    assert found.pairs == 6
    assert found.measurements[0].conditions["rounds"] == list(range(6))
    assert found.ci95 == (0.0, float("inf"))
    assert found.verdict == "inconclusive"
