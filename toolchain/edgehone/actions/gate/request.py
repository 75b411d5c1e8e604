"""What a gate was asked; which requests are refused."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgehone.actions.settings import Setting
from edgehone.budgets import Budget, Waiver
from edgehone.config import load_waivers
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import applying
from edgehone.decide.limits import require_limits
from edgehone.decide.metrics._base import Need
from edgehone.errors import ConfigError, UsageError
from edgehone.system.settings import BASELINE, DATA, FILES_ONLY, RUN, SIZE_BUDGET
from edgehone.values import Artifact

if TYPE_CHECKING:
    from edgehone.actions.run.released import Release  # the store loads with it

BORDERS = Budget("io_types", "max", 0, relative_to="baseline", implied=True)
"""Types, shapes and number of inputs and outputs are those of the release."""


@dataclass(frozen=True)
class Request:
    """What the gate was asked: budgets, where, against which baseline, on which data. origin: the
    file that the budgets are from, which errors about them name. baseline: a file, or what
    `baseline_file` reads. waivers: of budgets that may be missed. fresh: measure, whatever was
    measured before. complete: go to devices although the files alone miss a budget.
    files_only: leave out budgets that files alone do not answer. why: explain
    what is missed by the baseline's layers. of_release: the baseline is a run's
    winner, or released.
    """

    setting: Setting
    budgets: tuple[Budget, ...]
    on: tuple[str, ...]
    baseline: Path | None
    data: str | None
    folder: Path
    seed: int = 0
    origin: str = ""
    waivers: tuple[Waiver, ...] = ()
    fresh: bool = False
    complete: bool = False
    files_only: bool = False
    why: bool = False
    of_release: bool = False


def waivers_of(budgets: Path | None, setting: Setting) -> tuple[Waiver, ...]:
    """The waivers of the budgets' file and of the project file, each once. Settings given as
    arguments are of no file.
    """
    projects = (each.path for each in setting.files if each.path.is_file())
    paths = [*([budgets] if budgets else []), *projects]
    distinct = {path.resolve(): path for path in paths}
    found = [waiver for path in distinct.values() for waiver in load_waivers(path)]
    return tuple(dict.fromkeys(found))


def of_files_only(request: Request) -> Request:
    """The request without the budgets that files alone do not answer. Raises ConfigError when that
    leaves none.
    """
    static = tuple(each for each in request.budgets if metric_of(each.metric).static)
    if not static:
        raise ConfigError(
            f"{request.origin or 'What was given'} has no budget on what is in the files.",
            f"Leave out {FILES_ONLY}, or add one: {SIZE_BUDGET}.",
        )
    return replace(request, budgets=static)


def require_target(files: Sequence[Path], run: str | None) -> None:
    """Refuse a gate on nothing, or on files and a run at once: UsageError."""
    if bool(files) == bool(run):
        raise UsageError(
            "Neither files nor a run to check were given."
            if run is None
            else f"Files and {RUN} cannot both be given.",
            f"Give one or more files, or {RUN.given('RUN')}.",
        )


def require_sensible(request: Request) -> None:
    """Refuse budgets on accuracy that nothing could miss, by the task: ConfigError."""
    if not any(metric_of(budget.metric).quality for budget in request.budgets):
        return
    from edgehone.run.preflight import require_directions  # what a run needs loads with it

    with _errors_named(request.origin):
        require_limits(request.budgets, request.setting.task.metric)
        require_directions(request.budgets, request.setting.task)


def require_sides(request: Request, found: "Release") -> None:
    """Refuse budgets that nothing could miss, by what the run scored: ConfigError."""
    from edgehone.run.preflight import require_directions  # as above

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


def require_other(request: Request, baseline: Artifact, artifacts: Sequence[Artifact]) -> None:
    """Refuse a baseline that is one of the files, which then drops nothing: UsageError.

    Where budgets are relative, or a release is compared with, a file of the same content is one
    that did not change.
    """
    may_be_equal = any(each.relative_to for each in request.budgets) or request.of_release
    for artifact in artifacts:
        same = artifact.path.resolve() == baseline.path.resolve()
        if same or (artifact.sha256 == baseline.sha256 and not may_be_equal):
            raise UsageError(
                f"{artifact.path} is its own baseline: {baseline.path} has the same content.",
                f"Give the file it was made from with {BASELINE}, the float32 one, for example.",
            )


def with_borders(request: Request) -> Request:
    """The request with a required budget on what an app depends on, where a release is compared
    with and no budget says what of it may change.
    """
    says = any(each.metric == BORDERS.metric and each.relative_to for each in request.budgets)
    if says or not request.of_release:
        return request
    return replace(request, budgets=(*request.budgets, BORDERS))


def require_answers(request: Request, devices: Sequence[str]) -> None:
    """Refuse budgets that nothing given could ever answer: UsageError."""
    asked = {b.metric for name in devices for b in applying(request.budgets, name)}
    applied = [b for name in devices for b in applying(request.budgets, name)]
    compared = sorted({b.metric for b in applied if needs_baseline(b)})
    if compared and request.baseline is None:
        raise UsageError(
            f"The budget on {compared[0]} needs a file to compare with.",
            f"Give it, {BASELINE.given('FILE')} (the float32 file, for example), "
            f"or check a run, {RUN.given('RUN')}.",
        )
    quality = sorted(name for name in asked if metric_of(name).quality)
    if quality and request.data is None and request.setting.data is None:
        raise UsageError(
            f"The budget on {quality[0]} needs data with labels.",
            f"Give them: {DATA.given('DATA')}.",
        )


def needs_baseline(budget: Budget) -> bool:
    """Whether it is answered by comparing with another file."""
    return bool(budget.relative_to) or "baseline" in metric_of(budget.metric).NEEDS


def needs_of(budgets: Iterable[Budget]) -> frozenset[Need]:
    """What has to be measured to answer these budgets; nothing: the file alone tells them."""
    return frozenset(need for budget in budgets for need in metric_of(budget.metric).NEEDS)
