"""What targets/runner/PROTOCOL.md promises of the answer and of each kind of job.

Every program that speaks the protocol passes this suite, and test_runners_around.py and
test_runners_leaving.py; tests/speakers.py says how each is started.
"""

import json
import os
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import byte_files, index_files, onnx_files, speakers, tflite_files, tiny_models
from tests.speakers import TIMES, Speaker, endless, quick

from edgehone.runners._base import Runner
from edgehone.system import variants
from edgehone.values import LayerSpec, Plain

pytestmark = pytest.mark.peer


def test_every_program_that_speaks_the_protocol_is_held_to_it() -> None:
    known = variants.names("edgehone.runners", Runner)
    assert set(known) - set(speakers.SPOKEN_FOR) == set(speakers.SPEAKERS)


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


@pytest.mark.parametrize("kind", ["latency", "memory", "outputs"])
def test_program_falls_back_to_plain_kernels_and_says_so(
    program: Speaker, kind: str, tmp_path: Path
) -> None:
    model = byte_files.beyond_xnnpack(tmp_path)
    x = np.random.default_rng(0).uniform(-1e-6, 1e-6, (9, 6)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    job = {"kind": kind, "model": model.name, "inputs": "x.npy", "outputs": "y.npy", **TIMES}
    found, again, plain = program.ask(tmp_path, [job, job, {**job, "delegate": "none"}]).jobs
    assert [line.get("error") for line in (found, again, plain)] == [None] * 3
    assert found["fallback"]
    assert "\n" not in found["fallback"]
    assert again["fallback"] == found["fallback"]
    assert "fallback" not in plain


def test_program_answers_with_the_first_error_where_plain_kernels_fail_too(
    program: Speaker, tmp_path: Path
) -> None:
    (tmp_path / "m").write_bytes(b"no model")
    found, good = program.ask(tmp_path, [{"kind": "memory", "model": "m"}, quick(tmp_path)]).jobs
    assert found["cause"] == "model"
    assert "fallback" not in found
    assert "fallback" not in good


def test_program_makes_up_inputs_within_the_ranges_that_it_is_given(
    program: Speaker, tmp_path: Path
) -> None:
    model = index_files.squared_ids_file(tmp_path)
    job = {"kind": "latency", "model": model.name, **TIMES}
    ranges = [{"name": "ids", "low": [1, 2], "high": [3, 3]}]
    bare, bounded, other = program.ask(
        tmp_path,
        [
            {**job, "seed": 3},
            {**job, "ranges": ranges},
            {**job, "ranges": [{**ranges[0], "low": [4, 4], "high": [4, 4]}]},
        ],
    ).jobs
    assert bare["cause"] == other["cause"] == "model"  # 0 and 16 are less and more than there are
    assert bounded["runs"] >= 20


def test_program_gives_each_input_its_own_range(program: Speaker, tmp_path: Path) -> None:
    model = index_files.slice_file(tmp_path)
    begin = {"name": "begin", "low": [0], "high": [0]}
    size = {"name": "size", "low": [1, 6, 4], "high": [1, 6, 4]}
    job = {"kind": "latency", "model": model.name, **TIMES}
    right, wrong = program.ask(
        tmp_path,
        [
            {**job, "ranges": [None, begin, size]},
            {**job, "ranges": [None, {**begin, "low": [1], "high": [1]}, size]},
        ],
    ).jobs
    assert right.get("error") is None
    assert wrong["cause"] == "model"


def test_program_gives_onnx_inputs_their_ranges(program: Speaker, tmp_path: Path) -> None:
    model = index_files.onnx_file(tmp_path / "m.onnx")
    job = {"kind": "latency", "runtime": "onnxruntime", "model": model.name, **TIMES}
    ids = {"name": "ids", "low": [250], "high": [299]}
    k = {"name": "k", "low": [1], "high": [5]}
    right, wrong = program.ask(
        tmp_path,
        [
            {**job, "ranges": [ids, k, None]},
            {**job, "ranges": [{**ids, "low": [300], "high": [300]}, k, None]},
        ],
    ).jobs
    assert right.get("error") is None
    assert wrong["cause"] == "model"


@pytest.mark.parametrize("kind", ["latency", "memory"])
def test_program_runs_on_the_first_sample_where_it_is_given_one(
    program: Speaker, kind: str, tmp_path: Path
) -> None:
    model = index_files.squared_ids_file(tmp_path)
    np.save(tmp_path / "good.npy", np.full((3, 5), 2, np.float32))
    np.save(tmp_path / "bad.npy", np.full((3, 5), 7, np.float32))
    job = {"kind": kind, "model": model.name, **TIMES}
    jobs = [{**job, "sample": f"{name}.npy"} for name in ("good", "bad", "absent")]
    good, bad, absent = program.ask(tmp_path, jobs).jobs
    assert good.get("error") is None
    assert bad["cause"] == absent["cause"] == "model"


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
    assert much["peak"] >= much["steady"] > 0
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
    ("data", "text"),
    [
        (np.zeros((2, 5, 5, 3), np.float32), "5, 5, 3"),
        (np.zeros((0, 6, 6, 3), np.float32), "no samples"),
    ],
)
def test_program_refuses_data_that_does_not_fit(
    program: Speaker, data: Any, text: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", data)
    model = tiny_models.net(tmp_path)
    job = {"kind": "outputs", "model": model.name, "inputs": "x.npy", "outputs": "y.npy"}
    (found,) = program.ask(tmp_path, [job]).jobs
    assert found["cause"] == "model"
    assert text in found["error"]
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
    job = {"kind": "prices", "archive": "p.zip", "models": ["m"], "passes": 900}
    job |= {"warmup_s": 0.0, "minimum_s": 0.05, "minimum_count": 1}
    with program.start(tmp_path, [job]) as conversation:
        text = conversation.until("progress")
    assert text["job"] == "0"
    assert 0 <= text["done"] <= text["total"] == 900


@pytest.mark.parametrize(
    ("job", "text"),
    [
        ({"kind": "instructions", "runs": 1}, ""),
        ({"kind": "prices", "archive": "a.zip", "models": ["m"], "count": True}, ""),
        ({"kind": "divination"}, "divination"),
        ({"kind": "version"}, "version"),
        ({"kind": "latency", "runtime": "abacus", **TIMES}, "abacus"),
        ({"kind": "latency", "cores": [4095], **TIMES}, "4095"),
        ({"kind": "latency", "cores": [0, 4095], **TIMES}, "4095"),
    ],
)
def test_program_says_what_it_or_the_device_lacks(
    program: Speaker, job: Plain, text: str, tmp_path: Path
) -> None:
    model = tiny_models.net(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(model, "m")
    found, after = program.ask(tmp_path, [{**job, "model": model.name}, quick(tmp_path)]).jobs
    assert found["cause"] == "runtime"
    assert text in found["error"]
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


@pytest.mark.slow
def test_program_keeps_its_own_deadline(program: Speaker, tmp_path: Path) -> None:
    jobs = [endless(tmp_path), {**quick(tmp_path), "model": tiny_models.dense(tmp_path).name}]
    answer = program.ask(tmp_path, jobs, {"deadline_s": 2.0})
    assert [line["cause"] for line in answer.jobs] == ["time", "time"]
    assert answer.jobs[-1]["conditions"] == {"before": {}, "after": {}}


@pytest.mark.slow
def test_program_uses_as_many_threads_as_it_may(program: Speaker, tmp_path: Path) -> None:
    counts = []
    for threads in (1, 4):
        with program.start(tmp_path, [endless(tmp_path)], {"threads": threads}) as conversation:
            conversation.until("start")
            counts.append(most_threads(conversation.job_process()))
    assert counts[1] == counts[0] + 3


def most_threads(process: int) -> int:
    """The number of threads once it stays the same for a while."""
    seen: list[int] = []
    while len(seen) < 20 or len(set(seen[-20:])) > 1:
        seen.append(len(list(Path(f"/proc/{process}/task").iterdir())))
        time.sleep(0.05)
    return seen[-1]


@pytest.mark.slow
def test_program_pins_jobs_to_cores(program: Speaker, tmp_path: Path) -> None:
    last = max(os.sched_getaffinity(0))
    free = {**endless(tmp_path), "cores": [], "limit_s": 600.0}
    for job, expected in ((endless(tmp_path), {last}), (free, os.sched_getaffinity(0))):
        with program.start(tmp_path, [job], {"cores": [last]}) as conversation:
            conversation.until("start")
            process = conversation.job_process()
            most_threads(process)
            assert os.sched_getaffinity(process) == expected
