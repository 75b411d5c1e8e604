"""What a gate has to measure for its budgets, and the decisions that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.cli import files as lone
from edgehone.cli.history import document_of
from edgehone.cli.progress import Bars
from edgehone.cli.setting import Asked, Setting
from edgehone.decide import METRICS, decide
from edgehone.documents import measurement_from_json
from edgehone.errors import BudgetsMissedError
from edgehone.measure.device import Device
from edgehone.measure.protocol import measure
from edgehone.values import Artifact, Budget, Decision, DeviceInfo, Measurement, RuntimeInfo

SIZES = ("size_bytes", "compressed_bytes")
QUALITY = ("accuracy", "accuracy_drop", "agreement")
MEMORY = "peak_memory_bytes"


@dataclass(frozen=True)
class Request:
    """What the gate was asked: budgets, where, against which baseline, on which data."""

    setting: Setting
    budgets: tuple[Budget, ...]
    on: str | None
    baseline: Path | None
    data: str | None
    folder: Path
    seed: int = 0


def judge(request: Request, files: Sequence[Path], run: str | None) -> list[Decision]:
    """One decision a file, or one about the run's winner.

    A run's own numbers are taken unless a device is named: then its file is measured again.
    """
    if run is not None:
        measurement = _winner(request, run)
        if request.on is None:
            return [decide(measurement, request.budgets)]
        files = [measurement.artifact.path]
    device = request.setting.device(request.on or "local")
    measurements = _measure(request, [lone.artifact(path) for path in files], device)
    return [decide(measurement, request.budgets) for measurement in measurements]


def _winner(request: Request, run: str) -> Measurement:
    found = document_of(request.folder, run)
    if not found.get("winner"):
        raise BudgetsMissedError(
            f"Run {found['run']} has no winner, so there is nothing to release.",
            f"See which budget binds with: edgehone report {found['run']}",
        )
    return measurement_from_json(found["winner"])


def _measure(request: Request, artifacts: list[Artifact], device: Device) -> list[Measurement]:
    metrics = {b.metric for b in request.budgets if b.device in ("", device.name)}
    if metrics <= set(SIZES):
        return [_weighed(artifact, device.info) for artifact in artifacts]
    data = request.data
    if data is None and metrics & set(QUALITY):
        data = request.setting.data
    base = [] if request.baseline is None else [lone.artifact(request.baseline)]
    asked = Asked(
        seed=request.seed,
        latency=any(METRICS[metric].timed for metric in metrics),
        memory=MEMORY in metrics,
    )
    plan = request.setting.plan(
        [*artifacts, *base], data, asked, baseline=base[0].sha256 if base else ""
    )
    with Bars() as bars:
        return measure([*base, *artifacts], device, plan, bars)[len(base) :]


def _weighed(artifact: Artifact, device: DeviceInfo) -> Measurement:
    """Sizes alone, for which nothing needs to run."""
    nothing = RuntimeInfo("none", "", "", 0)
    return Measurement(artifact, device, nothing, None, None)
