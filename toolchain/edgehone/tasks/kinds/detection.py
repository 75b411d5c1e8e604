"""Boxes in each sample and what is in them, as a decoder of the user's reads them from outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import ConfigError, DataError
from edgehone.system.numbers import Array, Shape, finite, numeric
from edgehone.system.settings import TASK
from edgehone.system.user_code import function, running
from edgehone.tasks import boxes
from edgehone.tasks import numeric as numbers
from edgehone.tasks.boxes import Boxes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form, TaskKind
from edgehone.tasks.scoring import Metric, by_name

COCO = tuple(np.arange(50, 100, 5) / 100)
"""The least overlaps over which COCO averages."""


@dataclass(frozen=True)
class Detection(TaskKind):
    """Boxes; targets (n, m, 5) have the corners x1, y1, x2, y2 and the class of each, and class -1
    where a sample has fewer than m.

    decoder: "python:module:function" of outputs (n, ...), which returns boxes (n, b, 4) in the
    targets' unit, scores (n, b) and classes (n, b). loss: "python:module:function" of (targets,
    outputs), both of Keras, for training on the targets; distillation takes the squared error of
    the outputs as they are.
    """

    FORM: ClassVar[Form] = "boxes"
    GUESSED: ClassVar[bool] = False
    decoder: str = ""
    loss_function: str = ""

    @property
    def METRICS(self) -> Mapping[str, Metric]:  # type: ignore[override]  # noqa: N802
        """Mean average precision at an overlap of 0.5, and averaged over 0.5, 0.55, …, 0.95."""
        return by_name(self._precision("map50", (0.5,)), self._precision("map", COCO))

    def boxes(self, outputs: Array) -> Boxes:
        """What the user's decoder finds. Raises ConfigError without one, DataError where it fails
        or returns something else.
        """
        if not self.decoder:
            named = "detection(decoder='python:module:function')"
            raise ConfigError(
                "A detection needs a function that reads boxes from the model's outputs.",
                f"Name it: {TASK.set(named)}.",
            )
        decode = function(self.decoder)
        with running(f"Decoder {self.decoder!r}", DataError):
            parts = [np.asarray(each, np.float64) for each in decode(outputs.copy())]
        shapes = [each.shape for each in parts]
        n, count = len(outputs), shapes[1][1] if len(shapes) > 1 and len(shapes[1]) > 1 else 0
        if shapes != [(n, count, 4), (n, count), (n, count)]:
            raise DataError(
                f"Decoder {self.decoder!r} returned arrays of shapes {shapes} for {n} samples.",
                "Return boxes (n, b, 4), scores (n, b) and classes (n, b).",
            )
        return Boxes(*parts)

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Boxes as float32."""
        found = numeric(y, name)
        finite(found, name)
        if found.ndim != 3 or found.shape[2] != 5:
            raise DataError(
                f"{name} has shape {found.shape}, but boxes need (n, m, 5).",
                "Give x1, y1, x2, y2 and the class of each box, and class -1 where there is none.",
            )
        there = found[found[..., 4] >= 0]
        if (found[..., 4] != np.round(found[..., 4])).any() or (found[..., 4] < -1).any():
            raise DataError(
                f"{name} has a class that is not an integer from 0.",
                "The fifth number is the class.",
            )
        if (there[:, 2:4] <= there[:, :2]).any():
            raise DataError(
                f"{name} has a box without area.",
                "Give corners, x1 < x2 and y1 < y2, not a centre with width and height.",
            )
        if output is not None and None not in output:
            self.boxes(np.zeros((1, *(size or 0 for size in output)), np.float32))
        return found.astype(np.float32)

    def check(self, y: Array, outputs: Array) -> None:
        """Targets are boxes, and outputs what the decoder reads."""
        if y.ndim != 3 or y.shape[2] != 5:
            raise DataError(
                f"Targets have shape {y.shape}, but boxes need (n, m, 5).",
                f"Check the data, or set {TASK} to what the model does.",
            )
        numbers.require_finite(outputs)
        self.boxes(outputs[:1])

    def loss(self, keras: Any, metric: str) -> Any:
        """The user's."""
        if not self.loss_function:
            raise ConfigError(
                "A detection has no loss of its own for training on targets.",
                "Name yours, loss_function='python:module:function' beside decoder, or train with "
                "the teacher alone: [distill] hard = 0 and soft = 1.",
            )
        return function(self.loss_function)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Squared error to the teacher's outputs."""
        return keras.losses.get("mse")

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean squared error of the outputs divided by the teacher's variance."""
        return numbers.relative_error(teacher, outputs)

    def training_targets(self, y: Array, rank: int) -> Array:
        """The boxes."""
        return y

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """The mean of the outputs, which is what a model gives that looks at nothing."""
        yield "the mean of its answers", np.asarray(outputs, np.float64).mean(axis=0)

    def advice(self, y: Array, metric: str) -> str:
        """On the boxes' unit."""
        return (
            "Check that the decoder's boxes have the unit of the targets' (pixels, or shares of "
            "the image) and the same order of corners and classes."
        )

    def _precision(self, name: str, least: tuple[float, ...]) -> Metric:
        return Metric(
            name,
            higher_is_better=True,
            prepared=lambda y, outputs: boxes.matched(y, self.boxes(outputs), least),
            whole=_mean_precision,
            needs="a box to find",
        )


def _mean_precision(wanted: Array, rows: Array) -> Array:
    return np.asarray(boxes.average_precision(wanted, rows))
