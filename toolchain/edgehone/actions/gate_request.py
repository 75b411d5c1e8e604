"""What a gate was asked; which requests are refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.actions import lone_files as lone
from edgehone.actions.released import Release
from edgehone.actions.settings import Setting
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import applying
from edgehone.decide.limits import require_limits
from edgehone.errors import ConfigError, UsageError
from edgehone.run.preflight import require_directions
from edgehone.values import Budget


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


def require_sides(request: Request, found: Release) -> None:
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


def require_other(baseline: Path, files: Sequence[Path]) -> None:
    """Refuse a baseline that is one of the files, which then drops nothing: UsageError."""
    start = lone.artifact(baseline)
    for artifact in map(lone.artifact, files):
        if artifact.sha256 == start.sha256:
            raise UsageError(
                f"{artifact.path} is its own baseline: {baseline} has the same content.",
                "Give the file it was made from with --baseline, the float32 one, for example.",
            )


def require_answers(request: Request, devices: Sequence[str]) -> None:
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
