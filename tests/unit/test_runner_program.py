"""The program that runs on devices, run as one would: a request file in, JSON lines out."""

import ast
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import fake_runtime, tiny_models

from edgehone import targets
from edgehone.values import LayerSpec

TIMES = {"warmup_s": 0.001, "minimum_s": 0.005, "minimum_count": 20}


def run(
    folder: Path, jobs: list[dict[str, Any]], *, deadline_s: float = 60, path: Path | None = None
) -> list[dict[str, Any]]:
    """Every line of the program's answer to `jobs`, run in `folder`; path comes first on it."""
    jobs = [{"id": str(index), "runtime": "litert", **job} for index, job in enumerate(jobs)]
    request = {"protocol": 2, "deadline_s": deadline_s, "threads": 1, "delegate": "xnnpack"}
    (folder / "request.json").write_text(json.dumps({**request, "seed": 0, "jobs": jobs}))
    argv = [sys.executable, str(targets.runner_source("runner.py")), "request.json"]
    environment = {**os.environ, "PYTHONPATH": str(path) if path else ""}
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["event"] == "start"
    assert lines[-1] == {"event": "end", "jobs": len(jobs)}
    return lines


def results(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "job"]


def test_runner_is_one_file_that_python_3_7_can_read() -> None:
    source = targets.runner_source("runner.py").read_text()
    tree = ast.parse(source, feature_version=(3, 7))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported - set(sys.stdlib_module_names) == {"numpy"}


def test_runner_times_loading_the_first_and_steady_inferences(tmp_path: Path) -> None:
    model = tiny_models.net(tmp_path)
    job = {"kind": "latency", "model": model.name, **TIMES}
    (found,) = results(run(tmp_path, [job]))
    assert found["runs"] >= 20
    assert min(found["samples_ns"]) > 0
    assert found["cold_ns"] > 0
    assert found["init_ns"] > 0
    assert set(found["conditions"]) == {"before", "after"}
    assert found["conditions"]["after"]["reference_ms"] > 0


def test_runner_thins_many_samples_evenly(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    (tmp_path / "m.tflite").write_bytes(b"quick")
    job = {"kind": "latency", "model": "m.tflite", **TIMES, "minimum_count": 5001}
    (found,) = results(run(tmp_path, [job], path=tmp_path))
    assert found["runs"] >= 5001
    assert 1000 <= len(found["samples_ns"]) <= 2000


def test_runner_reports_memory_that_grows_with_the_model(tmp_path: Path) -> None:
    small = tiny_models.dense(tmp_path)
    big = tiny_models.layer(tmp_path, LayerSpec("dense", 1, 1, 1024, 2048), "float32", "big")
    jobs = [{"kind": "memory", "model": path.name} for path in (small, big)]
    little, much = results(run(tmp_path, jobs))
    assert much["peak"] - little["peak"] > 0.7 * big.stat().st_size
    assert much["process"] > much["peak"] >= much["model"] > 0


def test_runner_outputs_equal_the_interpreters_at_int8_borders(tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    model = tiny_models.dense(tmp_path, "int8")
    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert source["dtype"] is np.int8
    (scale, zero), (out_scale, out_zero) = source["quantization"], sink["quantization"]
    low, high = float(1.5 * scale * (-128 - zero)), float(1.5 * scale * (127 - zero))
    x = np.random.default_rng(0).uniform(low, high, (20, 6)).astype(np.float32)
    expected = []
    for row in x:
        steps = np.clip(np.round(row / np.float32(scale)) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], steps.reshape(source["shape"]))
        interpreter.invoke()
        answer = interpreter.get_tensor(sink["index"]).astype(np.float64).ravel()
        expected.append((answer - out_zero) * out_scale)
    np.save(tmp_path / "x.npy", x)
    job = {"kind": "outputs", "model": model.name, "inputs": "x.npy", "outputs": "o/y.npy"}
    (found,) = results(run(tmp_path, [job]))
    assert found["n"] == 20
    y = np.load(tmp_path / "o" / "y.npy")
    assert y.dtype == np.float32
    assert y.reshape(20, -1).std(axis=0).max() > 0
    np.testing.assert_allclose(y.reshape(20, -1), expected, rtol=1e-6)


def test_runner_refuses_data_of_another_shape(tmp_path: Path) -> None:
    model = tiny_models.net(tmp_path)
    np.save(tmp_path / "x.npy", np.zeros((2, 5, 5, 3), np.float32))
    job = {"kind": "outputs", "model": model.name, "inputs": "x.npy", "outputs": "y.npy"}
    (found,) = results(run(tmp_path, [job]))
    assert found["cause"] == "model"
    assert "[5, 5, 3]" in found["error"]
    assert not (tmp_path / "y.npy").exists()


def test_runner_survives_crash_refusal_noise_and_garbage(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    for content in ("good", "crash", "refuse"):
        (tmp_path / f"{content}.tflite").write_text(content)
    jobs = [
        {"kind": "latency", "model": f"{name}.tflite", **TIMES}
        for name in ("crash", "refuse", "missing", "good")
    ]
    lines = run(tmp_path, jobs, path=tmp_path)
    crash, refuse, missing, good = results(lines)
    assert (crash["cause"], crash["error"]) == ("crash", "the runtime crashed (signal 6)")
    assert (refuse["cause"], refuse["error"]) == (
        "model",
        "RuntimeError: no such operator in the whole library",
    )
    assert missing["cause"] == "model"
    assert "error" not in good
    assert lines[0]["runtimes"] == {"litert": "ai_edge_litert 0.fake"}


def test_runner_keeps_its_own_deadline(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    for content in ("hang", "good"):
        (tmp_path / f"{content}.tflite").write_text(content)
    jobs = [{"kind": "latency", "model": f"{name}.tflite", **TIMES} for name in ("hang", "good")]
    hang, good = results(run(tmp_path, jobs, deadline_s=0.3, path=tmp_path))
    assert (hang["cause"], good["cause"]) == ("time", "time")


def test_runner_does_not_try_a_model_again_that_hung(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    for content in ("hang", "good"):
        (tmp_path / f"{content}.tflite").write_text(content)
    jobs = [
        {"kind": "latency", "model": f"{name}.tflite", "limit_s": 0.5, **TIMES}
        for name in ("hang", "good", "hang")
    ]
    hang, good, again = results(run(tmp_path, jobs, path=tmp_path))
    assert hang["cause"] == again["cause"] == "time"
    assert "error" not in good


def test_runner_stops_when_nobody_waits_for_its_answer(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    (tmp_path / "m.tflite").write_text("hang")
    job = {"id": "0", "kind": "latency", "runtime": "litert", "model": "m.tflite", **TIMES}
    request = {"protocol": 2, "deadline_s": 300, "threads": 1, "delegate": "none", "seed": 0}
    (tmp_path / "request.json").write_text(json.dumps({**request, "jobs": [job]}))
    argv = [sys.executable, str(targets.runner_source("runner.py")), "request.json"]
    code = (
        "import subprocess, sys, time; runner = subprocess.Popen(sys.argv[1:]);"
        "print(runner.pid, flush=True); time.sleep(300)"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", code, *argv],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert asker.stdout is not None
    runner = int(asker.stdout.readline())
    assert json.loads(asker.stdout.readline())["event"] == "start"
    assert not ended(runner)
    asker.kill()
    asker.communicate()  # the pipe closes only when the runner and its child are going too
    for _ in range(100):
        if ended(runner):
            return
        time.sleep(0.05)
    pytest.fail("the runner program outlived its asker")


def ended(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_runner_names_the_runtimes_that_are_missing(tmp_path: Path) -> None:
    fake_runtime.uninstall(tmp_path)
    jobs = [
        {"kind": "latency", "runtime": runtime, "model": "m", **TIMES}
        for runtime in ("litert", "onnxruntime")
    ]
    lines = run(tmp_path, jobs, path=tmp_path)
    assert set(lines[0]["missing"]) == {"litert", "onnxruntime"}
    assert {line["cause"] for line in results(lines)} == {"runtime"}


def test_runner_prices_all_models_but_the_ones_that_fail(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    contents = ["good", "crash", "refuse", "good", "crash"]
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for index, content in enumerate(contents):
            archive.writestr(str(index), content)
    members = [str(index) for index in range(len(contents))]
    job = {"kind": "prices", "archive": "p.zip", "models": members, "passes": 3, **TIMES}
    (found,) = results(run(tmp_path, [job], path=tmp_path))
    prices = found["prices"]
    assert [len(price.get("passes_ns", ())) for price in prices] == [3, 0, 0, 3, 0]
    assert "crashed" in prices[1]["error"]
    assert "crashed" in prices[4]["error"]
    assert "no such operator" in prices[2]["error"]


def test_runner_refuses_a_protocol_it_does_not_speak(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"protocol": 99}')
    argv = [sys.executable, str(targets.runner_source("runner.py")), "request.json"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout) == {"event": "refused", "reason": "protocol 99"}


@pytest.mark.parametrize("delegate", ["xnnpack", "none"])
def test_runner_runs_with_and_without_the_delegate(delegate: str, tmp_path: Path) -> None:
    model = tiny_models.net(tmp_path)
    job = {"kind": "latency", "model": model.name, "delegate": delegate, **TIMES}
    (found,) = results(run(tmp_path, [job]))
    assert found["runs"] >= 20
