"""The scripted device: its rules are checked, and the same script gives the same numbers."""

import base64
import json
from pathlib import Path, PurePosixPath

import pytest
from tests import tiny_models

from edgehone.devices.scripted import Scripted, read_script
from edgehone.errors import ConfigError
from edgehone.measure import layer_costs
from edgehone.measure.device import resolve
from edgehone.measure.jobs import COUNTS
from edgehone.measure.protocol import MeasurePlan, failed, measure
from edgehone.values import Event, Measurement, Progress, silent


def play(script: dict[str, object], folder: Path, progress: Progress = silent) -> list[Measurement]:
    file = folder / "script.json"
    file.write_text(json.dumps(script))
    artifacts = [tiny_models.artifact(tiny_models.dense(folder, p)) for p in ("float32", "int8")]
    return measure(artifacts, resolve(f"local@scripted://{file}"), MeasurePlan(), progress)


def test_scripted_gives_the_same_numbers_every_time(tmp_path: Path) -> None:
    first, again = play({}, tmp_path), play({}, tmp_path)
    assert [found.latency for found in first] == [found.latency for found in again]
    assert first[0].latency != first[1].latency


def test_scripted_times_follow_the_rules(tmp_path: Path) -> None:
    rule = {"latency_ms": {"base": 2.0, "per_kib": 1.0}, "spread": 0.0}
    for found in play(rule, tmp_path):
        assert found.latency is not None
        expected = 2.0 + found.artifact.size_bytes / 1024
        assert found.latency.blocks_ms[0][0] == pytest.approx(expected, abs=1e-5)


def test_scripted_numbers_are_called_emulated(tmp_path: Path) -> None:
    assert [(m.verdict, m.device.emulated) for m in play({}, tmp_path)] == [("emulated", True)] * 2


def test_scripted_fails_what_the_script_says(tmp_path: Path) -> None:
    sha256 = tiny_models.artifact(tiny_models.dense(tmp_path)).sha256
    broken, good = play({"fails": {f"*{sha256}*": "out of memory"}}, tmp_path)
    assert failed(broken)
    assert "out of memory" in broken.reason
    assert not failed(good)


@pytest.mark.parametrize("content", ['{"latency": 1}', "[]", "{"])
def test_read_script_refuses_what_it_does_not_know(content: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"script\.json"):
        read_script(file)


@pytest.mark.parametrize("name", ["../up.npy", "a/../../up.npy", "/anywhere.npy"])
def test_a_recording_writes_no_file_outside_of_its_folder(name: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"answers": [{"files": {name: ""}}]}))
    with pytest.raises(ConfigError, match=r"outside"):
        Scripted(str(file))


def test_scripted_counts_for_targets_that_count(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"instructions": {"base": 1000.0, "per_kib": 0.0}}))
    path = tiny_models.dense(tmp_path)
    device = resolve(f"arm-emulated@scripted://{file}")
    (found,) = measure([tiny_models.artifact(path)], device, MeasurePlan())
    assert (found.instructions, found.memory) == (1000, None)
    assert found.conditions["instructions"] == [1000] * COUNTS
    (price,) = layer_costs.price([path], device)
    assert (price.cost, price.p50_ms) == (1000.0, None)


def test_scripted_plays_conditions_in_turn_and_then_the_last(tmp_path: Path) -> None:
    rules = [{"jobs": 3, "temperature_c": 40.0}, {"temperature_c": 41.0}]
    found = play({"conditions": rules}, tmp_path)[0]
    assert set(found.conditions["temperature_c"]) == {40.0, 41.0}
    assert found.conditions["temperature_c"][-1] == 41.0


def test_scripted_waits_as_the_script_says(tmp_path: Path) -> None:
    waiting = [{"for": "calm", "reason": "hot", "waited_s": 4.0}]
    events: list[Event] = []
    found = play({"waiting": waiting}, tmp_path, events.append)[0]
    assert found.conditions["waits"] == {"calm": {"waited_s": 4.0, "reason": "hot"}}
    assert (events[0].stage, events[0].done) == ("wait", 4.0)
    assert "hot" in events[0].text


def test_scripted_plays_answers_one_after_another(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    content = base64.b64encode(b"outputs").decode()
    second = {"stdout": "two\n", "exit_code": 3, "files": {"outputs/0.npy": content}}
    file.write_text(json.dumps({"answers": [{"stdout": "one\n"}, second]}))
    transport, on_line = Scripted(str(file)), list[str]()
    assert transport.run(["x"], timeout_s=1, on_line=on_line.append).stdout == "one\n"
    assert transport.run(["x"], timeout_s=1, on_line=on_line.append).exit_code == 3
    assert on_line == ["one\n", "two\n"]
    transport.get(PurePosixPath("outputs/0.npy"), tmp_path / "got", timeout_s=1)
    assert (tmp_path / "got").read_bytes() == b"outputs"
