"""What exported files are compared with: the model's outputs of samples, with labels if any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.actions.calibration_checks import Seen, doubts
from edgehone.actions.samples import Fed, loader
from edgehone.actions.settings import Setting
from edgehone.errors import DataError, UnlabelledError
from edgehone.export.artifacts import Reference
from edgehone.export.judging import labels_fit
from edgehone.export.ports import Port
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
        found, classes = self.targets, classifies(self.setting)
        y = self.reference.targets
        fit = labels and y is not None and labels_fit(self.reference.results[0], y)
        seen = Seen(
            self.setting.task if classes is False else Task(),
            self.reference.inputs[0] if len(self.reference.inputs) == 1 else None,
            self.reference.results[0],
            y if fit else None,
            self.setting.scaling,
            self.expects,
            self.fed.classes,
        )
        if classes is False and found.x is not None and found.y is not None:
            seen = self._numeric(seen, found.x, found.y)
        return [*doubts(seen, labels=labels), *self._unused(labels=labels)]

    def _numeric(self, seen: Seen, x: Array, y: Array) -> Seen:
        """Of a task that is no classification: outputs of the samples that have targets."""
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
    if found.x is not None and classifies(setting) is not False:
        inputs, targets = (found.x,), found.y
    reference = Reference(inputs, compute(inputs), classifies(setting), targets)
    return Comparison(reference, found, fed, setting, compute, expects)


def targets_of(
    source: str | None, count: int, seed: int, setting: Setting, ports: Sequence[Port]
) -> Targets:
    """Up to `count` samples with targets of the task, evenly spread over all splits."""
    if source is None or len(ports) > 1:
        return Targets()
    numeric = classifies(setting) is False
    try:
        found = loader(source, ports[0], seed, setting.scaling)(setting.task if numeric else Task())
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
    if classifies(setting) is not None:
        return None
    try:
        return loader(source, port, seed, setting.scaling)(Task("regression")).train.y
    except DataError:  # nor are they numbers; what is wrong is told of the labels
        return None


def classifies(setting: Setting) -> bool | None:
    """Whether the task is classification; None where the project does not say what it is."""
    if not any(each.task for each in setting.files):
        return None
    return setting.task.kind == "classification"
