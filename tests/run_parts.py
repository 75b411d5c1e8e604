"""The parts of a run, fixed and small: nothing here trains, converts or measures."""

from pathlib import Path
from typing import Any

import numpy as np

from edgehone.budgets import Budget, Decision, Outcome
from edgehone.config import Config
from edgehone.data import DataSet, Split
from edgehone.export.conversion import Converter
from edgehone.measure.device import Device, resolve
from edgehone.run.context import RunContext
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.state import Entry, RunState
from edgehone.run.workspace import Workspace
from edgehone.search.history import Goal
from edgehone.store import Store
from edgehone.values import (
    Accuracy,
    Artifact,
    DeviceInfo,
    Latency,
    Measurement,
    Model,
    RuntimeInfo,
    Task,
)

TEACHER = Model(Path("teacher.keras"), "a" * 64, 100, 1000)
ANSWERS = np.zeros((6, 3), np.float32)
OUTPUTS = TeacherOutputs(ANSWERS, ANSWERS, ANSWERS)


def settings(**sections: Any) -> Config:
    """A project's settings; sections add to these or replace them."""
    usual: dict[str, Any] = {
        "model": {"teacher": "t.keras"},
        "data": {"source": "d.npz", "calibration": 5, "seed": 7},
        "search": {"seed": 11},
        "objective": {"minimize": "size_bytes"},
        "budget": ({"metric": "size_bytes", "max": 2000.0},),
        "measure": {"blocks": 2, "minimum_s": 0.01, "warmup_s": 0.0},
    }
    return Config.model_validate(usual | sections)


def data() -> DataSet:
    """Six samples of six values in three classes; the same in every split."""
    random = np.random.default_rng(0)
    split = Split(random.random((6, 6)).astype(np.float32), np.arange(6) % 3)
    return DataSet(split, split, split, "made here", "d" * 64, 3)


def context(folder: Path, config: Config | None = None) -> RunContext:
    """What the stages of a run share, with a store in `folder`."""
    store = Store(folder / "store")
    workspace = Workspace(store, store.folder / "a")
    with Converter() as converter:
        return RunContext(config or settings(), store, workspace, data(), Task(), {}, converter)


def state(context: RunContext, *baselines: Entry, budgets: tuple[Budget, ...] = ()) -> RunState:
    """What stays the same through the rounds of a run on one device that plays a script."""
    device = resolve("local@scripted://")
    goal = Goal("size_bytes", minimize=True, budgets=budgets)
    return RunState(context, (device,), TEACHER, TEACHER, OUTPUTS, baselines, goal)


def latency(*blocks_ms: tuple[float, ...]) -> Latency:
    """Steady samples by block."""
    ones = (1.0,) * len(blocks_ms)
    return Latency(blocks_ms, ones, ones)


def accuracy(
    value: float, n: int = 100, *, drop: float | None = None, half_width: float = 0.0
) -> Accuracy:
    """A task's metric over n samples, with intervals of this half-width."""
    interval = None if drop is None else (drop - half_width, drop + half_width)
    return Accuracy(
        "accuracy", value, n, (value - half_width, value + half_width), 1.0, drop, interval
    )


def measured(
    size_bytes: int = 1000,
    *,
    format_name: str = "tflite",
    blocks_ms: tuple[tuple[float, ...], ...] = ((1.0, 1.0), (1.0, 1.0)),
    **fields: Any,
) -> Measurement:
    """A file of that size, and what was measured of it on a device called "pi"."""
    file = Path(f"m{size_bytes}.{format_name}")
    artifact = Artifact(file, format_name, "int8", size_bytes, size_bytes, f"{size_bytes:064d}")
    times = latency(*blocks_ms) if blocks_ms else None
    device, runtime = DeviceInfo("pi", "arm-cpu"), RuntimeInfo("litert", "2", "xnnpack", 1)
    return Measurement(artifact, device, runtime, times, None, **fields)


def entry(found: Measurement, outcome: Outcome = "pass", number: int = 1) -> Entry:
    """A measured candidate with its decision."""
    return Entry("c", number, found.artifact, found, Decision(found, (), outcome))


def scripted(folder: Path, name: str, script: str = "{}") -> Device:
    """A device that plays this script."""
    (folder / f"{name}.json").write_text(script)
    return resolve(f"local@scripted://{folder / f'{name}.json'}")
