"""TFLite: every precision of a float file by ai-edge-quantizer, per layer, and one-layer models."""

import hashlib
from pathlib import Path
from typing import ClassVar

from edgehone import files
from edgehone.errors import ConversionError
from edgehone.export import _tflite_layer
from edgehone.export._base import Array, Format
from edgehone.export._ranges import Ranges, activation_ranges
from edgehone.export._tflite_recipe import STATIC_BITS, Grant, grant, quantized
from edgehone.export.audit import audit
from edgehone.values import PRECISIONS, BitPlan, LayerSpec, Plain


class TFLite(Format):
    """LiteRT's flatbuffer. An instance keeps the last files' calibration ranges, so that many
    precisions of one float file cost one calibration.
    """

    SUFFIX: ClassVar[str] = ".tflite"
    PRECISIONS: ClassVar[tuple[str, ...]] = PRECISIONS
    _KEPT_RANGES: ClassVar[int] = 4

    def __init__(self) -> None:
        self._ranges: dict[tuple[str, str], Ranges] = {}

    def quantize(
        self, float_file: Path, plan: BitPlan, calibration: Array, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`; see `Format.quantize`.

        A layer's precision holds for every operator named after it, as the converter names them.
        4-bit weights exist for some operators only; other layers get the precision next to it
        (int8x4: int8, dynamic4: dynamic8, weights4: float32), and a note says why.
        """
        for precision in (plan.default, *plan.layers.values()):
            _check(precision)
        with files.reading(float_file):
            content = float_file.read_bytes()
        granted = grant(content, plan, str(float_file))
        if not granted.is_float32:
            ranges = self._ranges_of(content, calibration) if _is_static(granted) else None
            content = quantized(content, granted, ranges)
        files.write_whole(destination, content)
        return {"refused": dict(granted.refused)}

    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """A .tflite file with this one layer, quantized as `quantize` would; takes about 1 ms."""
        return _tflite_layer.layer_model(spec, precision, among)

    def audit(self, file: Path) -> Plain:
        """What is in the file; see `edgehone.export.audit`."""
        return audit(file)

    def _ranges_of(self, content: bytes, calibration: Array) -> Ranges:
        key = (_sha256(content), _sha256(calibration.tobytes()) + str(calibration.shape))
        if key not in self._ranges:
            while len(self._ranges) >= self._KEPT_RANGES:
                self._ranges.pop(next(iter(self._ranges)))
            self._ranges[key] = activation_ranges(content, calibration)
        return self._ranges[key]


def _check(precision: str) -> None:
    if precision not in PRECISIONS:
        raise ConversionError(
            f"TFLite has no precision {precision!r}.", f"Known: {', '.join(PRECISIONS)}."
        )


def _is_static(granted: Grant) -> bool:
    return any(name in STATIC_BITS for name in (granted.default, *granted.layers.values()))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
