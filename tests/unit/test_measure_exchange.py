"""Answers of a device are believed only when they are whole."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests import tiny_models

from edgehone.cli.app import main
from edgehone.errors import DeviceError, NonsenseError, UsageError
from edgehone.measure.device import Device, resolve
from edgehone.measure.exchange import ask, runtime_for

START = '{"event": "start", "protocol": 2, "runtimes": {}}\n'
JOB = '{"event": "job", "job": "0/memory", "kind": "memory", "peak": 1, "model": 1, "process": 1}\n'
END = '{"event": "end", "jobs": 1}\n'
JOBS = [{"id": "0/memory", "kind": "memory"}]


def device(folder: Path, **answer: Any) -> Device:
    (folder / "script.json").write_text(json.dumps({"answers": [answer]}))
    return resolve(f"local@scripted://{folder / 'script.json'}")


def test_ask_returns_every_job_by_its_id(tmp_path: Path) -> None:
    found = ask(device(tmp_path, stdout=START + JOB + END), JOBS, threads=1, seed=0)
    assert found.jobs["0/memory"]["peak"] == 1


def test_ask_looks_past_what_is_not_the_protocol(tmp_path: Path) -> None:
    noise = 'Welcome to board!\n[1, 2]\n{"a": 1}\n'
    found = ask(device(tmp_path, stdout=noise + START + noise + JOB + END), JOBS, threads=1, seed=0)
    assert list(found.jobs) == ["0/memory"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"stdout": ""}, "did not begin"),
        ({"stdout": START.replace("2", "99")}, "it speaks protocol 99, this version speaks 2"),
        ({"stdout": "\x00\xff garbage {{{\n" * 50}, "did not begin"),
        ({"stdout": START}, "1 of 1 jobs"),
        ({"stdout": START + JOB}, "end mark"),
        ({"stdout": START + JOB[:40]}, "1 of 1 jobs"),
        ({"stdout": START + END}, "1 of 1 jobs"),
        ({"stdout": "", "exit_code": 255}, "exit code 255"),
        ({"stdout": START, "exit_code": -9, "timed_out": True}, "time limit"),
        ({"stdout": "", "stderr": "a\nNo module named numpy\n", "exit_code": 1}, "named numpy"),
        ({"stdout": '{"event": "refused", "reason": "too old"}\n', "exit_code": 2}, "too old"),
    ],
)
def test_ask_refuses_an_answer_that_is_not_whole(
    answer: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match="no whole answer") as caught:
        ask(device(tmp_path, **answer), JOBS, threads=1, seed=0)
    assert message in caught.value.message
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_ask_says_when_another_host_measures(tmp_path: Path) -> None:
    refused = {"event": "refused", "cause": "locked", "reason": "locked by process 7"}
    locked = device(tmp_path, stdout=json.dumps(refused) + "\n", exit_code=2)
    with pytest.raises(DeviceError, match=r"Another host is measuring on .*process 7") as caught:
        ask(locked, JOBS, threads=1, seed=0)
    assert "Wait" in caught.value.hint


def test_ask_hears_signs_of_life(tmp_path: Path) -> None:
    sign = {"event": "alive", "job": "0/memory", "within_s": 5.2, "process": 1234}
    on_line: list[Any] = []
    answer = device(tmp_path, stdout=json.dumps(sign) + "\n" + START + JOB + END)
    ask(answer, JOBS, threads=1, seed=0, on_line=on_line.append)
    assert on_line[0] == sign


def test_ask_tells_what_was_waited_for(tmp_path: Path) -> None:
    waits = [
        {"event": "waiting", "for": "calm", "reason": "hot", "waited_s": waited_s}
        for waited_s in (3.0, 6.0)
    ]
    text = "".join(json.dumps(line) + "\n" for line in waits)
    on_line: list[Any] = []
    answer = device(tmp_path, stdout=text + START + JOB + END)
    found = ask(answer, JOBS, threads=1, seed=0, on_line=on_line.append)
    assert found.waits == {"calm": {"waited_s": 6.0, "reason": "hot"}}
    assert [line["event"] for line in on_line] == ["waiting", "waiting", "start", "job", "end"]


def test_runner_for_goes_by_the_ending() -> None:
    assert runtime_for(Path("a.TFLITE")).RUNTIME == "litert"
    assert runtime_for(Path("a.onnx")).RUNTIME == "onnxruntime"
    with pytest.raises(UsageError, match=r"model\.keras") as caught:
        runtime_for(Path("model.keras"))
    assert ".onnx" in caught.value.hint


@pytest.mark.slow
def test_ask_keeps_the_line_that_cannot_be_for_debug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = JOB.replace('"peak": 1', '"peak": -1')
    with pytest.raises(NonsenseError, match=r"Device 'local@.*' answers what cannot be") as caught:
        ask(device(tmp_path, stdout=START + line + END), JOBS, threads=1, seed=0)
    assert caught.value.exit_code == 4
    assert line.rstrip() in caught.value.__notes__[0]
    model = str(tiny_models.dense(tmp_path))
    assert main(["bench", model, "--on", f"local@scripted://{tmp_path}/script.json"]) == 4
    assert "It answered" not in capsys.readouterr().err
    words = ["bench", model, "--on", f"local@scripted://{tmp_path}/script.json", "--debug"]
    assert main(words) == 4
    assert f"It answered: {line.rstrip()}" in capsys.readouterr().err


def test_ask_hears_what_cannot_be_from_a_thread_at_once(tmp_path: Path) -> None:
    on_line: list[Any] = []
    answer = device(tmp_path, stdout=START + '{"event": ' + "[" * 10_000 + "\n" + JOB + END)
    with pytest.raises(NonsenseError, match="200 levels"):
        ask(answer, JOBS, threads=1, seed=0, on_line=on_line.append)
    assert [line["event"] for line in on_line] == ["start"]


@pytest.mark.parametrize("extra", [JOB, '{"event": "job", "job": "0/memory", "kind": "outputs"}\n'])
def test_ask_wants_every_job_once_and_of_its_kind(extra: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        ask(device(tmp_path, stdout=START + JOB + extra + END), JOBS, threads=1, seed=0)
