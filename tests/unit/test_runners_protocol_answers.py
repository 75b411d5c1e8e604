"""A device's lines become values that can be, or an error of the device's with the line in it."""

import json
from typing import Any

import pytest

from edgehone.errors import DeviceError, NonsenseError
from edgehone.runners.protocol.answers import disorder, event_in, whole_job

LATENCY = {
    "event": "job",
    "job": "0/latency/0",
    "kind": "latency",
    "init_ns": 5,
    "cold_ns": 4,
    "samples_ns": [3, 2],
    "runs": 2,
    "waited": None,
}
MEMORY = {"event": "job", "job": "0/memory", "kind": "memory", "peak": 2, "model": 1, "process": 9}
START = {"event": "start", "protocol": 2, "runtimes": {"litert": "1"}, "conditions": {}}


def test_a_line_keeps_what_it_says_and_nothing_else() -> None:
    found = event_in(json.dumps({**LATENCY, "unknown": [[1]]}))
    assert found == LATENCY
    alive = {"event": "alive", "job": "0/latency/0", "within_s": 5.2, "process": 1234}
    assert event_in(json.dumps(alive)) == alive
    assert event_in(json.dumps({**MEMORY, "steady": 7})) == {**MEMORY, "steady": 7}


@pytest.mark.parametrize(
    "line",
    ["", "Welcome!", "[1]", '{"a": 1}', '"event"', '{"event": "job"', '{"event": "later"}', "\x00"],
)
def test_chatter_and_later_events_are_passed_over(line: str) -> None:
    assert event_in(line) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples_ns": "fast"}, "samples_ns: .*list"),
        ({"samples_ns": []}, "samples_ns: .*at least 1"),
        ({"samples_ns": [1, -5]}, r"samples_ns\.1: .*greater than 0, got -5"),
        ({"samples_ns": [0]}, r"samples_ns\.0: .*greater than 0"),
        ({"samples_ns": [1.5]}, r"samples_ns\.0: "),
        ({"samples_ns": [float("nan")]}, r"samples_ns\.0: "),
        ({"samples_ns": [10**400]}, r"samples_ns\.0: "),
        ({"samples_ns": [10**15]}, r"samples_ns\.0: .*less than"),
        ({"samples_ns": ["1"]}, r"samples_ns\.0: "),
        ({"cold_ns": 0}, "cold_ns: "),
        ({"init_ns": None}, "init_ns: "),
        ({"runs": -1}, "runs: "),
        ({"waited": float("inf")}, "waited: "),
        ({"conditions": []}, "conditions: "),
        ({"conditions": {"before": {"temperature_c": "hot"}}}, r"before\.temperature_c: "),
        ({"conditions": {"after": {"busiest": [["x"]]}}}, r"after\.busiest\.0"),
        ({"conditions": {"after": {"told": {"throttled": 5}}}}, r"told\.throttled: "),
        ({"kind": "speed"}, "'speed'"),
        ({"kind": ["latency"]}, "kind"),
        ({"job": 7}, "job: "),
        ({"event": 5}, "event is called 5"),
        ({"error": ""}, "error: "),
        ({"error": "x", "cause": "weather"}, "cause: "),
        ({"error": "x", "fallback": 3}, "fallback: "),
    ],
)
def test_what_cannot_be_is_the_devices_fault(changes: dict[str, Any], message: str) -> None:
    line = json.dumps({**LATENCY, **changes})
    with pytest.raises(NonsenseError, match=message) as caught:
        event_in(line)
    assert caught.value.exit_code == DeviceError.exit_code == 4
    assert caught.value.__notes__ == [f"It answered: {line}"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({**MEMORY, "peak": -1}, "peak"),
        ({**MEMORY, "process": 2**60}, "process"),
        ({"event": "job", "job": "a", "kind": "outputs"}, "n: Field required"),
        ({"event": "job", "job": "a", "kind": "instructions", "instructions": [0]}, "instructions"),
        ({"event": "job", "job": "a", "kind": "prices", "prices": [{"passes_ns": [-1]}]}, "prices"),
        ({**START, "runtimes": ["litert"]}, "runtimes"),
        ({**START, "cpus": -1}, "cpus"),
        ({**START, "conditions": {"load1": -1}}, "load1"),
        ({"event": "waiting", "for": "calm", "waited_s": -1}, "waited_s"),
        ({"event": "progress", "job": "a", "done": "x", "total": 1}, "done"),
        ({"event": "end", "jobs": "all"}, "jobs"),
        ({"event": "alive", "job": "a", "within_s": -1.0}, "within_s"),
        ({"event": "alive", "job": "a", "process": 1}, "process"),
        ({"event": "refused", "reason": {}}, "reason"),
    ],
)
def test_every_event_is_checked(line: Any, message: str) -> None:
    with pytest.raises(NonsenseError, match=message):
        event_in(json.dumps(line))


def test_deep_and_long_lines_are_nonsense() -> None:
    for line, message in (
        ('{"event": ' + "[" * 100_000, "200 levels"),
        ("9" * 5000, "4300 digits"),
    ):
        with pytest.raises(NonsenseError, match=message) as caught:
            event_in(line)
        assert len(caught.value.__notes__[0]) < 2100


def job(name: str) -> dict[str, Any]:
    return {"event": "job", "job": name}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([job("a"), job("a")], "answered twice"),
        (
            [{"event": "waiting", "for": "lock", "waited_s": each} for each in (3.0, 2.0)],
            "waited 3 s, then 2 s",
        ),
        (
            [{"event": "progress", "job": "a", "done": d, "total": 9} for d in (5, 4)],
            "4 of 9",
        ),
        ([{"event": "progress", "job": "a", "done": 10, "total": 9}], "10 of 9"),
    ],
)
def test_time_does_not_run_backwards(lines: list[Any], message: str) -> None:
    assert message in disorder(lines)


def test_order_as_it_should_be() -> None:
    waiting = [{"event": "waiting", "for": "lock", "waited_s": each} for each in (0.0, 3.0, 3.0)]
    calm = {"event": "waiting", "for": "calm", "waited_s": 1.0}
    steps = [{"event": "progress", "job": "b", "done": d, "total": 9} for d in (0, 4, 9)]
    assert disorder([*waiting, START, calm, *steps, job("a"), job("b")]) == ""


def test_answers_belong_to_what_was_asked() -> None:
    prices = {"kind": "prices", "prices": [{}, {}]}
    assert whole_job({"kind": "prices", "models": ["a", "b"]}, prices) == ""
    assert "2 prices for 1 models" in whole_job({"kind": "prices", "models": ["a"]}, prices)
    assert "latency was asked for" in whole_job({"kind": "latency"}, prices)
