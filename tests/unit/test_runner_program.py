"""The runner in Python: what only it promises, and what a runtime that misbehaves does to it."""

import ast
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests import fake_runtime, speakers
from tests.speakers import TIMES

from edgehone import targets
from edgehone.system import processes

SOURCE = targets.runner_source("runner.py").read_text()


def test_runner_is_one_file_that_python_3_7_can_read() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 7))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported - set(sys.stdlib_module_names) == {"numpy"}


@pytest.mark.slow
def test_runner_reads_only_clocks_that_never_step() -> None:
    read = {
        node.attr
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    }
    assert read == {"monotonic", "perf_counter_ns", "sleep"}


def test_runner_survives_crash_refusal_and_noise(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    for content in ("good", "crash", "refuse"):
        (tmp_path / f"{content}.tflite").write_text(content)
    jobs = [
        {"kind": "latency", "model": f"{name}.tflite", **TIMES}
        for name in ("crash", "refuse", "good")
    ]
    answer = speakers.python(tmp_path).ask(tmp_path, jobs)
    crash, refuse, good = answer.jobs
    assert (crash["cause"], crash["error"]) == ("crash", "the runtime crashed (signal 6)")
    assert (refuse["cause"], refuse["error"]) == (
        "model",
        "RuntimeError: no such operator in the whole library",
    )
    assert good["runs"] >= 20
    assert answer.start["runtimes"] == {"litert": "ai_edge_litert 0.fake"}


def test_long_measurements_keep_a_bounded_number_of_samples_evenly_spread() -> None:
    """At 64 samples every second one goes: of 1,000 calls every sixteenth is left."""
    source = SOURCE.replace("MOST_SAMPLES = 1 << 20", "MOST_SAMPLES = 64")
    assert source != SOURCE
    runner: dict[str, Any] = {"__name__": "runner"}
    exec(compile(source, "runner.py", "exec"), runner)  # noqa: S102 # our own
    samples, runs = runner["spin"](lambda: None, 0.0, 1000, runner["Breath"]({}, None))
    assert (len(samples), runs) == (63, 1000)


def test_runner_ends_a_runtime_that_hangs(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    (tmp_path / "m.tflite").write_text("hang")
    job = {"kind": "latency", "model": "m.tflite", **TIMES}
    answer = speakers.python(tmp_path).ask(tmp_path, [{**job, "limit_s": 0.5}])
    assert [line["cause"] for line in answer.jobs] == ["time"]
    with speakers.python(tmp_path).start(tmp_path, [job], {"watch_stdin": True}) as conversation:
        conversation.until("start")
        process = conversation.job_process()
        answer = conversation.finish(close_input=True)
    assert speakers.ended(process)
    assert answer.exit_code == 3
    assert answer.stderr.splitlines()[-1] == "stopped: nobody waits for the answer"


def test_runner_stops_while_a_runtime_hangs_that_is_being_loaded(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    loading = f"import time; open({str(tmp_path / 'begun')!r}, 'w').close(); time.sleep(3600)"
    (tmp_path / "ai_edge_litert" / "__init__.py").write_text(loading)
    with speakers.python(tmp_path).start(tmp_path, (), {"watch_stdin": True}) as conversation:
        while not (tmp_path / "begun").exists():
            assert conversation.child.poll() is None
        answer = conversation.finish(close_input=True)
    assert answer.lines == []
    assert answer.exit_code == 3


def test_runner_prices_all_models_but_the_ones_that_crash(tmp_path: Path) -> None:
    fake_runtime.install(tmp_path)
    contents = ["good", "crash", "refuse", "good", "crash"]
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for index, content in enumerate(contents):
            archive.writestr(str(index), content)
    members = [str(index) for index in range(len(contents))]
    job = {"kind": "prices", "archive": "p.zip", "models": members, "passes": 3, **TIMES}
    (found,) = speakers.python(tmp_path).ask(tmp_path, [job]).jobs
    prices = found["prices"]
    assert [len(price.get("passes_ns", ())) for price in prices] == [3, 0, 0, 3, 0]
    assert "crashed" in prices[1]["error"]
    assert "crashed" in prices[4]["error"]
    assert "no such operator" in prices[2]["error"]


def test_runner_names_the_runtimes_that_are_missing(tmp_path: Path) -> None:
    fake_runtime.uninstall(tmp_path)
    jobs = [
        {"kind": "latency", "runtime": runtime, "model": "m", **TIMES}
        for runtime in ("litert", "onnxruntime")
    ]
    answer = speakers.python(tmp_path).ask(tmp_path, jobs)
    assert set(answer.start["missing"]) == {"litert", "onnxruntime"}
    assert {line["cause"] for line in answer.jobs} == {"runtime"}


def test_runner_says_why_an_installed_runtime_cannot_be_loaded(tmp_path: Path) -> None:
    fake_runtime.uninstall(tmp_path)
    reason = "libc.so.6: version `GLIBC_2.34' not found"
    (tmp_path / "ai_edge_litert" / "__init__.py").write_text(f"raise ImportError({reason!r})")
    (tmp_path / "tflite_runtime" / "__init__.py").write_text("raise AttributeError('_ARRAY_API')")
    job = {"kind": "latency", "model": "m", **TIMES}
    answer = speakers.python(tmp_path).ask(tmp_path, [job])
    for line in (answer.start["missing"]["litert"], answer.jobs[0]["error"]):
        assert f"ai_edge_litert cannot be loaded: ImportError: {reason}" in line
        assert "tflite_runtime cannot be loaded: AttributeError: _ARRAY_API" in line


@pytest.mark.parametrize("package", ["tflite_runtime", "tensorflow"])
def test_runner_takes_an_older_litert_where_there_is_no_newer(package: str, tmp_path: Path) -> None:
    fake_runtime.install(tmp_path, package)
    (tmp_path / "m.tflite").write_text("good")
    job = {"kind": "latency", "model": "m.tflite", **TIMES}
    answer = speakers.python(tmp_path).ask(tmp_path, [job])
    assert answer.start["runtimes"] == {"litert": f"{package} 0.fake"}
    assert answer.jobs[0]["runs"] >= 20


def test_runner_leaves_word_of_whose_lock_it_is(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    fake_runtime.install(tmp_path)
    (tmp_path / "m.tflite").write_text("hang")
    job = {"kind": "latency", "model": "m.tflite", **TIMES}
    request = {"lock": {"path": str(lock), "wait_s": 0.0}}
    with speakers.python(tmp_path).start(tmp_path, [job], request) as conversation:
        conversation.until("start")
        assert lock.read_text().startswith(f"process {conversation.child.pid}")


@pytest.mark.parametrize(
    "odd",
    [
        {"deadline_s": {}},
        {"deadline_s": -1},
        {"deadline_s": float("nan")},
        {"threads": 1.5},
        {"cores": ["0"]},
        {"sensors": []},
        {"sensors": {"clock_khz": ["/sys"]}},
        {"sensors": {"commands": {"x": "reboot"}}},
        {"steady": {"files": {"/sys/x": 3}}},
        {"steady": {"commands": [{"on": ["x"]}]}},
        {"calm": {"wait_s": "long"}},
        {"lock": "here"},
        {"jobs": {}},
        {"jobs": [3]},
        {"jobs": [{"id": "0", "kind": "memory", "runtime": ["litert"]}]},
        {"jobs": [{"id": "0", "kind": "memory", "runtime": "litert", "model": {}}]},
        {"jobs": [{"id": "0", "kind": "prices", "runtime": "litert", "passes": 10**9}]},
    ],
    ids=str,
)
def test_runner_refuses_requests_of_another_shape(odd: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps({"protocol": 2, **odd}))
    done = processes.run(
        [sys.executable, str(targets.runner_source("runner.py")), "request.json"],
        timeout_s=60,
        folder=tmp_path,
    )
    assert done.exit_code == 2, done.stderr
    (line,) = [json.loads(text) for text in done.stdout.splitlines()]
    assert (line["event"], line["cause"]) == ("refused", "protocol")
    assert done.stderr == ""
