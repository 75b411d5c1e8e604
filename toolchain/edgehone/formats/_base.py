"""What a format is: it turns a Keras model into a float file, and that file into any precision."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ConversionError
from edgehone.values import NOTHING, PRECISIONS, BitPlan, LayerSpec, Plain, StepReport

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What activation ranges are taken from, for precisions that are static.

    samples: one array (n, *shape) per model input, in the order of the model's inputs, as the
    model takes them; () when there is none. ranges: (low, high) that replace what the samples
    say about the tensors of these names (learned ones, of `learned_ranges`).
    """

    samples: tuple[Array, ...]
    ranges: Mapping[str, tuple[float, float]] = NOTHING

    @cached_property
    def key(self) -> str:
        """Equal for equal contents."""
        digest = hashlib.sha256()
        for array in self.samples:
            digest.update(f"{array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
        digest.update(str(sorted(self.ranges.items())).encode())
        return digest.hexdigest()

    def some(self, count: int) -> "Calibration":
        """At most so many of the samples, evenly spread."""
        if not self.samples or len(self.samples[0]) <= count:
            return self
        picked = np.linspace(0, len(self.samples[0]) - 1, count).astype(int)
        return Calibration(tuple(array[picked] for array in self.samples), self.ranges)


def learned_ranges(steps: Sequence[StepReport]) -> Mapping[str, tuple[float, float]]:
    """The activation ranges that training learned, detail["ranges"] of the last step that was
    carried out; nothing when it has none, for what came before it had other weights.
    """
    done = [step for step in steps if not step.skipped]
    learned = (done[-1].detail.get("ranges") or {}) if done else {}
    return {name: (float(low), float(high)) for name, (low, high) in learned.items()}


class Format(ABC):
    """One deployable file format."""

    SUFFIX: ClassVar[str]
    PRECISIONS: ClassVar[tuple[str, ...]]
    ALGORITHMS: ClassVar[tuple[str, ...]]

    @abstractmethod
    def quantize(
        self, float_file: Path, plan: BitPlan, calibration: Calibration, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`.

        calibration: read by static precisions alone; others take one without samples. Returns
        notes: {"refused": {layer: reason}} for layers that stay in another precision than asked,
        {"stand_ins": {layer: reason}} for those with another algorithm or block than asked,
        {"kept_float": {name: reason}} for inputs, layers and outputs that integers cannot hold
        (`edgehone.formats._exact`, `_held`), {"per_tensor": [layer]} for those whose weights share
        one scale.
        Raises ConversionError when the format has no such precision, algorithm or border, or the
        algorithm is not for the default precision; float precisions ignore it.
        """

    @abstractmethod
    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """A complete model file with this one layer (random weights), or why there is none.

        among: the precision of the file's other layers, if another: the conversions at the
        layer's borders are then part of the model.
        """

    @abstractmethod
    def audit(self, file: Path) -> Plain:
        """What is in a file, read without TensorFlow; see `edgehone.formats._audit`."""


def check_plan(form: Format, plan: BitPlan) -> None:
    """Raise ConversionError when a plan has settings that the format has no words for."""
    name = {".onnx": "ONNX"}.get(form.SUFFIX, type(form).__name__)
    unknown = {plan.default} - {*form.PRECISIONS} | {*plan.layers.values()} - {*PRECISIONS}
    if unknown:
        known = ", ".join(form.PRECISIONS)
        raise ConversionError(f"{name} has no precision {min(unknown)!r}.", f"Known: {known}.")
    if plan.algorithm not in form.ALGORITHMS:
        raise ConversionError(
            f"{name} has no algorithm {plan.algorithm!r}.", f"Known: {', '.join(form.ALGORITHMS)}."
        )
    if not 50 < plan.percentile <= 100:
        raise ConversionError(
            f"percentile is {plan.percentile:g}.", "It is above 50 and at most 100, often 99.99."
        )
    if plan.io not in ("", "float32", "int8"):
        raise ConversionError(
            f"A model's borders cannot be {plan.io!r}.", "They are float32 or int8."
        )


def random_weights(shape: tuple[int, ...]) -> Array:
    """Weights for timing only; the values do not matter, except that none is zero."""
    return np.random.default_rng(0).uniform(0.1, 1.0, shape).astype(np.float32)
