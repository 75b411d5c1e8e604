"""Operators without weights as .tflite files of their own, and what one inference costs beside all
its operators: the entries of a cost table that layers do not have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

import numpy as np

from edgehone import precisions
from edgehone.formats import _flatbuffer
from edgehone.formats._flatgraph import Graph, Quantization
from edgehone.values import LayerSpec

OVERHEAD = "overhead"
"""The kind of a chain of equal small operators, kernel[0] of them."""

ACTIVATION_SCALES = {"INT8": 1 / 128, "INT16": 1 / 32768}
"""Scales of values in [-1, 1]."""

Shaped = Literal["same", "pooled", "padded", "resized", "averaged", "joined"]
"""How an operator's output is shaped: as its input, by a window, by rows and columns added, by
factors, to one value a channel, or by channels joined."""


@dataclass(frozen=True)
class _Operator:
    """name: in TFLite; options: the schema's class, "" where it has none; inputs: how many are
    computed; probability: whether its results lie in [0, 1], which has a scale of its own.
    """

    name: str
    options: str = ""
    inputs: int = 1
    shaped: Shaped = "same"
    probability: bool = False


Sizes = tuple[int, int, int]
"""Height, width and channels."""

_OPERATORS: Mapping[str, _Operator] = {
    "add": _Operator("ADD", "AddOptionsT", inputs=2),
    "mul": _Operator("MUL", "MulOptionsT", inputs=2),
    "concat": _Operator("CONCATENATION", "ConcatenationOptionsT", inputs=2, shaped="joined"),
    "max_pool": _Operator("MAX_POOL_2D", "Pool2DOptionsT", shaped="pooled"),
    "average_pool": _Operator("AVERAGE_POOL_2D", "Pool2DOptionsT", shaped="pooled"),
    "mean": _Operator("MEAN", "ReducerOptionsT", shaped="averaged"),
    "pad": _Operator("PAD", "PadOptionsT", shaped="padded"),
    "resize_nearest": _Operator(
        "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptionsT", shaped="resized"
    ),
    "resize_bilinear": _Operator("RESIZE_BILINEAR", "ResizeBilinearOptionsT", shaped="resized"),
    "softmax": _Operator("SOFTMAX", "SoftmaxOptionsT", probability=True),
    "logistic": _Operator("LOGISTIC", probability=True),
    "tanh": _Operator("TANH"),
    "relu": _Operator("RELU"),
    "hard_swish": _Operator("HARD_SWISH", "HardSwishOptionsT"),
    "quantize": _Operator("QUANTIZE", "QuantizeOptionsT"),
    "dequantize": _Operator("DEQUANTIZE", "DequantizeOptionsT"),
    "requantize": _Operator("QUANTIZE", "QuantizeOptionsT"),
}
_KIND_OF = {op.name: kind for kind, op in _OPERATORS.items() if kind != "requantize"}

KINDS = (*_OPERATORS, OVERHEAD)
"""The operators by what `LayerSpec.kind` calls them."""

BORDERS = ("quantize", "dequantize")
"""Those at the borders of an integer file with float inputs and outputs; "requantize" gives
integers another scale.
"""


def activation_type(precision: str) -> str:
    """The type of what a layer of this precision reads and writes."""
    kind = precisions.named(precision)
    return f"INT{kind.activation_bits}" if kind.static else "FLOAT32"


def activation_tensor(
    graph: Graph, name: str, kind: str, shape: tuple[int, ...], *, probability: bool = False
) -> int:
    """A tensor that is computed; quantized ones hold values in [-1, 1], or in [0, 1]."""
    scaled = None
    if kind == "INT8" and probability:
        scaled = Quantization([1 / 256], zero=-128)
    elif kind in ACTIVATION_SCALES:
        scaled = Quantization([ACTIVATION_SCALES[kind]])
    return graph.tensor(name, kind, shape, quantization=scaled)


def operator_model(spec: LayerSpec, precision: str) -> bytes | str:
    """A whole .tflite file holding the one operator, or chain; or why there is none. At borders,
    precision is that of the integers.
    """
    kind = activation_type(precision)
    if spec.kind in (*BORDERS, "requantize") and kind == "FLOAT32":
        return f"a file in {precision} has float values, which nothing converts"
    if spec.kind == "hard_swish" and kind == "INT16":
        return "TFLite has no HARD_SWISH of 16-bit integers"
    graph = Graph()
    if spec.kind == OVERHEAD:
        return _chain(graph, spec, kind)
    operator = _OPERATORS[spec.kind]
    source = "FLOAT32" if spec.kind == "quantize" else kind
    target = "FLOAT32" if spec.kind == "dequantize" else kind
    given = [
        activation_tensor(graph, f"in{number}", source, (1, *sizes))
        for number, sizes in enumerate(_input_sizes(spec))
    ]
    constants = _constants(graph, spec)
    sizes = _output_sizes(spec, operator.shaped)
    shape = (1, spec.out_channels) if operator.shaped == "averaged" else (1, *sizes)
    other_scale = operator.probability or spec.kind == "requantize"
    result = activation_tensor(graph, "out", target, shape, probability=other_scale)
    graph.operator(operator.name, [*given, *constants], result, _options(spec))
    return graph.content(given, [result])


def operator_spec(model: Any, graph: Any, operator: Any) -> LayerSpec | None:
    """An operator of a file by its shapes; None for those with weights, for others that are not
    known, and for shapes that are not fixed.
    """
    kind = _kind(model, graph, operator)
    if kind is None:
        return None
    tensors = [graph.tensors[index] for index in operator.inputs if index >= 0]
    computed = [each for each in tensors if not _flatbuffer.is_constant(model, each)]
    sizes = [_sizes(each) for each in (*computed, graph.tensors[operator.outputs[0]])]
    shapes = [each for each in sizes if each is not None]
    if len(shapes) < len(sizes) or len(computed) != _OPERATORS[kind].inputs:
        return None
    read, written = shapes[0], shapes[-1]
    spec = _shaped_spec(LayerSpec(kind, *read, written[2]), written, operator.builtinOptions)
    known = spec is not None and _output_sizes(spec, _OPERATORS[kind].shaped) == written
    return spec if known else None


def _kind(model: Any, graph: Any, operator: Any) -> str | None:
    """What `LayerSpec.kind` calls an operator; None for one that is not known."""
    kind = _KIND_OF.get(_flatbuffer.operator_name(model, operator))
    if kind != "quantize":
        return kind
    ends = (operator.inputs[0], operator.outputs[0])
    read, written = (_flatbuffer.type_name(graph.tensors[index]) for index in ends)
    if read == "float32":
        return kind
    return "requantize" if read == written else None


def _shaped_spec(spec: LayerSpec, written: Sizes, options: Any) -> LayerSpec | None:
    """The operator with what its options or its output say of its window, rows or factors."""
    relu = int(getattr(options, "fusedActivationFunction", 0) or 0) == 1
    spec = replace(spec, relu=relu)
    match _OPERATORS[spec.kind].shaped:
        case "pooled":
            window = (int(options.filterHeight), int(options.filterWidth))
            strides = (int(options.strideH), int(options.strideW))
            padding = "valid" if int(options.padding) else "same"
            return replace(spec, kernel=window, strides=strides, padding=padding)
        case "padded":
            return replace(spec, kernel=(written[0] - spec.height, written[1] - spec.width))
        case "resized":
            return replace(spec, kernel=(written[0] // spec.height, written[1] // spec.width))
        case _:
            return spec


def _input_sizes(spec: LayerSpec) -> list[Sizes]:
    """Height, width and channels of each input."""
    operator = _OPERATORS[spec.kind]
    first = (spec.height, spec.width, spec.in_channels)
    if operator.shaped == "joined":
        return [first, (spec.height, spec.width, spec.out_channels - spec.in_channels)]
    return [first] * operator.inputs


def _output_sizes(spec: LayerSpec, shaped: Shaped) -> Sizes:
    """Height, width and channels of the output."""
    rows, columns = spec.kernel
    match shaped:
        case "pooled":
            height, width = _pooled(spec, 0), _pooled(spec, 1)
        case "padded":
            height, width = spec.height + rows, spec.width + columns
        case "resized":
            height, width = spec.height * rows, spec.width * columns
        case "averaged":
            height, width = 1, 1
        case "same" | "joined":
            height, width = spec.height, spec.width
        case _:
            assert_never(shaped)
    return height, width, spec.out_channels


def _pooled(spec: LayerSpec, axis: int) -> int:
    size, window, stride = (spec.height, spec.width)[axis], spec.kernel[axis], spec.strides[axis]
    return -(-size // stride) if spec.padding == "same" else (size - window) // stride + 1


def _constants(graph: Graph, spec: LayerSpec) -> list[int]:
    """The tensors of numbers that the operator reads beside what is computed."""
    shaped = _OPERATORS[spec.kind].shaped
    if shaped == "padded":
        rows, columns = spec.kernel
        around = [[0, 0], [rows // 2, rows - rows // 2], [columns // 2, columns - columns // 2]]
        return [_numbers(graph, "paddings", [*around, [0, 0]])]
    if shaped == "resized":
        return [_numbers(graph, "size", list(_output_sizes(spec, shaped)[:2]))]
    return [_numbers(graph, "axes", [1, 2])] if shaped == "averaged" else []


def _numbers(graph: Graph, name: str, values: Sequence[Any]) -> int:
    array = np.array(values, np.int32)
    return graph.tensor(name, "INT32", array.shape, data=array.tobytes())


def _options(spec: LayerSpec) -> Any:
    """The operator's options, as the schema's object; None where it has none."""
    from ai_edge_litert import schema_py_generated as schema

    operator = _OPERATORS[spec.kind]
    if not operator.options:
        return None
    value = getattr(schema, operator.options)()
    if operator.shaped == "pooled":
        value.padding = schema.Padding.SAME if spec.padding == "same" else schema.Padding.VALID
        value.filterHeight, value.filterWidth = spec.kernel
        value.strideH, value.strideW = spec.strides
    if spec.kind == "softmax":
        value.beta = 1.0
    if spec.kind == "concat":
        value.axis = 3
    if hasattr(value, "fusedActivationFunction"):
        value.fusedActivationFunction = int(spec.relu)
    return value


def _chain(graph: Graph, spec: LayerSpec, kind: str) -> bytes:
    """Additions one after another, each of what the one before it computed and the input."""
    from ai_edge_litert import schema_py_generated as schema

    shape = (1, spec.height, spec.width, spec.in_channels)
    first = last = activation_tensor(graph, "in", kind, shape)
    for number in range(spec.kernel[0]):
        result = activation_tensor(graph, f"out{number}", kind, shape)
        graph.operator("ADD", [last, first], result, schema.AddOptionsT())
        last = result
    return graph.content([first], [last])


def _sizes(tensor: Any) -> Sizes | None:
    """Height, width and channels of a tensor of batch 1; None where they are not fixed."""
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    if not 2 <= len(shape) <= 4 or shape[0] != 1 or any(size < 1 for size in shape):
        return None
    height, width, channels = (1,) * (4 - len(shape)) + shape[1:]
    return height, width, channels
