"""What a gate has to measure for its budgets, and the decisions that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.cli import files as lone
from edgehone.cli.earlier import Earlier
from edgehone.cli.history import document_of
from edgehone.cli.progress import Bars
from edgehone.cli.setting import Asked, Setting
from edgehone.decide import METRICS, applying, decide_all, require_some
from edgehone.documents import measurement_from_json
from edgehone.errors import BudgetsMissedError
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost, on_each
from edgehone.measure.protocol import measure_until
from edgehone.timing import looks_after
from edgehone.values import (
    Artifact,
    Budget,
    Decision,
    DeviceInfo,
    Measurement,
    Progress,
    RuntimeInfo,
)

SIZES = ("size_bytes", "compressed_bytes")
QUALITY = ("accuracy", "accuracy_drop", "agreement")
MEMORY = "peak_memory_bytes"


@dataclass(frozen=True)
class Request:
    """What the gate was asked: budgets, where, against which baseline, on which data."""

    setting: Setting
    budgets: tuple[Budget, ...]
    on: tuple[str, ...]
    baseline: Path | None
    data: str | None
    folder: Path
    seed: int = 0


@dataclass(frozen=True)
class Judgement:
    """One decision a file, the measurements they rest on, the devices that failed, and what to
    know besides.
    """

    decisions: tuple[Decision, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()

    def unasked(self, budgets: Sequence[Budget]) -> list[str]:
        """The devices that budgets name and no check is about."""
        checked = {check.device for decision in self.decisions for check in decision.checks}
        return sorted({budget.device for budget in budgets} - {"", *checked})


def judge(request: Request, files: Sequence[Path], run: str | None) -> Judgement:
    """Judge files, or a run's winner.

    A run's own numbers, of all its devices, are taken unless a device is named: then its file is
    measured again.
    """
    if run is not None:
        measured, absent = _winner(request, run)
        if not request.on:
            return Judgement((decide_all(measured, request.budgets, absent),), measured)
        files = [measured[0].artifact.path]
    artifacts = [lone.artifact(path) for path in files]
    devices = request.setting.devices(request.on or _named_by(request.budgets))
    for device in devices:
        require_some(request.budgets, [device.name])
    with Bars() as bars:
        found = on_each(
            devices, lambda device, told: _measure(request, artifacts, device, told), bars
        )
    if not found.results:
        raise found.lost[0].error
    names = [each.device for each in found.lost]
    by_file = list(zip(*(several for _, several in found.results), strict=True))
    earlier = Earlier(request.folder)
    decisions = [
        decide_all(each, request.budgets, names, earlier.timings(each)) for each in by_file
    ]
    measurements = tuple(m for each in by_file for m in each)
    earlier.remember(measurements)
    plan = request.setting.plan([], None, Asked())
    warnings = earlier.too_tight(devices, plan, decisions, measurements)
    return Judgement(tuple(decisions), measurements, found.lost, warnings)


def _named_by(budgets: Sequence[Budget]) -> list[str]:
    """The devices that budgets name; those that name none are held against each of them."""
    return [budget.device for budget in budgets if budget.device]


def _winner(request: Request, run: str) -> tuple[tuple[Measurement, ...], list[str]]:
    """The measurements of a run's winner, by device, and the devices that lack one."""
    found = document_of(request.folder, run)
    if not found.get("winner"):
        raise BudgetsMissedError(
            f"Run {found['run']} has no winner, so there is nothing to release.",
            f"See which budget binds with: edgehone report {found['run']}",
        )
    documents = [found["winner"], *found.get("winner_elsewhere", ())]
    measured = tuple(measurement_from_json(each) for each in documents)
    there = {each.device.name for each in measured}
    asked = [str(device["name"]) for device in found.get("devices", ())]
    return measured, [name for name in asked if name not in there]


def _measure(
    request: Request, artifacts: list[Artifact], device: Device, progress: Progress
) -> list[Measurement]:
    metrics = {budget.metric for budget in applying(request.budgets, device.name)}
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
        instructions="instructions" in metrics,
    )
    plan = request.setting.plan(
        [*artifacts, *base], data, asked, baseline=base[0].sha256 if base else ""
    )
    found = measure_until(
        [*base, *artifacts],
        device,
        plan,
        looks_after(plan.blocks or device.target.blocks) if plan.latency else (),
        lambda seen: not Earlier(request.folder).undecided(seen[len(base) :], request.budgets),
        progress,
    )
    return found[len(base) :]


def _weighed(artifact: Artifact, device: DeviceInfo) -> Measurement:
    """Sizes alone, for which nothing needs to run."""
    nothing = RuntimeInfo("none", "", "", 0)
    return Measurement(artifact, device, nothing, None, None)
