"""The metric a task is judged by: one of its kind's, one of this folder's, or the user's own."""

from dataclasses import replace

from edgehone.errors import ConfigError
from edgehone.system import variants
from edgehone.system.references import bare
from edgehone.system.user_code import PREFIX, is_reference
from edgehone.tasks.kinds import TaskKind, kind_of, known
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.metrics._own import own
from edgehone.tasks.scoring import Metric
from edgehone.values import Task

__all__ = ["PACKAGE", "TaskMetric", "direction_of", "metric_for", "metric_names"]

PACKAGE = __name__


def metric_names(kind: str) -> tuple[str, ...]:
    """The built-in metrics of a kind of task; the first is its default."""
    found = kind_of(kind)
    return tuple(dict.fromkeys([*found.METRICS, *_suiting(found)]))


def direction_of(name: str) -> bool | None:
    """Whether more is better of the built-in metric of that name; None: there is none."""
    for each in known():
        if bare(name) in metric_names(each):
            return metric_for(Task(each, bare(name))).higher_is_better
    return None


def metric_for(task: Task) -> Metric:
    """The task's metric. A user's function takes (targets, outputs) and returns one number or one
    score per sample; higher is better unless it has an attribute `higher_is_better = False`. A
    class of theirs is built, with the settings of its name, and its instance called.

    Raises ConfigError for a metric the task's kind does not have, and for settings it does not
    take.
    """
    if is_reference(task.metric):
        return own(task.metric)
    kind = kind_of(task)
    if task.metric in kind.METRICS:
        return kind.METRICS[task.metric]
    if bare(task.metric) in _suiting(kind):
        found = variants.built(PACKAGE, TaskMetric, task.metric)
        return replace(found.metric(kind), name=task.metric)
    raise ConfigError(
        f"{task.metric!r} is not a metric of a {task.kind} task.",
        f'Known: {", ".join(metric_names(task.kind))}, or "{PREFIX}module:function".',
    )


def _suiting(kind: TaskKind) -> list[str]:
    """The names of this folder's metrics for a kind."""
    return [
        name
        for name in variants.module_names(PACKAGE)
        if kind.FORM in variants.load(PACKAGE, TaskMetric, name).FORMS
    ]
