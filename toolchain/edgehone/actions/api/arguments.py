"""Simple arguments of public functions, checked one by one: names, paths, numbers, the setting."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from edgehone.actions.api.references import kind, metric_name, variant
from edgehone.actions.settings import Setting
from edgehone.compress.training.options import TrainingOptions
from edgehone.config import Partial, load_partial
from edgehone.config.where import ARGUMENTS
from edgehone.errors import UsageError
from edgehone.tasks.kinds import PACKAGE, TaskKind, known
from edgehone.values import Artifact, Measurement, Progress, Task

PathOrText = str | PathLike[str]


def names(given: Any, what: str) -> tuple[str, ...]:
    """One name or several: ("local",). Raises UsageError for anything but texts."""
    found = (given,) if isinstance(given, str) else given
    if found is None:
        return ()
    if not isinstance(found, Sequence) or not all(isinstance(each, str) for each in found):
        raise UsageError(
            f"{what} is {kind(given)}, and must be a name or a list of names.",
            f'Write {what}="local", or {what}=["local", "bench-pi"].',
        )
    return tuple(found)


def path(given: Any, what: str) -> Path:
    """A path. Raises UsageError for what is none."""
    if not is_path(given):
        raise UsageError(
            f"{what} is {kind(given)}, and must be a path.", f'Write {what}="folder/name".'
        )
    return Path(fspath(given))


def is_path(given: Any) -> bool:
    """Whether a value can be a path: a text or path that is not empty, nor holds a zero byte."""
    found = fspath(given) if isinstance(given, str | PathLike) else ""
    return isinstance(found, str) and bool(found) and "\0" not in found


def files(given: Any, what: str = "files") -> tuple[Path, ...]:
    """Paths of one or several finished files, or values that hold one: artifacts, measurements, a
    run's winner and candidates. Raises UsageError.
    """
    several = isinstance(given, Sequence) and not isinstance(given, str)
    if several and not given:
        raise UsageError(f"{what} is empty.", "Give the path of at least one file.")
    if not several:
        return (file(given, what),)
    return tuple(file(each, f"each of {what}") for each in given)


def file(given: Any, what: str) -> Path:
    """The path of one finished file, as `files` takes them. Raises UsageError."""
    found = artifact_in(given)
    return path(given, what) if found is None else found.path


def artifact_in(given: Any) -> Artifact | None:
    """The artifact that a value is or holds; None: it holds none."""
    measured = getattr(given, "measurement", given)
    found = measured.artifact if isinstance(measured, Measurement) else measured
    return found if isinstance(found, Artifact) else None


def number(given: Any, what: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number in [low, high]. Raises UsageError."""
    is_number = isinstance(given, Real) and not isinstance(given, bool)
    if not is_number or not math.isfinite(given) or not low <= given <= high:
        raise UsageError(f"{what} = {given!r} is out of range.", _range("a number", low, high))
    return float(given)


def numbers(given: Any, what: str) -> tuple[float, ...]:
    """One finite number or several. Raises UsageError."""
    several = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    return tuple(number(each, what) for each in (given if several else (given,)))


def integer(given: Any, what: str, *, low: int, high: int) -> int:
    """A whole number in [low, high]. Raises UsageError."""
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not whole or not low <= given <= high:
        raise UsageError(f"{what} = {given!r} is out of range.", _range("an integer", low, high))
    return int(given)


def flag(given: Any, what: str) -> bool:
    """True or False. Raises UsageError for anything else."""
    if not isinstance(given, bool):
        raise UsageError(f"{what} is {kind(given)}.", "Write True or False.")
    return given


def text(given: Any, what: str) -> str:
    """A text. Raises UsageError for anything else."""
    if not isinstance(given, str):
        raise UsageError(f"{what} is {kind(given)}, and must be a text.", f'Write {what}="…".')
    return given


def setting(
    *,
    config: PathOrText | None,
    task: Task | str | None,
    scale: float | None,
    offset: float | None,
    progress: Progress,
) -> Setting:
    """What commands read from options and a project file. config: such a file; task: what the
    model does, which goes before the file's. Raises UsageError, ConfigError.
    """
    if not callable(progress):
        raise UsageError(
            f"progress is {kind(progress)}, and must be a function.",
            "Give a function that takes one edgehone.Event.",
        )
    tables = [] if task is None else [Partial(ARGUMENTS, {"task": task_table(task)})]
    tables += [] if config is None else [load_partial(path(config, "config"))]
    scaling = scaling_table(scale, offset)
    return Setting(tuple(tables), scaling.get("scale"), scaling.get("offset"), progress=progress)


def training(given: Any, setting: Setting) -> TrainingOptions:
    """How models are trained; None: as the setting's files say. Raises UsageError."""
    if given is None:
        return setting.options
    if not isinstance(given, TrainingOptions):
        raise UsageError(
            f"training is {kind(given)}.",
            'Write training=edgehone.TrainingOptions(augment=["flip"]).',
        )
    return given


def scaling_table(scale: float | None, offset: float | None) -> dict[str, float]:
    """What a `[data]` table says of scaling; nothing of what is None. Raises UsageError."""
    if scale is not None and number(scale, "scale") == 0:
        raise UsageError("scale is 0, which makes all samples equal.", "Write 1 / 255, or 1.")
    given = {"scale": scale, "offset": offset}
    return {key: number(value, key) for key, value in given.items() if value is not None}


def task_table(task: Any) -> dict[str, Any]:
    """A `[task]` table of a task, of the name of its kind, or of the caller's own kind: a class at
    the top level of a module, or an object of it. Raises UsageError.
    """
    if isinstance(task, Task):
        return {**task_table(task.kind), "metric": metric_name(task.metric)}
    if isinstance(task, str | type | TaskKind):
        return {"kind": variant(task, TaskKind, PACKAGE, "task")}
    raise UsageError(
        f"task is {kind(task)}, and must be a kind of task.",
        f"Give one of {', '.join(known())}, edgehone.Task(kind, metric), or a class of your own "
        "derived from edgehone.TaskKind.",
    )


def _range(what: str, low: float, high: float) -> str:
    bounds = [f"from {low:g}"] * (low > -math.inf) + [f"to {high:g}"] * (high < math.inf)
    return f"Give {' '.join([what, *bounds])}."
