"""Recurrent layers that are loops in a float file, and which precisions they cannot have."""

from pathlib import Path
from typing import Any

from edgehone.errors import ConversionError
from edgehone.formats import _flatbuffer
from edgehone.formats._onnx import audit
from edgehone.precisions import FLOAT32, static
from edgehone.system.settings import FORMATS, RECURRENT
from edgehone.values import PrecisionPlan

_LOOPS = ("Loop", "Scan")
_CELLS = ("LSTM", "GRU", "RNN")


def _hint() -> str:
    unrolled = RECURRENT.set("unrolled")
    if RECURRENT.at_hand:
        unrolled = f"{FORMATS.set(['tflite'])} and {unrolled}"
    return (
        f"Export with {unrolled}, which makes its steps operators that can be integers, or ask "
        "for another precision."
    )


def check_tflite_loops(float_file: Path, plan: PrecisionPlan) -> None:
    """Refuse static precisions of layers with a WHILE loop, on which the quantizer stumbles.

    Raises ConversionError, which names the layer.
    """
    for layer in loops(_flatbuffer.read(float_file)):
        _refuse_static(layer, "a loop of the .tflite file", plan)


def check_onnx_loops(float_file: Path, plan: PrecisionPlan) -> None:
    """Refuse to quantize any layer of a file with a loop, of which onnxruntime's quantizer makes
    a broken file, and static precisions of layers that are one LSTM, GRU or RNN operator.

    Raises ConversionError, which names the layer.
    """
    for node in audit.read(float_file).graph.node:
        layer = node.name.split("/")[0]
        if node.op_type in _LOOPS and {plan.default, *plan.layers.values()} != {FLOAT32}:
            raise ConversionError(
                f"Layer {layer!r} is a loop in the .onnx file, and onnxruntime's quantizer writes "
                "broken files of such.",
                _hint(),
            )
        if node.op_type in _CELLS:
            _refuse_static(layer, f"one {node.op_type} operator of the .onnx file", plan)


def loops(model: Any) -> list[str]:
    """Layers of a .tflite model (see `_flatbuffer.read`) that run a loop."""
    graph = model.subgraphs[0]
    looping = [each for each in graph.operators if _flatbuffer.inner_graphs(each)]
    names = [_flatbuffer.label(graph, each) for each in looping]
    return list(dict.fromkeys(name.split("/")[0] for name in names))


def _refuse_static(layer: str, what: str, plan: PrecisionPlan) -> None:
    precision = plan.layers.get(layer, plan.default)
    if precision in static():
        raise ConversionError(
            f"Layer {layer!r} is {what}, and that cannot be {precision}.",
            _hint(),
        )
