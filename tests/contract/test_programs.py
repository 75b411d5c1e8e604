"""What targets/runner/PROTOCOL.md promises of every program that speaks it.

A new program joins through one entry in SPEAKERS.
"""

import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import needs, onnx_files, speakers, tflite_files, tiny_models
from tests.speakers import ENDLESS, TIMES, Answer, Speaker

from edgehone import variants
from edgehone.programs._base import Program
from edgehone.values import LayerSpec, Plain

pytestmark = pytest.mark.peer
SPEAKERS: dict[str, Callable[[], Speaker]] = {
    "python": speakers.python,
    "native": speakers.native,
}
HOSTILE = ["a b", "'", '"', "$(touch x)", "`id`", "-rf", "--", "a\nb", "*", "", "\\", "ä€😀", ";&|"]
ECHO = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"]


@pytest.fixture(scope="module", params=SPEAKERS)
def program(request: pytest.FixtureRequest) -> Speaker:
    return SPEAKERS[request.param]()


def test_every_program_that_speaks_the_protocol_is_held_to_it() -> None:
    assert set(SPEAKERS) <= set(variants.names("edgehone.programs", Program))


def endless(folder: Path) -> Plain:
    """A job that never ends by itself."""
    return {"kind": "latency", "model": tiny_models.net(folder).name, **ENDLESS}


def quick(folder: Path) -> Plain:
    """A job that is soon done."""
    return {"kind": "latency", "model": tiny_models.net(folder).name, **TIMES}


# ------------------------------------------------------------ the answer


def test_program_says_what_it_is_and_ends_with_the_mark(program: Speaker, tmp_path: Path) -> None:
    jobs = [{**quick(tmp_path), "id": name} for name in ("b", "a", "ä/ö \"'\n")]
    answer = program.ask(tmp_path, jobs)
    start = answer.start
    assert answer.lines[0] is start
    assert (start["protocol"], start["program"]) == (2, program.name)
    assert start["system"] == os.uname().sysname
    assert start["machine"] == os.uname().machine
    assert start["cpus"] >= 1
    assert start["memory_bytes"] > 1e8
    assert len(start["features"]) > 3
    assert set(start["runtimes"]) == {"litert"}
    assert any(letter.isdigit() for letter in start["runtimes"]["litert"])
    assert (start["missing"], start["steadied"], start["unsteadied"]) == ({}, [], {})
    assert start["conditions"]["reference_ms"] > 0
    assert [(line["job"], line["kind"]) for line in answer.jobs] == [
        (job["id"], "latency") for job in jobs
    ]
    assert answer.lines[-1] == {"event": "end", "jobs": 3}


def test_program_without_jobs_names_all_runtimes(program: Speaker, tmp_path: Path) -> None:
    answer = program.ask(tmp_path)
    known = {*answer.start["runtimes"], *answer.start["missing"]}
    assert known == {"litert", "onnxruntime"}
    assert answer.lines[-1] == {"event": "end", "jobs": 0}


@pytest.mark.parametrize(
    "content", ['{"protocol": 99}', "{}", "[]", '{"protocol": 2, "jobs"', None]
)
def test_program_refuses_what_it_cannot_read(
    program: Speaker, content: str | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "request.json").write_text(content)
    done = subprocess.run(
        [*program.command, "request.json"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=speakers.LIMIT_S,
    )
    (line,) = [json.loads(text) for text in done.stdout.splitlines()]
    assert (line["event"], line["cause"]) == ("refused", "protocol")
    assert line["reason"]
    assert done.returncode == 2


# ------------------------------------------------------------ jobs


def model_file(folder: Path, name: str) -> tuple[Path, str]:
    """A small model by name, and its runtime."""
    match name:
        case "litert-float32":
            path = tiny_models.net(folder)
        case "litert-int8":
            path = tiny_models.dense(folder, "int8")
            path.write_bytes(tflite_files.shifted(path.read_bytes(), (-7, 11)))
        case "litert-free-batch":
            path = folder / "free.tflite"
            path.write_bytes(tflite_files.free_batch(tflite_files.float_content()))
        case "litert-two-inputs":
            path = folder / "two.tflite"
            path.write_bytes(tflite_files.two_inputs())
        case "onnxruntime-float32":
            path = onnx_files.float_file(folder)
        case "onnxruntime-free-batch":
            path = onnx_files.free_batch(onnx_files.float_file(folder))
        case "onnxruntime-int8":
            path = onnx_files.reshaped(folder / "int8.onnx")
        case _:
            path = onnx_files.two_inputs(folder)
    return path, name.partition("-")[0]


ONE_INPUT = (
    "litert-float32",
    "litert-int8",
    "litert-free-batch",
    "onnxruntime-float32",
    "onnxruntime-free-batch",
    "onnxruntime-int8",
)
TWO_INPUTS = ("litert-two-inputs", "onnxruntime-two-inputs")


@pytest.mark.parametrize("name", [*ONE_INPUT, *TWO_INPUTS])
def test_program_times_loading_the_first_and_steady_inferences(
    program: Speaker, name: str, tmp_path: Path
) -> None:
    model, runtime = model_file(tmp_path, name)
    job = {"kind": "latency", "runtime": runtime, "model": model.name, **TIMES}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found.get("error") is None
    assert found["runs"] >= 20
    assert len(found["samples_ns"]) == found["runs"] or len(found["samples_ns"]) > 1000
    assert min(*found["samples_ns"], found["cold_ns"], found["init_ns"]) > 0
    assert found["waited"] is None or found["waited"] >= 0
    assert set(found["conditions"]) == {"before", "after"}


def test_program_thins_many_samples_evenly(program: Speaker, tmp_path: Path) -> None:
    model = tiny_models.dense(tmp_path)
    job = {"kind": "latency", "model": model.name, **TIMES, "minimum_count": 5001}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found["runs"] >= 5001
    assert 1000 <= len(found["samples_ns"]) <= 2000


@pytest.mark.parametrize("delegate", ["xnnpack", "none"])
def test_program_runs_with_and_without_the_delegate(
    program: Speaker, delegate: str, tmp_path: Path
) -> None:
    job = {**quick(tmp_path), "delegate": delegate}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found["runs"] >= 20


@pytest.mark.parametrize("runtime", ["litert", "onnxruntime"])
def test_program_reports_memory_that_grows_with_the_model(
    program: Speaker, runtime: str, tmp_path: Path
) -> None:
    if runtime == "litert":
        small = tiny_models.dense(tmp_path)
        spec = LayerSpec("dense", 1, 1, 1024, 2048)
        big = tiny_models.layer(tmp_path, spec, "float32", "big")
    else:
        small, big = onnx_files.float_file(tmp_path), onnx_files.big_file(tmp_path)
    jobs = [{"kind": "memory", "runtime": runtime, "model": path.name} for path in (small, big)]
    little, much = program.ask(tmp_path, jobs).jobs
    assert much["peak"] - little["peak"] > 0.7 * big.stat().st_size
    assert much["process"] > much["peak"] >= much["model"] > 0
    assert much["how"]


@pytest.mark.parametrize("name", ONE_INPUT)
def test_program_outputs_equal_the_interpreters(
    program: Speaker, name: str, tmp_path: Path
) -> None:
    model, runtime = model_file(tmp_path, name)
    shape = {"litert-int8": (6,), "onnxruntime-int8": (2, 2, 1)}.get(
        name, (6, 6, 3) if runtime == "litert" else (3, 6, 6)
    )
    x = np.random.default_rng(0).uniform(-20, 20, (20, *shape)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    job = {"kind": "outputs", "runtime": runtime, "model": model.name}
    job |= {"inputs": "x.npy", "outputs": "new/folder/y.npy"}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found.get("error") is None
    assert found["n"] == 20
    y = np.load(tmp_path / "new" / "folder" / "y.npy")
    assert y.dtype == np.float32
    expected = litert_outputs(model, x) if runtime == "litert" else onnx_outputs(model, x)
    assert expected.std(axis=0).max() > 0
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["y.npy"]


def litert_outputs(model: Path, x: Any) -> Any:
    """Outputs (n, ...) by the plainest use of the interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    (scale, zero), (out_scale, out_zero) = source["quantization"], sink["quantization"]
    answers = []
    for row in x:
        if scale:
            row = np.clip(np.round(row / np.float32(scale)) + zero, -128, 127)
        interpreter.set_tensor(
            source["index"], row.reshape(source["shape"]).astype(source["dtype"])
        )
        interpreter.invoke()
        answer = interpreter.get_tensor(sink["index"])[0]
        answers.append((answer.astype(np.float64) - out_zero) * out_scale if scale else answer)
    return np.array(answers, np.float32)


def onnx_outputs(model: Path, x: Any) -> Any:
    """Outputs (n, ...) by the plainest use of ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.array([session.run(None, {name: row[None]})[0][0] for row in x])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (np.zeros((2, 5, 5, 3), np.float32), "5, 5, 3"),
        (np.zeros((0, 6, 6, 3), np.float32), "no samples"),
    ],
)
def test_program_refuses_data_that_does_not_fit(
    program: Speaker, data: Any, told: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", data)
    model = tiny_models.net(tmp_path)
    job = {"kind": "outputs", "model": model.name, "inputs": "x.npy", "outputs": "y.npy"}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found["cause"] == "model"
    assert told in found["error"]
    assert not (tmp_path / "y.npy").exists()


@pytest.mark.parametrize("name", TWO_INPUTS)
def test_program_refuses_outputs_of_several_inputs(
    program: Speaker, name: str, tmp_path: Path
) -> None:
    model, runtime = model_file(tmp_path, name)
    np.save(tmp_path / "x.npy", np.zeros((2, 2, 3), np.float32))
    job = {"kind": "outputs", "runtime": runtime, "model": model.name}
    (found,) = program.ask(tmp_path, [{**job, "inputs": "x.npy", "outputs": "y.npy"}]).jobs
    assert found["cause"] == "model"
    assert "2 inputs" in found["error"]


def test_program_prices_all_members_of_an_archive_but_the_broken(
    program: Speaker, tmp_path: Path
) -> None:
    models = [tiny_models.net(tmp_path), tiny_models.dense(tmp_path, "int8")]
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(models[0], "0.tflite")
        archive.writestr("broken", b"no model at all")
        archive.write(models[1], "2.tflite")
    members = ["0.tflite", "broken", "2.tflite", "absent"]
    job = {"kind": "prices", "archive": "p.zip", "models": members, "passes": 3, **TIMES}
    first, broken, last, absent = program.ask(tmp_path, [job]).jobs[0]["prices"]
    assert [len(price["passes_ns"]) for price in (first, last)] == [3, 3]
    assert min(*first["passes_ns"], *last["passes_ns"]) > 0
    assert broken["error"]
    assert absent["error"]


def test_program_prices_onnx_members_too(program: Speaker, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(onnx_files.float_file(tmp_path), "m")
    job = {"kind": "prices", "runtime": "onnxruntime", "archive": "p.zip", "models": ["m"]}
    (found,) = program.ask(tmp_path, [{**job, "passes": 2, **TIMES}]).jobs
    assert len(found["prices"][0]["passes_ns"]) == 2


def test_program_tells_progress_of_long_prices(program: Speaker, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(tiny_models.dense(tmp_path), "m")
    job = {"kind": "prices", "archive": "p.zip", "models": ["m"], "passes": 100000}
    job |= {"warmup_s": 0.0, "minimum_s": 0.05, "minimum_count": 1}
    with program.start(tmp_path, [job]) as conversation:
        told = conversation.until("progress")
    assert told["job"] == "0"
    assert 0 <= told["done"] <= told["total"] == 100000


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"kind": "instructions", "runs": 1}, ""),
        ({"kind": "divination"}, "divination"),
        ({"kind": "latency", "runtime": "abacus", **TIMES}, "abacus"),
        ({"kind": "latency", "cores": [4095], **TIMES}, "4095"),
        ({"kind": "latency", "cores": [0, 4095], **TIMES}, "4095"),
    ],
)
def test_program_says_what_it_or_the_device_lacks(
    program: Speaker, job: Plain, told: str, tmp_path: Path
) -> None:
    model = tiny_models.net(tmp_path).name
    found, after = program.ask(tmp_path, [{**job, "model": model}, quick(tmp_path)]).jobs
    assert found["cause"] == "runtime"
    assert told in found["error"]
    assert after["runs"] >= 20


@pytest.mark.parametrize("runtime", ["litert", "onnxruntime"])
def test_program_goes_on_after_models_that_are_none(
    program: Speaker, runtime: str, tmp_path: Path
) -> None:
    (tmp_path / "garbage").write_bytes(os.urandom(1000))
    (tmp_path / "empty").write_bytes(b"")
    jobs = [
        {"kind": "latency", "runtime": runtime, "model": name, **TIMES}
        for name in ("garbage", "empty", "absent")
    ]
    *broken, good = program.ask(tmp_path, [*jobs, quick(tmp_path)]).jobs
    assert [line["cause"] for line in broken] == ["model"] * 3
    assert all(line["error"] and "\n" not in line["error"] for line in broken)
    assert good["runs"] >= 20


def test_program_takes_a_crash_for_that_jobs_answer(program: Speaker, tmp_path: Path) -> None:
    other = tiny_models.dense(tmp_path)
    jobs = [endless(tmp_path), quick(tmp_path), {**quick(tmp_path), "model": other.name}]
    with program.start(tmp_path, jobs) as conversation:
        conversation.until("start")
        speakers.kill(conversation.job_process())
        answer = conversation.finish()
    crashed, again, good = answer.jobs
    assert crashed["cause"] == again["cause"] == "crash"
    assert "9" in crashed["error"] or "KILL" in crashed["error"]
    assert good["runs"] >= 20
    assert answer.whole


def test_program_ends_a_job_at_its_own_limit(program: Speaker, tmp_path: Path) -> None:
    other = tiny_models.dense(tmp_path)
    jobs = [
        {**endless(tmp_path), "limit_s": 0.5},
        {**quick(tmp_path), "model": other.name},
        quick(tmp_path),
    ]
    hung, good, again = program.ask(tmp_path, jobs).jobs
    assert hung["cause"] == again["cause"] == "time"
    assert good["runs"] >= 20


def test_program_keeps_its_own_deadline(program: Speaker, tmp_path: Path) -> None:
    jobs = [endless(tmp_path), {**quick(tmp_path), "model": tiny_models.dense(tmp_path).name}]
    answer = program.ask(tmp_path, jobs, {"deadline_s": 2.0})
    assert [line["cause"] for line in answer.jobs] == ["time", "time"]
    assert answer.jobs[-1]["conditions"] == {"before": {}, "after": {}}


def test_program_uses_as_many_threads_as_it_may(program: Speaker, tmp_path: Path) -> None:
    counts = []
    for threads in (1, 4):
        with program.start(tmp_path, [endless(tmp_path)], {"threads": threads}) as conversation:
            conversation.until("start")
            counts.append(most_threads(conversation.job_process()))
    assert counts[1] == counts[0] + 3


def most_threads(process: int) -> int:
    """The number of threads once it stays the same for a while."""
    import time

    seen: list[int] = []
    while len(seen) < 20 or len(set(seen[-20:])) > 1:
        seen.append(len(list(Path(f"/proc/{process}/task").iterdir())))
        time.sleep(0.05)
    return seen[-1]


def test_program_pins_jobs_to_cores(program: Speaker, tmp_path: Path) -> None:
    last = max(os.sched_getaffinity(0))
    free = {**endless(tmp_path), "cores": [], "limit_s": 600.0}
    for job, expected in ((endless(tmp_path), {last}), (free, os.sched_getaffinity(0))):
        with program.start(tmp_path, [job], {"cores": [last]}) as conversation:
            conversation.until("start")
            process = conversation.job_process()
            most_threads(process)
            assert os.sched_getaffinity(process) == expected


# ------------------------------------------------------------ conditions


def test_program_reads_the_sensors_it_is_told_of(program: Speaker, tmp_path: Path) -> None:
    for name, text in {
        "cpu0/freq": "1200000\n",
        "cpu1/freq": "1500000\n",
        "cpu2/freq": "what?\n",
        "zone0/temp": "51234\n",
        "zone1/temp": "-40000\n",
        "zone2/temp": "",
        "governor": "ondemand\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    sensors = {
        "clock_khz": f"{tmp_path}/cpu*/freq",
        "temperature_mc": f"{tmp_path}/zone*/temp",
        "governor": f"{tmp_path}/governor",
    }
    answer = program.ask(tmp_path, [quick(tmp_path)], {"sensors": sensors})
    around = answer.jobs[0]["conditions"]
    for reading in (answer.start["conditions"], around["before"], around["after"]):
        assert reading["clock_mhz"] == 1500
        assert reading["temperature_c"] == pytest.approx(51.234)
        assert reading["governor"] == "ondemand"
        assert reading["load1"] >= 0
        assert reading["reference_ms"] > 0
        assert reading["told"] == {}


def test_program_tells_nothing_of_sensors_that_are_not_there(
    program: Speaker, tmp_path: Path
) -> None:
    sensors = {"clock_khz": f"{tmp_path}/no*", "temperature_mc": "/proc/self/mem"}
    for request in ({}, {"sensors": sensors}):
        found = program.ask(tmp_path, (), request).start["conditions"]
        assert (found["clock_mhz"], found["temperature_c"], found["governor"]) == (None,) * 3
        assert found["busiest"] == []


def test_program_gives_commands_their_words_unchanged(program: Speaker, tmp_path: Path) -> None:
    request = {"sensors": {"commands": {"echo": [*ECHO, *HOSTILE]}}}
    told = program.ask(tmp_path, (), request).start["conditions"]["told"]
    assert json.loads(told["echo"]) == HOSTILE
    assert [path.name for path in tmp_path.iterdir()] == ["request.json"]


@pytest.mark.slow
def test_program_bounds_what_commands_do(program: Speaker, tmp_path: Path) -> None:
    commands = {
        "reads": [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"],
        "much": [sys.executable, "-c", "print('x' * 100000)"],
        "fails": [sys.executable, "-c", "print('x'); raise SystemExit(3)"],
        "absent": ["/no/such/program"],
        "hangs": [
            sys.executable,
            "-c",
            f"import os, time; open({str(tmp_path / 'pid')!r}, 'w')"
            ".write(str(os.getpid())); print('x', flush=True); time.sleep(3600)",
        ],
    }
    told = program.ask(tmp_path, (), {"sensors": {"commands": commands}}).start["conditions"][
        "told"
    ]
    assert set(told) == {"reads", "much"}
    assert told["reads"] == "''"
    assert told["much"] == "x" * 4096
    assert speakers.ended(int((tmp_path / "pid").read_text()))


def test_program_names_the_processes_that_kept_a_cpu_busy(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "busy bee) 1").symlink_to(sys.executable)
    argv = [str(tmp_path / "busy bee) 1"), "-S", "-c", "while True: pass"]
    job = {**quick(tmp_path), "minimum_s": 0.5}
    bees = [subprocess.Popen(argv) for _ in range(4)]  # other work here may outdo one or two
    try:
        answer = program.ask(tmp_path, [job])
    finally:
        for bee in bees:
            bee.kill()
            bee.wait()
    busiest = answer.jobs[0]["conditions"]["after"]["busiest"]
    assert "busy bee) 1" in [name for name, _ in busiest]
    assert 1 <= len(busiest) <= 3
    shares = [share for _, share in busiest]
    assert shares == sorted(shares, reverse=True)
    assert all(0.01 <= share <= 1.5 * (os.cpu_count() or 1) for share in shares)


# ------------------------------------------------------------ waiting


def test_program_waits_for_calm_no_longer_than_it_may(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("90500\n")
    request = {
        "sensors": {"temperature_mc": str(tmp_path / "temp")},
        "calm": {"temperature_c": 80.0, "load_per_core": 1e9, "wait_s": 0.6},
    }
    answer = program.ask(tmp_path, [quick(tmp_path)], request)
    waited = answer.events("waiting")
    assert waited
    assert {line["for"] for line in waited} == {"calm"}
    assert "90.5" in waited[0]["reason"]
    assert all(line["waited_s"] <= 1 for line in waited)
    assert [line["event"] for line in answer.lines][:2] == ["start", "waiting"]
    assert answer.jobs[0]["runs"] >= 20


def test_program_goes_on_as_soon_as_it_is_calm(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("90500\n")
    request = {
        "sensors": {"temperature_mc": str(tmp_path / "temp")},
        "calm": {"temperature_c": 80.0, "wait_s": 3600.0},
    }
    with program.start(tmp_path, [quick(tmp_path)], request) as conversation:
        conversation.until("waiting")
        (tmp_path / "new").write_text("50000\n")
        (tmp_path / "new").rename(tmp_path / "temp")
        answer = conversation.finish()
    assert answer.whole
    assert answer.jobs[0]["conditions"]["before"]["temperature_c"] == 50.0


def test_program_waits_for_the_load_to_fall(program: Speaker, tmp_path: Path) -> None:
    request = {"calm": {"load_per_core": 0.0, "wait_s": 0.3}}
    waited = program.ask(tmp_path, [quick(tmp_path)], request).events("waiting")
    assert "load" in waited[0]["reason"]


def test_program_without_jobs_waits_for_nothing(program: Speaker, tmp_path: Path) -> None:
    request = {"calm": {"load_per_core": 0.0, "wait_s": 3600.0}}
    assert program.ask(tmp_path, (), request).events("waiting") == []


# ------------------------------------------------------------ the lock


def locked(path: Path, wait_s: float) -> Plain:
    return {"lock": {"path": str(path), "wait_s": wait_s}}


def test_program_is_refused_while_another_measures(program: Speaker, tmp_path: Path) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    other.mkdir()
    with program.start(tmp_path, [endless(tmp_path)], locked(lock, 0.0)) as first:
        first.until("start")
        with program.start(other, (), locked(lock, 0.3)) as second:
            answer = second.finish()
        assert str(first.child.pid) in answer.lines[-1]["reason"]
        assert first.child.poll() is None
    waiting, refused = answer.lines
    assert (waiting["event"], waiting["for"]) == ("waiting", "lock")
    assert (refused["event"], refused["cause"]) == ("refused", "locked")
    assert answer.exit_code == 2


def test_program_has_its_turn_when_the_other_is_killed(program: Speaker, tmp_path: Path) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    other.mkdir()
    with program.start(tmp_path, [endless(tmp_path)], locked(lock, 0.0)) as first:
        first.until("start")
        job = first.job_process()
        with program.start(other, [quick(other)], locked(lock, 3600.0)) as second:
            second.until("waiting")
            speakers.kill(first.child.pid)
            answer = second.finish()
    assert speakers.ended(job)
    assert answer.whole
    assert answer.jobs[0]["runs"] >= 20


def test_program_shares_its_lock_file_with_every_user(program: Speaker, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        program.ask(tmp_path, (), locked(tmp_path / "lock", 0.0))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o644
    assert (tmp_path / "lock").read_text() == ""
    assert program.ask(tmp_path, (), locked(tmp_path / "lock", 0.0)).whole


def test_program_locks_a_file_of_another_user(program: Speaker, tmp_path: Path) -> None:
    needs.root()
    sticky = tmp_path / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    lock = sticky / "lock"
    lock.write_text("left by its owner\n")
    lock.chmod(0o644)
    os.chown(lock, 65534, 65534)
    assert program.ask(tmp_path, (), locked(lock, 0.0)).whole
    assert lock.read_text() == "left by its owner\n"


@pytest.mark.parametrize("trap", ["link", "folder", "pipe", "socket", "nowhere"])
def test_program_refuses_a_lock_that_is_no_file(
    program: Speaker, trap: str, tmp_path: Path
) -> None:
    place, precious = tmp_path / "lock", tmp_path / "precious"
    precious.write_text("precious")
    match trap:
        case "link":
            place.symlink_to(precious)
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(os.path.relpath(place))
        case _:
            place = tmp_path / "no" / "folder" / "lock"
    with program.start(tmp_path, (), locked(place, 0.0)) as conversation:
        answer = conversation.finish()
    (refused,) = answer.lines
    assert (refused["event"], refused["cause"]) == ("refused", "locked")
    assert answer.exit_code == 2
    assert precious.read_text() == "precious"


# ------------------------------------------------------------ ending early


def stopped(answer: Answer) -> bool:
    """Whether the program stopped before its end, and said why."""
    return not answer.whole and answer.exit_code not in (0, 2) and bool(answer.stderr.strip())


def test_program_stops_at_once_when_standard_input_closes(program: Speaker, tmp_path: Path) -> None:
    with program.start(tmp_path, [endless(tmp_path)], {"watch_stdin": True}) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        answer = conversation.finish(close_input=True)
    assert stopped(answer)
    assert answer.jobs == []
    assert speakers.ended(job)


def test_program_stops_waiting_when_standard_input_closes(program: Speaker, tmp_path: Path) -> None:
    request = {"watch_stdin": True, "calm": {"load_per_core": 0.0, "wait_s": 3600.0}}
    with program.start(tmp_path, [endless(tmp_path)], request) as conversation:
        conversation.until("waiting")
        assert stopped(conversation.finish(close_input=True))


def test_program_passes_over_what_comes_on_standard_input(program: Speaker, tmp_path: Path) -> None:
    with program.start(tmp_path, [quick(tmp_path)], {"watch_stdin": True}) as conversation:
        assert conversation.child.stdin is not None
        conversation.child.stdin.write("what?\n" * 20000)
        conversation.child.stdin.flush()
        assert conversation.finish().whole


def test_program_does_not_mind_an_empty_input_that_is_not_watched(
    program: Speaker, tmp_path: Path
) -> None:
    jobs = [quick(tmp_path)]
    with program.start(tmp_path, jobs, stdin=subprocess.DEVNULL) as conversation:
        assert conversation.finish().whole


def test_program_watches_a_terminal(program: Speaker, tmp_path: Path) -> None:
    for closes in (False, True):
        ours, theirs = pty.openpty()
        jobs = [endless(tmp_path) if closes else quick(tmp_path)]
        request = {"watch_stdin": True}
        with program.start(tmp_path, jobs, request, stdin=theirs) as conversation:
            os.close(theirs)
            conversation.until("start")
            if closes:
                os.close(ours)
            answer = conversation.finish()
        if not closes:
            os.close(ours)
        assert stopped(answer) if closes else answer.whole


def test_program_stops_when_nobody_reads_its_answer(program: Speaker, tmp_path: Path) -> None:
    jobs = [quick(tmp_path), endless(tmp_path)]
    with program.start(tmp_path, jobs, {"watch_stdin": True}) as conversation:
        conversation.until("start")
        assert conversation.child.stdout is not None
        conversation.child.stdout.close()
        conversation.child.stdout = None
        assert speakers.ended(conversation.child.pid)


# ------------------------------------------------------------ settings


def steady(folder: Path) -> Plain:
    """Two files and a command to set in `folder`; the command writes "on" and "off" to a log."""
    for name in ("one", "two"):
        (folder / name).write_text("before\n")
    log = [sys.executable, "-c", "import sys; open('log', 'a').write(sys.argv[1] + '\\n')"]
    return {
        "steady": {
            "files": {f"{folder}/o*e": "fixed", f"{folder}/two": "fixed"},
            "commands": [{"on": [*log, "on"], "off": [*log, "off"]}],
        }
    }


def is_set(folder: Path) -> bool:
    words = [(folder / name).read_text().strip() for name in ("one", "two")]
    assert set(words) in ({"before"}, {"fixed"}), words
    return words[0] == "fixed"


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().split()


def test_program_sets_what_is_asked_and_puts_it_back(program: Speaker, tmp_path: Path) -> None:
    request = steady(tmp_path)
    with program.start(tmp_path, [endless(tmp_path)], {**request, "deadline_s": 3.0}) as talk:
        start = talk.until("start")
        assert is_set(tmp_path)
        record = json.loads((tmp_path / "steady.json").read_text())
        answer = talk.finish()
    assert answer.whole
    on = " ".join(request["steady"]["commands"][0]["on"])
    assert sorted(start["steadied"]) == sorted([f"{tmp_path}/one", f"{tmp_path}/two", on])
    assert start["unsteadied"] == {}
    assert record == {
        "files": {f"{tmp_path}/one": "before", f"{tmp_path}/two": "before"},
        "commands": [request["steady"]["commands"][0]["off"]],
    }
    assert not is_set(tmp_path)
    assert log(tmp_path) == ["on", "off"]
    assert not (tmp_path / "steady.json").exists()


@pytest.mark.parametrize(
    "way", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, "input", "unread", "crash"]
)
def test_program_puts_back_in_whichever_way_it_ends(
    program: Speaker, way: "signal.Signals | str", tmp_path: Path
) -> None:
    request = {**steady(tmp_path), "watch_stdin": True}
    with program.start(tmp_path, [endless(tmp_path)] * 2, request) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        assert is_set(tmp_path)
        if isinstance(way, signal.Signals):
            conversation.child.send_signal(way)
        if way == "unread":
            assert conversation.child.stdout is not None
            conversation.child.stdout.close()
            conversation.child.stdout = None
        if way in ("crash", "unread"):
            speakers.kill(job)
        if way == "unread":
            assert speakers.ended(conversation.child.pid)
        else:
            answer = conversation.finish(close_input=way == "input")
            assert answer.whole if way == "crash" else stopped(answer)
    assert speakers.ended(job)
    assert not is_set(tmp_path)
    assert log(tmp_path) == ["on", "off"]
    assert not (tmp_path / "steady.json").exists()


@pytest.mark.parametrize("again", [False, True])
def test_program_puts_back_what_a_killed_one_left(
    program: Speaker, again: bool, tmp_path: Path
) -> None:
    request = steady(tmp_path)
    with program.start(tmp_path, [endless(tmp_path)], request) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        speakers.kill(conversation.child.pid)
        conversation.finish()
    assert speakers.ended(job)
    assert is_set(tmp_path)
    answer = program.ask(tmp_path, (), request if again else {"steady": None})
    assert len(answer.start["steadied"]) == (3 if again else 0)
    assert not is_set(tmp_path)
    assert log(tmp_path) == (["on", "off", "on", "off"] if again else ["on", "off"])
    assert not (tmp_path / "steady.json").exists()


def test_program_waits_for_the_lock_before_it_puts_back(program: Speaker, tmp_path: Path) -> None:
    request = {**steady(tmp_path), **locked(tmp_path / "lock", 0.0)}
    with program.start(tmp_path, [endless(tmp_path)], request) as first:
        first.until("start")
        with program.start(tmp_path, (), locked(tmp_path / "lock", 0.0)) as second:
            assert second.finish().exit_code == 2
        assert is_set(tmp_path)
        assert (tmp_path / "steady.json").exists()


def test_program_says_what_it_could_not_set(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "has-it").write_text("fixed")
    (tmp_path / "folder").mkdir()
    fails = [sys.executable, "-c", "raise SystemExit('not permitted')"]
    request = {
        "steady": {
            "files": {
                f"{tmp_path}/has-it": "fixed",
                f"{tmp_path}/no*": "fixed",
                f"{tmp_path}/folder": "fixed",
                "/dev/null": "fixed",
                "/proc/version": "fixed",
            },
            "commands": [
                {"on": fails, "off": fails},
                {"on": ["/no/program"], "off": ["/no/program"]},
            ],
        }
    }
    start = program.ask(tmp_path, (), request).start
    assert start["steadied"] == [f"{tmp_path}/has-it"]
    assert set(start["unsteadied"]) == {
        f"{tmp_path}/no*",
        f"{tmp_path}/folder",
        "/dev/null",
        "/proc/version",
        " ".join(fails),
        "/no/program",
    }
    assert all(start["unsteadied"].values())
    assert not (tmp_path / "steady.json").exists()


def test_program_sets_nothing_that_it_cannot_write_down(program: Speaker, tmp_path: Path) -> None:
    request = steady(tmp_path)
    (tmp_path / "steady.json" / "in the way").mkdir(parents=True)
    with program.start(tmp_path, (), request) as conversation:
        start = conversation.until("start")
        assert not is_set(tmp_path)
    assert start["steadied"] == []
    assert start["unsteadied"]
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 1}', '{"commands": [[]]}'])
def test_program_passes_over_a_damaged_record(
    program: Speaker, content: str, tmp_path: Path
) -> None:
    (tmp_path / "steady.json").write_text(content)
    assert program.ask(tmp_path).whole
    assert not (tmp_path / "steady.json").exists()


def test_program_gives_setting_commands_their_words_unchanged(
    program: Speaker, tmp_path: Path
) -> None:
    code = "import json, sys; open('said', 'a').write(json.dumps(sys.argv[1:]) + '\\n')"
    on, off = ([sys.executable, "-c", code, word, *HOSTILE] for word in ("on", "off"))
    program.ask(tmp_path, (), {"steady": {"commands": [{"on": on, "off": off}]}})
    said = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert said == [["on", *HOSTILE], ["off", *HOSTILE]]
