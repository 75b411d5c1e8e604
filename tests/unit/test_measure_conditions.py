"""Conditions: one value per block, what commands told, and the reference work between jobs."""

from typing import Any

from edgehone.measure.conditions import busiest, collect, state_of, with_references


def job(before: dict[str, Any], after: dict[str, Any], **result: Any) -> dict[str, Any]:
    return {**result, "conditions": {"before": before, "after": after}}


def references(*pairs: tuple[float | None, float | None]) -> list[float | None]:
    jobs = {
        str(number): job({"reference_ms": before}, {"reference_ms": after})
        for number, (before, after) in enumerate(pairs)
    }
    return [each["reference_ms"] for each in with_references(jobs).values()]


def throttled(before: str, after: str) -> tuple[str, ...]:
    texts = [{"told": {"throttled": f"throttled={bits}"}} for bits in (before, after)]
    return state_of(job(*texts)).holds


def test_collect_keeps_one_value_per_block() -> None:
    block = job(
        {"load1": 0.5, "temperature_c": 30.0},
        {"load1": 0.7, "temperature_c": 35.0, "governor": "x", "clock_mhz": 1500},
        waited=0.25,
        runs=9,
        reference_ms=0.1,
    )
    found = collect({"python": "3.11", "event": "start", "steadied": []}, [block, {}])
    assert found == {
        "python": "3.11",
        "load1": [0.5, None],
        "clock_mhz": [1500, None],
        "temperature_c": [35.0, None],
        "governor": "x",
        "reference_ms": [0.1, None],
        "waited": [0.25, None],
        "runs": [9, None],
    }


def test_collect_adds_what_commands_told() -> None:
    before = {"told": {"throttled": "throttled=0x0", "battery": "level: 50\ntemperature: 250"}}
    after = {
        "temperature_c": 20.0,
        "busiest": [["cc1", 0.5], ["x", 0.1]],
        "told": {
            "throttled": "throttled=0x10001",
            "battery": "level: 49\ntemperature: 260",
            "thermal": "Thermal Status: 1",
        },
    }
    found = collect({}, [job(before, after), job(after, after)])
    assert found["holds"] == [["under-voltage"], ["under-voltage"]]
    assert found["held_since_boot"] == ["under-voltage"]
    assert found["thermal_status"] == [1, 1]
    assert found["battery"] == {"level": 0.49, "temperature_c": 26.0, "powered": None}
    assert found["busiest"] == [["cc1", 0.5], ["x", 0.1]]
    assert found["told"]["throttled"] == ["throttled=0x0", "throttled=0x10001"]
    assert found["told"]["thermal"] == ["Thermal Status: 1"]


def test_collect_says_when_nothing_held_the_clock_down() -> None:
    quiet = {"told": {"throttled": "throttled=0x0"}}
    assert collect({}, [job(quiet, quiet)])["holds"] == [[]]


def test_state_takes_the_worse_end_of_a_block() -> None:
    hot = {"temperature_c": 80.0, "told": {"thermal": "Thermal Status: 2"}}
    cool = {"temperature_c": 60.0, "told": {"thermal": "Thermal Status: 0"}}
    for found in (state_of(job(hot, cool)), state_of(job(cool, hot))):
        assert (found.temperature_c, found.thermal_status) == (80.0, 2)


def test_state_sees_what_came_and_went_within_a_block() -> None:
    assert throttled("0x0", "0x0") == ()
    assert throttled("0x0", "0x40000") == ("throttled",)
    assert throttled("0x40000", "0x40000") == ()
    assert throttled("0x50005", "0x50000") == ("under-voltage", "throttled")
    only_after = job({}, {"told": {"throttled": "throttled=0x40000"}})
    assert state_of(only_after).holds == ()


def test_references_take_the_better_of_two_readings_and_the_worse_of_two_ends() -> None:
    assert references() == []
    assert references((0.1, 0.2)) == [0.2]
    assert references((0.1, 0.9), (0.1, 0.1), (0.1, 0.1)) == [0.1, 0.1, 0.1]
    assert references((0.1, 0.3), (0.2, 0.1)) == [0.2, 0.2]
    assert references((None, None), (0.1, None), (None, None)) == [0.1, 0.1, None]


def test_busiest_names_the_three_that_had_most() -> None:
    first = state_of(job({}, {"busiest": [["a", 0.2], ["b", 0.9]]}))
    second = state_of(job({}, {"busiest": [["a", 0.5], ["c", 0.1], ["d", 0.05]]}))
    assert busiest([first, second]) == [("b", 0.9), ("a", 0.5), ("c", 0.1)]
    assert busiest([]) == []
