"""One-layer .onnx files in float32 or int8: what a layer costs on a device."""

from typing import Any

import numpy as np

from edgehone.formats._base import random_weights
from edgehone.formats._onnx import operators
from edgehone.formats._onnx.operators import OPSET, SCALE
from edgehone.formats._tflite.layer import output_shape
from edgehone.values import LayerSpec

_KINDS = ("conv", "depthwise", "dense")


def layer_model(spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
    """A whole .onnx file holding the layer; or the reason why it has no such precision.

    int8 has uint8 borders: within a model the runtime fuses the pairs of QuantizeLinear and
    DequantizeLinear around a layer, so the layer alone has to be priced without converting.
    """
    if precision not in ("float32", "int8"):
        return f"one-layer ONNX models exist in float32 and int8, not in {precision}"
    if spec.kind in operators.KINDS:
        return operators.operator_model(spec, precision)
    if spec.kind not in _KINDS:
        return f"one-layer ONNX models exist of {', '.join(_KINDS)}, not of {spec.kind}"
    from onnx import TensorProto, helper

    integer = (among or precision) == "int8"
    border = TensorProto.UINT8 if integer else TensorProto.FLOAT
    constants, nodes = (_int8 if precision == "int8" else _float)(spec)
    if integer and precision != "int8":
        constants, nodes = _converted(constants, nodes)
    source = helper.make_tensor_value_info("in", border, _input_shape(spec))
    result = helper.make_tensor_value_info("out", border, _output_shape(spec))
    graph = helper.make_graph(nodes, "layer", [source], [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def _float(spec: LayerSpec) -> tuple[list[Any], list[Any]]:
    from onnx import helper, numpy_helper

    constants = [
        numpy_helper.from_array(random_weights(_kernel_shape(spec)), "kernel"),
        numpy_helper.from_array(random_weights((spec.out_channels,)), "bias"),
    ]
    nodes = [_compute(spec, ["in", "kernel", "bias"], "sum" if spec.relu else "out")]
    if spec.relu:
        nodes.append(helper.make_node("Relu", ["sum"], ["out"], name="layer/Relu"))
    return constants, nodes


def _converted(constants: list[Any], nodes: list[Any]) -> tuple[list[Any], list[Any]]:
    """A float layer between integer ones: converted to float before and back after."""
    from onnx import helper, numpy_helper

    scales = [
        numpy_helper.from_array(np.float32(SCALE), "scale"),
        numpy_helper.from_array(np.uint8(128), "zero"),
    ]
    for node in nodes:
        node.input[:] = ["in_float" if name == "in" else name for name in node.input]
        node.output[:] = ["out_float" if name == "out" else name for name in node.output]
    before = helper.make_node("DequantizeLinear", ["in", "scale", "zero"], ["in_float"])
    after = helper.make_node("QuantizeLinear", ["out_float", "scale", "zero"], ["out"])
    return [*constants, *scales], [before, *nodes, after]


def _int8(spec: LayerSpec) -> tuple[list[Any], list[Any]]:
    """QDQ around the layer; a ReLU is the output's zero point, as onnxruntime quantizes it."""
    from onnx import helper, numpy_helper

    channels = spec.out_channels
    kernel = np.round(random_weights(_kernel_shape(spec)) / SCALE).clip(-127, 127)
    axis = 1 if spec.kind == "dense" else 0
    arrays = {
        "scale": np.float32(SCALE),
        "zero": np.uint8(0 if spec.relu else 128),
        "kernel_q": kernel.astype(np.int8),
        "kernel_scale": np.full(channels, SCALE, np.float32),
        "kernel_zero": np.zeros(channels, np.int8),
        "bias_q": np.full(channels, 3, np.int32),
        "bias_scale": np.full(channels, SCALE * SCALE, np.float32),
        "bias_zero": np.zeros(channels, np.int32),
    }
    dequantize = "DequantizeLinear"
    kernel_inputs = ["kernel_q", "kernel_scale", "kernel_zero"]
    nodes = [
        helper.make_node(dequantize, ["in", "scale", "zero"], ["in_f"], name="in/dequantize"),
        helper.make_node(dequantize, kernel_inputs, ["kernel"], name="kernel", axis=axis),
        helper.make_node(
            dequantize, ["bias_q", "bias_scale", "bias_zero"], ["bias"], name="bias", axis=0
        ),
        _compute(spec, ["in_f", "kernel", "bias"], "sum"),
        helper.make_node("QuantizeLinear", ["sum", "scale", "zero"], ["out"], name="out/quantize"),
    ]
    return [numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items()], nodes


def _compute(spec: LayerSpec, inputs: list[str], output: str) -> Any:
    from onnx import helper

    if spec.kind == "dense":
        return helper.make_node("Gemm", inputs, [output], name="layer")
    return helper.make_node(
        "Conv",
        inputs,
        [output],
        name="layer",
        kernel_shape=list(spec.kernel),
        strides=list(spec.strides),
        group=spec.in_channels if spec.kind == "depthwise" else 1,
        auto_pad="SAME_UPPER" if spec.padding == "same" else "VALID",
    )


def _input_shape(spec: LayerSpec) -> list[int]:
    if spec.kind == "dense":
        return [1, spec.in_channels]
    return [1, spec.in_channels, spec.height, spec.width]


def _output_shape(spec: LayerSpec) -> list[int]:
    batch, *space, channels = output_shape(spec)
    return [batch, channels, *space]


def _kernel_shape(spec: LayerSpec) -> tuple[int, ...]:
    match spec.kind:
        case "dense":
            return (spec.in_channels, spec.out_channels)
        case "depthwise":
            return (spec.out_channels, 1, *spec.kernel)
        case _:
            return (spec.out_channels, spec.in_channels, *spec.kernel)
