"""How good a model or file still is: its score, and how its outputs compare with those before."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from edgehone.data import DataSet, Split
from edgehone.run.workspace import Array, Workspace
from edgehone.system.rows import Rows, taken
from edgehone.tasks.metrics import metric_for
from edgehone.tasks.robustness import Noisy, check, with_noise
from edgehone.values import Artifact, Event, Model, Task

Compute = Callable[[Rows], Array]
"""Samples (n, ...) -> outputs (n, ...)."""

CHECKED_SAMPLES = 4000
"""Most test samples, evenly spread, on which a winner is looked at more closely."""


def score(
    model: Model,
    data: DataSet,
    task: Task,
    workspace: Workspace,
    split: Literal["validation", "test"] = "validation",
) -> float | None:
    """The task's metric of a Keras model over a split; None: not a number."""
    other = {} if split == "validation" else {"split": split}
    inputs = {"model": model.sha256, "data": data.sha256, "task": asdict(task), **other}

    def work() -> dict[str, Any]:
        from edgehone.export.keras_outputs import predict

        samples: Split = getattr(data, split)
        outputs = predict(workspace.keras_model(model), samples.x)
        return {"value": metric_for(task).value(samples.y, outputs)}

    value: float | None = workspace.cache.stage("score", inputs, work)["value"]
    return value


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What every file is run on: samples x with targets y and the expected outputs, as they are
    and with mild noise (None: integers have none).
    """

    task: Task
    x: Rows
    y: Array
    expected: Array
    noisy_x: Rows | None
    noisy_expected: Array | None
    classes: tuple[str, ...] = ()

    def score(self, outputs: Array) -> float:
        """The task's metric of outputs (n, ...)."""
        return metric_for(self.task).value(self.y, outputs)


def evaluation_of(
    task: Task, split: Split, expected: Array, compute: Compute, seed: int
) -> Evaluation:
    """All of a split, and what the model computes of it: expected (n, ...), and with noise."""
    noisy = with_noise(split.x, seed=seed)
    noisy_expected = None if noisy is None else compute(noisy)
    return Evaluation(task, split.x, split.y, expected, noisy, noisy_expected)


def robustness(evaluation: Evaluation, outputs: Array, compute: Compute) -> dict[str, Any]:
    """How outputs (n, ...) of the samples compare with what was expected: per class, in
    confidence, and, as compute finds them, under mild noise.
    """
    noisy = None
    if evaluation.noisy_x is not None and evaluation.noisy_expected is not None:
        noisy = Noisy(evaluation.noisy_expected, compute(evaluation.noisy_x))
    return check(
        evaluation.task,
        evaluation.y,
        evaluation.expected,
        outputs,
        noisy,
        classes=evaluation.classes,
    )


@dataclass(frozen=True, eq=False)
class Winner:
    """A file to look at more closely, the model it replaces, and that model's test outputs."""

    artifact: Artifact
    teacher: Model
    expected: Array


def winner_robustness(
    asked: Winner, data: DataSet, task: Task, seed: int, workspace: Workspace
) -> dict[str, Any]:
    """The robustness of a file on test samples, computed here, beside its teacher's."""
    inputs = {
        "artifact": asked.artifact.sha256,
        "teacher": asked.teacher.sha256,
        "data": data.sha256,
        "task": asdict(task),
        "seed": seed,
        "samples": CHECKED_SAMPLES,
        "classes": list(data.classes),
    }

    def work() -> dict[str, Any]:
        from edgehone.export.execution import outputs
        from edgehone.export.keras_outputs import predict

        def compute(x: Rows) -> Array:
            return outputs(asked.artifact.path, x)

        def teach(x: Rows) -> Array:
            return predict(workspace.keras_model(asked.teacher), x)

        test = data.test
        workspace.progress(Event("check the winner", "class by class, and under noise"))
        picked = np.linspace(0, len(test) - 1, min(len(test), CHECKED_SAMPLES)).astype(int)
        split = Split(taken(test.x, picked), test.y[picked])
        evaluation = evaluation_of(task, split, asked.expected[picked], teach, seed)
        return robustness(replace(evaluation, classes=data.classes), compute(split.x), compute)

    return workspace.cache.stage("generalization", inputs, work, version=3)
