"""ONNX: float32, static int8 (QDQ) and dynamic int8 by onnxruntime's quantizer, per layer."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from edgehone import files
from edgehone.errors import ConversionError
from edgehone.export import _onnx_layer
from edgehone.export._base import Array, Format
from edgehone.export.audit import audit
from edgehone.values import BitPlan, LayerSpec, Plain

_KEEPS_FLOAT = "float32"


class Onnx(Format):
    """ONNX Runtime's format. Layers are in the default precision, or stay float32."""

    SUFFIX: ClassVar[str] = ".onnx"
    PRECISIONS: ClassVar[tuple[str, ...]] = ("float32", "dynamic8", "int8")

    def quantize(
        self, float_file: Path, plan: BitPlan, calibration: Array, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`; see `Format.quantize`.

        int8 is static: uint8 activations and, as QDQ pairs, int8 weights of 7 bits for each output
        channel, which no x86 CPU saturates on. A layer may stay float32 beside int8 or dynamic8.
        """
        if plan.default not in self.PRECISIONS:
            raise ConversionError(
                f"ONNX has no precision {plan.default!r} here.",
                f"Known: {', '.join(self.PRECISIONS)}; or export to TFLite.",
            )
        nodes = _nodes_by_layer(float_file)
        refused = {
            layer: reason
            for layer, precision in plan.layers.items()
            if (reason := _refusal(layer, precision, plan.default, nodes))
        }
        kept = [
            name
            for layer, precision in plan.layers.items()
            if precision == _KEEPS_FLOAT and layer not in refused
            for name in nodes[layer]
        ]
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "quantized.onnx"
            _write(float_file, plan.default, kept, calibration, result)
            files.write_whole(destination, result.read_bytes())
        return {"refused": refused}

    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """An .onnx file with this one layer in float32 or int8, or why there is none."""
        return _onnx_layer.layer_model(spec, precision, among)

    def audit(self, file: Path) -> Plain:
        """What is in the file; see `edgehone.export.audit`."""
        return audit(file)


def _refusal(layer: str, precision: str, default: str, nodes: dict[str, list[str]]) -> str:
    if layer not in nodes:
        return "no node of the file is named after this layer; it was fused or removed"
    if precision not in (default, _KEEPS_FLOAT):
        return f"an ONNX layer is {default} like the others or float32, not {precision}"
    return ""


def _nodes_by_layer(float_file: Path) -> dict[str, list[str]]:
    from edgehone.export._audit_onnx import read

    nodes: dict[str, list[str]] = {}
    for node in read(float_file).graph.node:
        nodes.setdefault(node.name.split("/")[0], []).append(node.name)
    return nodes


def _write(
    float_file: Path, precision: str, kept: list[str], calibration: Array, result: Path
) -> None:
    from onnxruntime import quantization

    try:
        with _quiet_logs():
            if precision == "float32":
                result.write_bytes(float_file.read_bytes())
            elif precision == "dynamic8":
                quantization.quantize_dynamic(
                    float_file,
                    result,
                    nodes_to_exclude=kept,
                    weight_type=quantization.QuantType.QUInt8,
                )
            else:
                _write_static(float_file, kept, calibration, result)
    except Exception as error:  # onnxruntime's errors share no other base
        raise ConversionError(
            f"onnxruntime cannot make {precision} of {float_file}: {error}",
            "Try another precision, or export to TFLite.",
        ) from error


def _write_static(float_file: Path, kept: list[str], calibration: Array, result: Path) -> None:
    import onnxruntime
    from onnxruntime import quantization

    if not len(calibration):
        raise ConversionError(
            "int8 needs calibration samples, and there are none.",
            "Give calibration data, or ask for dynamic8.",
        )
    session = onnxruntime.InferenceSession(float_file, providers=["CPUExecutionProvider"])
    quantization.quantize_static(
        float_file,
        result,
        _Samples(session.get_inputs()[0].name, calibration),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        # x86 without VNNI adds pairs of products in 16 bits, which saturate under 8-bit weights.
        reduce_range=True,
        nodes_to_exclude=kept,
    )


class _Samples:
    """Calibration samples as onnxruntime asks for them, one at a time."""

    def __init__(self, name: str, samples: Array) -> None:
        self._feeds = iter([{name: sample[None]} for sample in samples])

    def get_next(self) -> dict[str, Any] | None:
        """The next sample's feed, or None at the end."""
        return next(self._feeds, None)


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """The quantizer advises through the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
