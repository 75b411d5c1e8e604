"""What a gate has to measure for its budgets, and the decisions that follow."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgehone.actions import lone_files as lone
from edgehone.actions import notebook
from edgehone.actions.device_history import Earlier
from edgehone.actions.guess_warnings import guess_warnings
from edgehone.actions.released import Files, Release, release_of
from edgehone.actions.settings import Asked, Setting
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import applying, combine, decide_all, require_some
from edgehone.decide.limits import require_limits
from edgehone.decide.metrics._base import Need
from edgehone.decide.timing import looks_after
from edgehone.documents import check_json, measurement_json
from edgehone.errors import ConfigError, UsageError
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost, lost_json, on_each
from edgehone.measure.protocol import measure_until
from edgehone.run.preflight import require_directions
from edgehone.system.files import write_whole
from edgehone.units import plural
from edgehone.values import (
    Artifact,
    Budget,
    Check,
    Decision,
    DeviceInfo,
    Measurement,
    Outcome,
    Plain,
    Progress,
    RuntimeInfo,
    silent,
)


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


@dataclass(frozen=True, repr=False)
class Judgement:
    """One decision a file, the measurements they rest on, the devices that failed, and what to
    know besides.
    """

    decisions: tuple[Decision, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def decision(self) -> Outcome:
        """One of "pass", "fail", "inconclusive", over all files; nothing checked is not a pass."""
        return combine(each.outcome for each in self.decisions)

    @property
    def passed(self) -> bool:
        """Whether the files may be released: every check passes, on every device, and every file
        runs. What is inconclusive does not pass.
        """
        return passes(self.document) and not self.lost

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check on every file and device."""
        return tuple(check for each in self.decisions for check in each.checks)

    @property
    def document(self) -> dict[str, Any]:
        """What `edgehone gate --json` prints (schema "gate"); every check names the file and the
        device it is about.
        """
        return {
            "decision": self.decision,
            "checks": [
                {**check_json(check), "file": str(each.measurement.artifact.path)}
                for each in self.decisions
                for check in each.checks
            ],
            "measurements": [measurement_json(each) for each in self.measurements],
            "lost": lost_json(self.lost),
            "warnings": list(self.warnings),
        }

    def write(self, *, junit: Path | None = None, markdown: Path | None = None) -> None:
        """Write the checks as JUnit XML, as Markdown, or both. Raises StorageError."""
        from edgehone.report import summaries

        if junit is not None:
            write_whole(junit, summaries.junit(self.document))
        if markdown is not None:
            write_whole(markdown, summaries.markdown(self.document))

    def __repr__(self) -> str:
        return f"<Judgement: {self.decision}, {plural(len(self.checks), 'check')}>"

    def _repr_html_(self) -> str:
        return notebook.checks(self.document)


def passes(document: Plain) -> bool:
    """Whether a gate's document has checks, and all of them pass."""
    passed = document["decision"] == "pass" and bool(document["checks"])
    return passed and all(each["verdict"] == "pass" for each in document["checks"])


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
    compared = sorted(name for name in asked if "baseline" in metric_of(name).NEEDS)
    if compared and request.baseline is None:
        raise UsageError(
            f"The budget on {compared[0]} needs a file to compare with.",
            "Give it with --baseline FILE (the float32 file, for example), "
            "or check a run with --run RUN.",
        )
    quality = sorted(name for name in asked if metric_of(name).quality)
    if quality and request.data is None and request.setting.data is None:
        raise UsageError(
            f"The budget on {quality[0]} needs data with labels.", "Give them with --data DATA."
        )


def require_target(files: Sequence[Path], run: str | None) -> None:
    """Refuse a gate on nothing, or on files and a run at once: UsageError."""
    if bool(files) == bool(run):
        raise UsageError(
            "Neither files nor a run to check were given."
            if run is None
            else "Files and --run cannot both be given.",
            "Give one or more FILEs, or --run RUN.",
        )


def require_sensible(request: Request) -> None:
    """Refuse budgets on accuracy that nothing could miss, by the task: ConfigError."""
    with _errors_named(request.origin):
        if any(metric_of(budget.metric).quality for budget in request.budgets):
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
