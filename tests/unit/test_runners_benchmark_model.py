import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests import tiny_models

from edgehone import targets
from edgehone.devices.local import Local
from edgehone.devices.scripted import Scripted
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners import _benchmark_text
from edgehone.runners._base import Supplies
from edgehone.runners.benchmark_model import BenchmarkModel
from edgehone.runners.setup.installation import Installation, installation_of
from edgehone.system.files import sha256_of
from edgehone.values import LayerSpec

LIMIT_S = 120.0
UNAME = {"stdout": "Linux aarch64\n"}
TARGET = replace(targets.named("local"), program="benchmark_model")

OLDER = """\
STARTING!
Graph: [models/m.tflite]
#threads used for CPU inference: [1]
Loaded model models/m.tflite
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
The input model file size (MB): 0.0046
Initialized session in 1.511ms.
Running benchmark for at least 1 iterations and at least 0.1 seconds.
count=181 first=1702 curr=530 min=521 max=1702 avg=552.5 std=87

Running benchmark for at least 30 iterations and at least 0.3 seconds.
count=560 first=541 curr=533 min=520 max=811 avg=534.061 std=17

Inference timings in us: Init: 1511, First inference: 1702, Warmup (avg): 552.5, \
Inference (avg): 534.061
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE.
Memory footprint delta from the start of the tool (MB): init=2.5 overall=4.25
"""
NEWER = OLDER.replace("std=17", "std=17 p5=522 median=530.5 p95=561")
PEAK = OLDER + "Overall peak memory footprint (MB) via periodic monitoring: 11.5\n"
LITERT = """\
========== BENCHMARK RESULTS ==========
Model initialization: 1.51 ms
Warmup (first):       1.70 ms
Warmup (avg):         0.55 ms (181 runs)
Inference (avg):      0.53 ms (560 runs)
Inference (min):      0.52 ms
Inference (max):      0.81 ms
Inference (std):      0.02
Throughput:           12.00 MB/s

Memory Usage:
Init footprint:       2.50 MB
Overall footprint:    4.25 MB
Peak memory:          11.50 MB
"""


def talk(
    folder: Path, answers: list[dict[str, Any]], *jobs: dict[str, Any], timeout_s: float = LIMIT_S
) -> list[dict[str, Any]]:
    """What is said of jobs while a device plays `answers`, first that of uname."""
    script = folder / "script.json"
    script.write_text(json.dumps({"answers": [UNAME, *answers]}))
    named = [
        {"id": str(i), "kind": "latency", "runtime": "litert", "model": f"{i}.tflite", **job}
        for i, job in enumerate(jobs)
    ]
    request = {"protocol": 2, "threads": 2, "delegate": "xnnpack", "cores": [2, 3], "jobs": named}
    installation = Installation("benchmark_model", ("bin/benchmark_model",), source="ab" * 32)
    on_line = list[str]()
    finished = BenchmarkModel().ask(
        Scripted(str(script)), installation, request, timeout_s=timeout_s, on_line=on_line.append
    )
    assert finished.exit_code == 0
    assert "".join(on_line) == finished.stdout
    lines: list[dict[str, Any]] = [json.loads(line) for line in on_line]
    assert (lines[0]["event"], lines[0]["machine"]) == ("start", "aarch64")
    assert lines[-1] == {"event": "end", "jobs": len(jobs)}
    return lines[1:-1]


@pytest.mark.parametrize(
    ("printed", "sample", "ns"),
    [(OLDER, "avg", 534061), (NEWER, "median", 530500), (LITERT, "avg", 530000)],
)
def test_latency_is_what_the_program_tells_and_no_more(
    printed: str, sample: str, ns: int, tmp_path: Path
) -> None:
    (found,) = talk(tmp_path, [{"stdout": printed}], {})
    assert found["samples_ns"] == [ns]
    assert (found["sample"], found["runs"]) == (sample, 560)
    assert found["summary_ns"]["max"] == pytest.approx(811000, rel=0.01)
    assert found["init_ns"] == pytest.approx(1511000, rel=0.01)
    assert found["cold_ns"] == pytest.approx(1702000, rel=0.01)
    assert found["conditions"] == {"before": {}, "after": {}}


@pytest.mark.parametrize(("printed", "process"), [(OLDER, 4.25), (PEAK, 11.5), (LITERT, 11.5)])
def test_memory_is_the_growth_that_the_program_tells(
    printed: str, process: float, tmp_path: Path
) -> None:
    (found,) = talk(tmp_path, [{"stdout": printed}], {"kind": "memory"})
    assert found["model"] == 2.5 * 2**20
    assert found["peak"] == 4.25 * 2**20
    assert found["process"] == process * 2**20
    assert found["how"] == "benchmark_model"


def test_what_the_program_cannot_do_is_that_jobs_answer(tmp_path: Path) -> None:
    jobs: list[dict[str, Any]] = [{"kind": kind} for kind in ("outputs", "prices", "instructions")]
    found = talk(tmp_path, [{"stdout": NEWER}], *jobs, {"runtime": "onnxruntime"}, {})
    assert [line.get("cause") for line in found] == ["runtime"] * 4 + [None]
    assert all("another program" in line["error"] for line in found[:4])


def test_failures_are_told_and_crashes_not_repeated(tmp_path: Path) -> None:
    unknown = {
        "exit_code": 1,
        "stderr": "INFO: loading\nERROR: Didn't find op for builtin opcode\n",
    }
    answers: list[dict[str, Any]] = [
        unknown,
        unknown,
        {"exit_code": 139},
        {"stdout": "what?"},
        {"stdout": NEWER.replace("median=530.5", "median=0")},
        {"exit_code": -9, "timed_out": True},
        {"stdout": NEWER},
    ]
    crash, hang = {"model": "crash.tflite"}, {"model": "hang.tflite"}
    found = talk(tmp_path, answers, {}, crash, crash, {}, {}, hang, hang, {})
    causes = ["model", "crash", "crash", "runtime", "runtime", "time", "time", None]
    assert [line.get("cause") for line in found] == causes
    assert "builtin opcode" in found[0]["error"]
    assert "coarse" in found[4]["error"]


def test_a_file_that_xnnpack_cannot_run_is_run_without_it(tmp_path: Path) -> None:
    refused = {"exit_code": 1, "stderr": "ERROR: failed to create XNNPACK runtime\n"}
    found, plain = talk(tmp_path, [refused, {"stdout": NEWER}, refused], {}, {"delegate": "none"})
    assert "XNNPACK" in found["fallback"]
    assert found["runs"] > 0
    assert plain["cause"] == "model"


def test_plain_kernels_that_a_program_does_not_know_are_no_answer(tmp_path: Path) -> None:
    said = "WARN: Unconsumed cmdline flags: --use_xnnpack=false\n" + NEWER
    with_it, without = talk(tmp_path, [{"stdout": said}] * 2, {}, {"delegate": "none"})
    assert "error" not in with_it
    assert without["cause"] == "runtime"


def test_no_job_is_begun_beyond_the_time_limit(tmp_path: Path) -> None:
    (found,) = talk(tmp_path, [], {}, timeout_s=0.0)
    assert found["cause"] == "time"


def test_nothing_is_read_into_what_says_nothing() -> None:
    for text in ("", "count=3", "Inference (avg): ", OLDER.replace("Init:", "")):
        assert _benchmark_text.summary(text) is None
    assert _benchmark_text.memory("init=3") is None


# ------------------------------------------------------------ set-up


class Board(Local):
    """This machine as one that has to be set up."""

    PYTHON: ClassVar[tuple[str, ...]] = ()


def script(folder: Path, text: str) -> Path:
    file = folder / "benchmark_model"
    file.write_text(text)
    return file


def test_set_up_without_the_users_copy_says_where_to_get_one() -> None:
    with pytest.raises(ConfigError) as caught:
        BenchmarkModel().install(Board(""), TARGET, Supplies())
    assert "--program" in caught.value.hint


def test_set_up_writes_down_the_hash_of_the_users_copy(tmp_path: Path) -> None:
    board, given = Board(""), script(tmp_path, "#!/bin/sh\necho usage: --graph=FILE\n")
    installation = BenchmarkModel().install(board, TARGET, Supplies(program=given))
    assert installation.source == sha256_of(given)
    assert installation_of(board, "board") == installation


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("#!/bin/sh\necho hello\n", "as benchmark_model does"), ("\x7fELF", "another processor")],
)
def test_set_up_refuses_another_program(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=sentence):
        BenchmarkModel().install(Board(""), TARGET, Supplies(program=script(tmp_path, text)))


# LiteRT's own benchmark in Python, under the words of the one in C++.
PEER = """#!{python}
import sys
from ai_edge_litert.tools import benchmark_litert_model
if "--help" in sys.argv:
    raise SystemExit("usage: --graph=FILE")
words = dict(word[2:].split("=", 1) for word in sys.argv[1:])
sys.argv[1:] = ["--model", words["graph"], "--num_threads", words["num_threads"]]
sys.argv += ["--num_runs", words["num_runs"], "--warmup_runs", words["warmup_runs"]]
benchmark_litert_model.main()
"""


@pytest.mark.peer
@pytest.mark.slow
def test_litert_benchmark_is_understood(tmp_path: Path) -> None:
    board = Board("")
    given = script(tmp_path, PEER.format(python=sys.executable))
    installation = BenchmarkModel().install(board, TARGET, Supplies(program=given))
    spec = LayerSpec("conv", 56, 56, 32, 64, (3, 3))
    model = tiny_models.layer(tmp_path, spec, "float32", "conv")
    job = {"id": "0", "kind": "latency", "runtime": "litert", "model": str(model)}
    request = {"protocol": 2, "jobs": [{**job, "minimum_count": 25, "minimum_s": 0.0}]}
    finished = BenchmarkModel().ask(board, installation, request, timeout_s=LIMIT_S)
    start, found, _ = [json.loads(line) for line in finished.stdout.splitlines()]
    assert installation.source[:12] in start["runtimes"]["litert"]
    assert (found["runs"], found["sample"]) == (25, "median")
    assert found["summary_ns"]["min"] <= found["samples_ns"][0] <= found["summary_ns"]["max"]
    assert found["init_ns"] > 0
