"""What a model may be for: one kind of task a file; a user's own is "python:module:Class"."""

import sys

from edgehone.errors import ConfigError
from edgehone.system import variants
from edgehone.system.user_code import PREFIX
from edgehone.tasks.kinds._base import Answer, Form, Link, TaskKind
from edgehone.values import Task

__all__ = [
    "NUMBERS",
    "PACKAGE",
    "SAMPLES",
    "Answer",
    "Form",
    "Link",
    "TaskKind",
    "kind_of",
    "known",
    "named",
    "task_of",
]

PACKAGE = __name__

NUMBERS = Task("regression", "mae")
SAMPLES = Task("reconstruction", "mse")
"""What data are read as that need be no labels: any numbers as targets, and none at all."""


def kind_of(task: Task | str) -> TaskKind:
    """The kind of a task, or the kind of that name.

    Raises UsageError for an unknown name, ConfigError for a class that is not a kind of task.
    """
    name = task if isinstance(task, str) else task.kind
    return variants.built(PACKAGE, TaskKind, name)


def known() -> list[str]:
    """The names of the kinds that come with the package."""
    return variants.names(PACKAGE, TaskKind)


def task_of(kind: str | type[TaskKind], metric: str = "") -> Task:
    """A task of this kind, or class of kind, with the kind's default metric unless one is named."""
    name = kind if isinstance(kind, str) else named(kind)
    return Task(name, metric or next(iter(kind_of(name).METRICS)))


def named(kind: type[TaskKind]) -> str:
    """The name under which a task holds a class of kind: a file's of the package, or
    "python:module:Class". Raises ConfigError for a class that cannot be found by a name.
    """
    module = kind.__module__
    if module.startswith(f"{PACKAGE}."):
        return module.removeprefix(f"{PACKAGE}.")
    if getattr(sys.modules.get(module), kind.__qualname__, None) is not kind:
        raise ConfigError(
            f"Task kind {kind.__qualname__!r} is not at the top level of module {module!r}.",
            "Define the class at the top level of a module, so that runs can name it.",
        )
    return f"{PREFIX}{module}:{kind.__qualname__}"
