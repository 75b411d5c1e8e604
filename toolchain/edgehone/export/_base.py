"""What a format is: it turns a Keras model into a float file, and that file into any precision."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehone.values import BitPlan, LayerSpec, Plain

Array = NDArray[Any]


class Format(ABC):
    """One deployable file format."""

    SUFFIX: ClassVar[str]
    PRECISIONS: ClassVar[tuple[str, ...]]

    @abstractmethod
    def quantize(
        self, float_file: Path, plan: BitPlan, calibration: Array, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`.

        calibration: (n, *input_shape) float32 samples as the model takes them. Returns notes:
        {"refused": {layer: reason}} for layers that stay in another precision than asked.
        Raises ConversionError when the format has no such default precision.
        """

    @abstractmethod
    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """A complete model file with this one layer (random weights), or why there is none.

        among: the precision of the file's other layers, if another: the conversions at the
        layer's borders are then part of the model.
        """

    @abstractmethod
    def audit(self, file: Path) -> Plain:
        """What is in a file, read without TensorFlow; see `edgehone.export.audit`."""


def random_weights(shape: tuple[int, ...]) -> Array:
    """Weights for timing only; the values do not matter, except that none is zero."""
    return np.random.default_rng(0).uniform(0.1, 1.0, shape).astype(np.float32)
