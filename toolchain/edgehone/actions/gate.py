"""What a gate has to measure for its budgets, and the decisions that follow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.actions import lone_files as lone
from edgehone.actions.device_history import Earlier
from edgehone.actions.guess_warnings import guess_warnings
from edgehone.actions.released import Files, Release, release_of
from edgehone.actions.settings import Asked, Setting
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import applying, decide_all, require_some
from edgehone.decide.limits import require_limits
from edgehone.decide.timing import looks_after
from edgehone.errors import ConfigError, UsageError
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost, on_each
from edgehone.measure.protocol import measure_until
from edgehone.run.preflight import QUALITY, require_directions
from edgehone.values import (
    Artifact,
    Budget,
    Decision,
    DeviceInfo,
    Measurement,
    Progress,
    RuntimeInfo,
    silent,
)

SIZES = ("size_bytes", "compressed_bytes")
MEMORY = "peak_memory_bytes"


@dataclass(frozen=True)
class Request:
    """What the gate was asked: budgets, where, against which baseline, on which data. origin: the
    file that the budgets are from, which errors about them name.
    """

    setting: Setting
    budgets: tuple[Budget, ...]
    on: tuple[str, ...]
    baseline: Path | None
    data: str | None
    folder: Path
    seed: int = 0
    origin: str = ""


@dataclass(frozen=True)
class Judgement:
    """One decision a file, the measurements they rest on, the devices that failed, and what to
    know besides.
    """

    decisions: tuple[Decision, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()


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
            _require_sides(request, found)
            decision = decide_all(found.measured, request.budgets, found.absent)
            return Judgement((decision,), found.measured, warnings=found.warnings)
        files = [found.measured[0].artifact.path]
        request = replace(request, setting=replace(request.setting, trained=found.data))
        if request.baseline is None:
            baseline = Files(request.folder, found.run).proven(found.baseline)
            return _judge_files(replace(request, baseline=baseline.path), files, progress)
    if request.baseline is not None:
        _require_other(request.baseline, files)
    return _judge_files(request, files, progress)


def _judge_files(request: Request, files: Sequence[Path], progress: Progress) -> Judgement:
    artifacts = [lone.artifact(path) for path in files]
    devices = request.setting.devices(request.on or _named_by(request.budgets))
    for device in devices:
        require_some(request.budgets, [device.name])
    _require_answers(request, [device.name for device in devices])
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


def _require_answers(request: Request, devices: Sequence[str]) -> None:
    """Refuse budgets that nothing given could ever answer: UsageError."""
    asked = {b.metric for name in devices for b in applying(request.budgets, name)}
    compared = sorted(asked & {"accuracy_drop", "agreement"})
    if compared and request.baseline is None:
        raise UsageError(
            f"The budget on {compared[0]} needs a file to compare with.",
            "Give it with --baseline FILE (the float32 file, for example), "
            "or check a run with --run RUN.",
        )
    quality = sorted(asked & set(QUALITY))
    if quality and request.data is None and request.setting.data is None:
        raise UsageError(
            f"The budget on {quality[0]} needs data with labels.", "Give them with --data DATA."
        )


def require_sensible(request: Request) -> None:
    """Refuse budgets on accuracy that nothing could miss, by the task: ConfigError."""
    with _errors_named(request.origin):
        if {"accuracy", "accuracy_drop"} & {budget.metric for budget in request.budgets}:
            require_limits(request.budgets, request.setting.task.metric)
        require_directions(request.budgets, request.setting.task)


def _require_sides(request: Request, found: Release) -> None:
    """Refuse budgets that nothing could miss, by what the run scored: ConfigError."""
    scored = found.measured[0].accuracy
    task = replace(request.setting.task, metric=found.metric)
    with _errors_named(request.origin):
        require_limits(request.budgets, found.metric)
        require_directions(request.budgets, task, scored.higher_is_better if scored else None)


@contextmanager
def _errors_named(origin: str) -> Iterator[None]:
    """Let errors about budgets begin with the file that these are from."""
    try:
        yield
    except ConfigError as error:
        where = f"{origin}: " if origin else ""
        raise ConfigError(f"{where}{error.message}", error.hint) from error


def _require_other(baseline: Path, files: Sequence[Path]) -> None:
    """Refuse a baseline that is one of the files, which then drops nothing: UsageError."""
    start = lone.artifact(baseline)
    for artifact in map(lone.artifact, files):
        if artifact.sha256 == start.sha256:
            raise UsageError(
                f"{artifact.path} is its own baseline: {baseline} has the same content.",
                "Give the file it was made from with --baseline, the float32 one, for example.",
            )


def _named_by(budgets: Sequence[Budget]) -> list[str]:
    """The devices that budgets name; those that name none are held against each of them."""
    return [budget.device for budget in budgets if budget.device]


def _measure(
    request: Request,
    artifacts: list[Artifact],
    device: Device,
    progress: Progress,
) -> _Measured:
    metrics = {budget.metric for budget in applying(request.budgets, device.name)}
    if metrics <= set(SIZES):
        if device.transport.is_host():
            device.doubt  # noqa: B018 - reading it refuses a device of another kind, at no cost
        return _Measured([_weighed(artifact, device.info) for artifact in artifacts])
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
    )[len(base) :]
    return _Measured(found, guess_warnings(found, plan, request.setting))


def _weighed(artifact: Artifact, device: DeviceInfo) -> Measurement:
    """Sizes alone, for which nothing needs to run."""
    nothing = RuntimeInfo("none", "", "", 0)
    return Measurement(artifact, device, nothing, None, None)
