"""Whatever a device answers, it ends in measurements that can be, or in an error of the device's.

Seeded, and few for CI; EDGEHONE_MUTATIONS=20 makes twenty times as many of each.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import mutations, tiny_models

from edgehone.devices.scripted import read_script
from edgehone.documents import measurement_from_json, measurement_json, plain
from edgehone.errors import DeviceError, EdgehoneError, ExecutionError, NonsenseError
from edgehone.measure import device_state
from edgehone.measure.device import resolve
from edgehone.measure.protocol import MeasurePlan, Shard, measure
from edgehone.report.rows import measurements_table, rows_of_files
from edgehone.runners import _benchmark_text
from edgehone.runners._probe import MARK, _marked, facts_of
from edgehone.runners.protocol.answers import event_in

Ask = Callable[..., str]
TIMES = int(os.environ.get("EDGEHONE_MUTATIONS", "1"))
READING = {
    "load1": 0.1,
    "clock_mhz": 1500,
    "governor": "performance",
    "temperature_c": 50.5,
    "reference_ms": 0.2,
    "busiest": [["cc1", 0.4]],
    "told": {"throttled": "throttled=0x0", "thermal": "Thermal Status: 0", "battery": "level: 9"},
}
AROUND = {"before": READING, "after": READING}
SAMPLES = [51000, 52000, 50500, 51500, 53000] * 8


def answer(*, outputs: bool = False) -> list[dict[str, Any]]:
    """The whole answer to `bench` of one file: two blocks and memory; outputs: and those."""
    start = {"event": "start", "protocol": 2, "program": "python", "system": "Linux"}
    start |= {"machine": "aarch64", "cpus": 4, "runtimes": {"litert": "ai_edge_litert 2.3"}}
    start |= {"missing": {}, "steadied": [], "unsteadied": {}, "conditions": READING}
    times = {"init_ns": 900000, "cold_ns": 80000, "samples_ns": SAMPLES, "runs": 40, "waited": 0.0}
    memory = {"peak": 5000, "model": 4000, "steady": 4500, "process": 90000, "how": "VmHWM"}
    jobs: list[dict[str, Any]] = [
        *([{"job": "0/outputs/test", "kind": "outputs", "n": 12}] if outputs else []),
        {"job": "0/latency/0", "kind": "latency", **times},
        {"job": "0/latency/1", "kind": "latency", **times},
        {"job": "0/memory", "kind": "memory", **memory},
    ]
    waiting = {"event": "waiting", "for": "calm", "reason": "hot", "waited_s": 3.0}
    done = [{"event": "job", **job, "conditions": AROUND} for job in jobs]
    return [waiting, start, *done, {"event": "end", "jobs": len(jobs)}]


def text_of(lines: Iterable[Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Measure a file on a device that answers so, with data if it gives outputs; what became of
    it: a word.
    """
    model = tiny_models.artifact(tiny_models.dense(tmp_path))
    x = np.random.default_rng(0).random((12, 6)).astype(np.float32)
    judged = MeasurePlan(shards={"test": Shard(x, np.arange(12) % 3)}, blocks=2)
    script = tmp_path / "script.json"
    files = _outputs_name(tmp_path, judged)

    def asked(text: str, outputs: bytes = b"") -> str:
        plan = judged if outputs else MeasurePlan(blocks=2)
        found = {"stdout": text, "files": {files: base64.b64encode(outputs).decode()}}
        script.write_text(json.dumps({"answers": [found]}))
        try:
            measured = measure([model], resolve(f"local@scripted://{script}"), plan)
        except (DeviceError, ExecutionError) as error:
            return str(error.exit_code)
        _require_sound([measurement_json(each) for each in measured])
        return "measured"

    return asked


def _outputs_name(folder: Path, plan: MeasurePlan) -> str:
    """What the device is asked to call its outputs."""
    from edgehone.measure.jobs import Batch

    model = tiny_models.artifact(tiny_models.dense(folder))
    batch = Batch([model], resolve("local@scripted://"), plan)
    return str(batch.outputs([0])[0]["outputs"])


def _require_sound(measurements: list[Any]) -> None:
    for each in measurements:
        assert plain(each) == each
        json.dumps(each, allow_nan=False)
        latency = each["latency_ms"]
        if latency is not None:
            blocks = [*latency["samples"], latency["cold_samples"], latency["init_samples"]]
            assert all(isfinite(time) and time > 0 for block in blocks for time in block)
        memory = each["memory_bytes"] or {}
        assert all(size >= 0 for size in memory.values() if size is not None)
        instructions = each["instructions"]
        assert instructions is None or instructions > 0
    measurements_table(rows_of_files([measurement_from_json(each) for each in measurements]))


def _array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(1).random((12, 3)).astype(np.float32))
    return stream.getvalue()


def test_a_whole_answer_is_measured(ask: Ask) -> None:
    assert ask(text_of(answer())) == "measured"
    assert ask(text_of(answer(outputs=True)), _array()) == "measured"


@pytest.mark.slow
def test_damaged_texts_of_answers(ask: Ask) -> None:
    whole = text_of(answer()).encode()
    for copy in mutations.damaged(whole, 80 * TIMES):
        ask(copy.decode(errors="replace"))


@pytest.mark.slow
def test_answers_of_odd_values(ask: Ask) -> None:
    found = [ask(text_of(lines)) for lines in mutations.altered(answer(), 120 * TIMES)]
    assert found.count("4") > 0.3 * len(found)


@pytest.mark.slow
def test_damaged_files_of_outputs(ask: Ask) -> None:
    text = text_of(answer(outputs=True))
    found = [ask(text, copy or b"0") for copy in mutations.damaged(_array(), 30 * TIMES)]
    assert found.count("4") > 0.3 * len(found)


def test_lines_are_values_or_chatter_or_nonsense() -> None:
    for line in answer():
        for copy in mutations.damaged(json.dumps(line).encode(), 40 * TIMES):
            found: Any = {}
            with suppress(NonsenseError):
                found = event_in(copy.decode(errors="replace"))
            assert not found or isinstance(found["event"], str)


@pytest.mark.slow
def test_scripts_of_odd_values(tmp_path: Path) -> None:
    rules = {
        "latency_ms": {"base": 0.05, "per_kib": 0.01},
        "memory_bytes": {"base": 2e5},
        "instructions": {"base": 5e4},
        "spread": 0.02,
        "fails": {"*.onnx": "reason"},
        "conditions": [{"jobs": 2, **READING}, READING],
        "waiting": [{"for": "calm", "reason": "hot", "waited_s": 3.0}],
        "answers": [{"stdout": "", "stderr": "", "exit_code": 1, "files": {"a.npy": ""}}],
    }
    model = tiny_models.artifact(tiny_models.dense(tmp_path))
    script = tmp_path / "script.json"
    for copy in mutations.altered(rules, 80 * TIMES):
        script.write_text(json.dumps(copy))
        with suppress(EdgehoneError):
            read_script(script)
            device = resolve(f"local@scripted://{script}")
            measure([model], device, MeasurePlan(blocks=2))


BENCHMARK = """\
INFO: Loaded model dense.tflite
INFO: count=30 first=1702 curr=530 min=520 max=1702 avg=560 std=10
INFO: count=1000 first=534 curr=530 min=520 max=700 avg=534.061 std=10 p5=529 median=530 p95=540
INFO: Inference timings in us: Init: 1511, First inference: 1702, Warmup (avg): 560
Memory footprint delta from the start of the tool (MB): init=1.5 overall=2.25
Overall peak memory footprint (MB) via periodic monitoring: 6.5
Model initialization: 1.51 ms
Warmup (first): 1.70 ms
Inference (avg): 0.53 ms (1000 runs)
"""

PROBE = (
    ("system", "Linux"),
    ("machine", "aarch64"),
    ("bits", "64"),
    ("libc", "glibc 2.36"),
    ("disk", "/dev/root 30000000 1000 20000000 4% /"),
    ("memory", "MemTotal: 8000000 kB"),
    ("features", "Features : fp asimd"),
    ("python", "3.11 64 1.26.4 /usr/bin/python3"),
    ("end", ""),
)
TOLD = {
    "throttled": "throttled=0x50005",
    "thermal": "IsStatusOverride: false\nThermal Status: 3\n",
    "battery": "  AC powered: true\n  level: 90\n  scale: 100\n  temperature: 311\n",
}


def test_what_programs_print_never_raises() -> None:
    probed = "".join(f"{MARK} {key} {text}\n" for key, text in PROBE)
    assert facts_of(list(_marked(probed))).pythons
    for copy in mutations.damaged(probed.encode(), 300 * TIMES):
        facts_of(list(_marked(copy.decode(errors="replace"))))
    for copy in mutations.damaged(BENCHMARK.encode(), 300 * TIMES):
        text = copy.decode(errors="replace")
        _benchmark_text.summary(text)
        _benchmark_text.memory(text)
    for name, text in TOLD.items():
        for copy in mutations.damaged(text.encode(), 150 * TIMES):
            device_state.read({name: copy.decode(errors="replace")})
