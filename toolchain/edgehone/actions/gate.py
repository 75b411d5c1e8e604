"""What a gate has to measure for its budgets, and the decisions that follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.actions import lone_files as lone
from edgehone.actions.device_history import Earlier
from edgehone.actions.gate_request import Request, require_answers, require_other, require_sides
from edgehone.actions.guess_warnings import guess_warnings
from edgehone.actions.judgement import Judgement
from edgehone.actions.released import Files, release_of
from edgehone.actions.settings import Asked
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import applying, decide_all, require_some
from edgehone.decide.metrics._base import Need
from edgehone.decide.timing import looks_after
from edgehone.measure.device import Device
from edgehone.measure.fleet import on_each
from edgehone.measure.protocol import measure_until
from edgehone.values import (
    Artifact,
    Budget,
    DeviceInfo,
    Measurement,
    Progress,
    RuntimeInfo,
    silent,
)


@dataclass(frozen=True)
class _Measured:
    """What one device measured, and what to know of it."""

    measurements: list[Measurement]
    warnings: Sequence[str] = ()


def judge(
    request: Request, files: Sequence[Path], run: str | None, progress: Progress = silent
) -> Judgement:
    """Judge files, or a run's winner.

    A run's own numbers, of all its devices, are taken unless a device is named: then its file is
    measured again. Either way it is the file that the run measured, by its hash.
    """
    if run is not None:
        found = release_of(request.folder, run)
        if not request.on:
            require_sides(request, found)
            decision = decide_all(found.measured, request.budgets, found.absent)
            return Judgement((decision,), found.measured, warnings=found.warnings)
        files = [found.measured[0].artifact.path]
        request = replace(request, setting=replace(request.setting, trained=found.data))
        if request.baseline is None:
            baseline = Files(request.folder, found.run).proven(found.baseline)
            return _judge_files(replace(request, baseline=baseline.path), files, progress)
    if request.baseline is not None:
        require_other(request.baseline, files)
    return _judge_files(request, files, progress)


def _judge_files(request: Request, files: Sequence[Path], progress: Progress) -> Judgement:
    artifacts = [lone.artifact(path) for path in files]
    devices = request.setting.devices(request.on or _named_by(request.budgets))
    for device in devices:
        require_some(request.budgets, [device.name])
    require_answers(request, [device.name for device in devices])
    found = on_each(
        devices, lambda device, each: _measure(request, artifacts, device, each), progress
    )
    if not found.results:
        raise found.lost[0].error
    names = [each.device for each in found.lost]
    by_file = list(zip(*(each.measurements for _, each in found.results), strict=True))
    earlier = Earlier(request.folder)
    decisions = [
        decide_all(each, request.budgets, names, earlier.timings(each)) for each in by_file
    ]
    measurements = tuple(m for each in by_file for m in each)
    earlier.remember(measurements)
    plan = request.setting.plan([], None, Asked())
    warnings = [warning for _, each in found.results for warning in each.warnings]
    warnings += earlier.too_tight(devices, plan, decisions, measurements)
    told = tuple(dict.fromkeys(warnings))
    return Judgement(tuple(decisions), measurements, found.lost, told)


def _named_by(budgets: Sequence[Budget]) -> list[str]:
    """The devices that budgets name; those that name none are held against each of them."""
    return [budget.device for budget in budgets if budget.device]


def needs_of(budgets: Iterable[Budget]) -> frozenset[Need]:
    """What has to be measured to answer these budgets; nothing: the file alone tells them."""
    return frozenset(need for budget in budgets for need in metric_of(budget.metric).NEEDS)


def _measure(
    request: Request,
    artifacts: list[Artifact],
    device: Device,
    progress: Progress,
) -> _Measured:
    needs = needs_of(applying(request.budgets, device.name))
    if not needs:
        if device.transport.is_host():
            device.doubt  # noqa: B018 - reading it refuses a device of another kind, at no cost
        return _Measured([_weighed(artifact, device.info) for artifact in artifacts])
    data = request.data
    if data is None and "data" in needs:
        data = request.setting.data
    base = [] if request.baseline is None else [lone.artifact(request.baseline)]
    asked = Asked(
        seed=request.seed,
        latency="latency" in needs,
        memory="memory" in needs,
        instructions="instructions" in needs,
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
    )[len(base) :]
    return _Measured(found, guess_warnings(found, plan, request.setting))


def _weighed(artifact: Artifact, device: DeviceInfo) -> Measurement:
    """Sizes alone, for which nothing needs to run."""
    nothing = RuntimeInfo("none", "", "", 0)
    return Measurement(artifact, device, nothing, None, None)
