"""Operators without weights as .onnx files of their own, and chains that tell the overhead."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.values import LayerSpec

OVERHEAD = "overhead"
"""The kind of a chain of equal small operators, kernel[0] of them."""

OPSET = 17
SCALE = 1 / 128
_ZERO = 128

_OPERATORS = {
    **{"add": "Add", "mul": "Mul", "softmax": "Softmax", "logistic": "Sigmoid", "tanh": "Tanh"},
    **{"relu": "Relu", "mean": "GlobalAveragePool", "concat": "Concat", "pad": "Pad"},
    **{"max_pool": "MaxPool", "average_pool": "AveragePool"},
}
"""Operators by what `LayerSpec.kind` calls them."""

KINDS = (*_OPERATORS, "quantize", "dequantize", OVERHEAD)


def operator_model(spec: LayerSpec, precision: str) -> bytes | str:
    """A whole .onnx file holding the one operator, or chain; or why there is none. In int8 every
    value has a pair of QuantizeLinear and DequantizeLinear, which the runtime fuses, and borders
    are uint8, as those of layers are.
    """
    from onnx import TensorProto, helper

    integer = precision == "int8"
    if spec.kind in ("quantize", "dequantize") and not integer:
        return f"a file in {precision} has float values, which nothing converts"
    borders = {"quantize": (False, True), "dequantize": (True, False)}.get(
        spec.kind, (integer, integer)
    )
    types = [TensorProto.UINT8 if each else TensorProto.FLOAT for each in borders]
    names, shapes = _names(spec), _input_shapes(spec)
    inputs = [
        helper.make_tensor_value_info(name, types[0], shape)
        for name, shape in zip(names, shapes, strict=True)
    ]
    result = helper.make_tensor_value_info("out", types[1], None)
    nodes = _nodes(spec, names, integer)
    graph = helper.make_graph(nodes, "operator", inputs, [result], _constants(spec, integer))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def _names(spec: LayerSpec) -> list[str]:
    return ["in0", "in1"] if spec.kind in ("add", "mul", "concat") else ["in0"]


def _input_shapes(spec: LayerSpec) -> list[list[int]]:
    first = [1, spec.in_channels, spec.height, spec.width]
    if spec.kind == "softmax":
        return [[1, spec.in_channels]]
    if spec.kind == "concat":
        return [first, [1, spec.out_channels - spec.in_channels, spec.height, spec.width]]
    return [first] * len(_names(spec))


def _nodes(spec: LayerSpec, names: Sequence[str], integer: bool) -> list[Any]:
    if spec.kind == "quantize":
        return [_converted("QuantizeLinear", "in0", "out")]
    if spec.kind == "dequantize":
        return [_converted("DequantizeLinear", "in0", "out")]
    links = spec.kernel[0] if spec.kind == OVERHEAD else 1
    nodes: list[Any] = []
    given = list(names) if spec.kind != OVERHEAD else ["in0", "in0"]
    for number in range(links):
        written = "out" if number == links - 1 else f"out{number}"
        nodes += _link(spec, given, written, integer)
        given = [written, "in0"]
    return nodes


def _link(spec: LayerSpec, names: Sequence[str], written: str, integer: bool) -> list[Any]:
    """One operator, with the conversions around it where values are integers."""
    if not integer:
        return _computed(spec, names, written)
    floats = [f"{name}_{written}_float" for name in dict.fromkeys(names)]
    before = [
        _converted("DequantizeLinear", name, as_float)
        for name, as_float in zip(dict.fromkeys(names), floats, strict=True)
    ]
    read = [f"{name}_{written}_float" for name in names]
    after = _converted("QuantizeLinear", f"{written}_float", written)
    return [*before, *_computed(spec, read, f"{written}_float"), after]


def _converted(kind: str, read: str, written: str) -> Any:
    from onnx import helper

    return helper.make_node(kind, [read, "scale", "zero"], [written], name=f"{written}/{kind}")


def _computed(spec: LayerSpec, names: Sequence[str], written: str) -> list[Any]:
    from onnx import helper

    kind = "add" if spec.kind == OVERHEAD else spec.kind
    settings = _SETTINGS[kind](spec) if kind in _SETTINGS else {}
    name = _OPERATORS[kind]
    read = [*names, "pads"] if kind == "pad" else list(names)
    computed = f"{written}_sum" if spec.relu else written
    nodes = [helper.make_node(name, read, [computed], name=f"{written}/{name}", **settings)]
    if spec.relu:
        nodes.append(helper.make_node("Relu", [computed], [written], name=f"{written}/Relu"))
    return nodes


def _pooled(spec: LayerSpec) -> dict[str, Any]:
    padding = "SAME_UPPER" if spec.padding == "same" else "VALID"
    return {
        "kernel_shape": list(spec.kernel),
        "strides": list(spec.strides),
        "auto_pad": padding,
    }


_SETTINGS: Mapping[str, Callable[[LayerSpec], dict[str, Any]]] = {
    "concat": lambda _: {"axis": 1},
    "max_pool": _pooled,
    "average_pool": _pooled,
}


def _constants(spec: LayerSpec, integer: bool) -> list[Any]:
    from onnx import numpy_helper

    arrays: dict[str, Any] = {}
    if integer:
        arrays |= {"scale": np.float32(SCALE), "zero": np.uint8(_ZERO)}
    if spec.kind == "pad":
        rows, columns = spec.kernel
        before = [0, 0, rows // 2, columns // 2]
        after = [0, 0, rows - rows // 2, columns - columns // 2]
        arrays["pads"] = np.array([*before, *after], np.int64)
    return [numpy_helper.from_array(np.asarray(each), name) for name, each in arrays.items()]
