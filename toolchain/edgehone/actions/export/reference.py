"""What exported files are compared with: the model's outputs of samples, with labels if any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.actions.export.calibration_checks import Seen, doubts
from edgehone.actions.export.samples import Fed, loader
from edgehone.actions.settings import Setting
from edgehone.errors import DataError, UnlabelledError
from edgehone.export.artifacts import Reference
from edgehone.export.judging import labels_fit
from edgehone.export.ports import Port
from edgehone.tasks.kinds import NUMBERS, Answer, kind_of, task_of
from edgehone.values import Plain, Task

Array = NDArray[Any]
Compute = Callable[[tuple[Array, ...]], tuple[Array, ...]]
"""Inputs of a model -> its outputs."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Samples x with their targets y, evenly spread over all splits of calibration data; None: the
    data have none, or for the reason of `unused`, they are of no use. numbers: targets that are no
    labels, of other samples.
    """

    x: Array | None = None
    y: Array | None = None
    unused: str = ""
    numbers: Array | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """A model's outputs of samples that its files are compared on, and what to know of the data.

    expects: which values the model takes, in half a sentence.
    """

    reference: Reference
    targets: Targets
    fed: Fed
    setting: Setting
    compute: Compute
    expects: str

    def warnings(self, artifacts: Sequence[Plain]) -> list[str]:
        """What is doubtful about the data, by the model's own outputs; "" of made-up ones."""
        if not self.fed.source or not artifacts:
            return []
        labels = artifacts[0]["parity"]["kinds"][0] == "labels"
        found, asked = self.targets, answer(self.setting)
        y = self.reference.targets
        fit = labels and y is not None and labels_fit(self.reference.results[0], y)
        seen = Seen(
            _judged_as(self.setting),
            self.reference.inputs[0] if len(self.reference.inputs) == 1 else None,
            self.reference.results[0],
            y if fit else None,
            self.setting.scaling,
            self.expects,
            self.fed.classes,
        )
        if asked not in LABELLED and found.x is not None and found.y is not None:
            seen = self._numeric(seen, found.x, found.y)
        return [*doubts(seen, labels=labels), *self._unused(labels=labels)]

    def _numeric(self, seen: Seen, x: Array, y: Array) -> Seen:
        """Of a task without one label for each sample or place: outputs of what has targets."""
        (outputs, *_) = self.compute((x,))
        return Seen(seen.task, x, outputs, y, seen.scaling, seen.expects)

    def _unused(self, *, labels: bool) -> list[str]:
        """Why the accuracy is left out although the data have labels."""
        outputs, found = self.reference.results[0], self.targets
        if found.unused and labels:
            return [f"Accuracy is left out: {found.unused}"]
        y = found.y
        column = outputs.ndim < 2 or outputs.shape[-1] == 1
        if y is None or labels_fit(outputs, y) or (column and not labels):
            return []
        return [
            f"Accuracy is left out: the labels of {self.fed.source} go from {y.min()} to {y.max()} "
            f"and have shape {y.shape}, and the model gives outputs of shape {outputs.shape}."
        ]


def comparison(
    found: Targets, fed: Fed, setting: Setting, compute: Compute, expects: str
) -> Comparison:
    """Compare on samples with labels where there are any, else on those of the calibration."""
    inputs, targets = fed.inputs, found.numbers
    if found.x is not None and answer(setting) in LABELLED:
        inputs, targets = (found.x,), found.y
    reference = Reference(inputs, compute(inputs), answer(setting), targets)
    return Comparison(reference, found, fed, setting, compute, expects)


def targets_of(
    source: str | None, count: int, seed: int, setting: Setting, ports: Sequence[Port]
) -> Targets:
    """Up to `count` samples with targets of the task, evenly spread over all splits."""
    if source is None or len(ports) > 1:
        return Targets()
    try:
        found = loader(source, ports[0], seed, setting.data_settings(seed))(_judged_as(setting))
    except UnlabelledError:
        return Targets()
    except DataError as error:
        numbers = _numbers(source, seed, setting, ports[0])
        return Targets(unused=f"{error.message} {error.hint}".strip(), numbers=numbers)
    splits = (found.train, found.validation, found.test)
    x, y = (np.concatenate([getattr(split, name) for split in splits]) for name in "xy")
    picked = np.linspace(0, len(x) - 1, min(count, len(x))).astype(int)
    return Targets(x[picked], y[picked])


def _numbers(source: str, seed: int, setting: Setting, port: Port) -> Array | None:
    """Targets that are no labels as numbers, where the task does not say what they are."""
    if answer(setting) is not None:
        return None
    try:
        return loader(source, port, seed, setting.data_settings(seed))(NUMBERS).train.y
    except DataError:  # nor are they numbers; what is wrong is reported of the labels
        return None


def answer(setting: Setting) -> Answer | None:
    """What the task's outputs are compared by; None where the project does not say what it is."""
    return kind_of(setting.task).ANSWER if _has_task(setting) else None


def _has_task(setting: Setting) -> bool:
    return any(each.task for each in setting.files)


def _judged_as(setting: Setting) -> Task:
    """The task, with its kind's default metric where it is about labels, as without a task."""
    if not _has_task(setting):
        return Task()
    task = setting.task
    return task_of(task.kind) if answer(setting) == "labels" else task


LABELLED = (None, "labels")
"""Answers that targets may be labels of, those of no known task among them."""
