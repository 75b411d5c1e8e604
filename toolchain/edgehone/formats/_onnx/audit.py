"""What an .onnx file holds: its nodes by Keras layer, the types they compute in, its borders."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.formats._flatbuffer import damaged
from edgehone.formats._metadata import audited
from edgehone.formats._onnx import roles
from edgehone.formats._onnx.kernels import WITH_SCALES, Kernels, result_of
from edgehone.formats._onnx.metadata import about_of
from edgehone.formats._onnx.takes import OnnxView
from edgehone.formats._takes import stored, takes
from edgehone.system import files, installing
from edgehone.system.bounds import MODEL_BYTES
from edgehone.values import Plain

_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
_MOVERS = ("Flatten", "MaxPool", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_TRUTHS = ("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Xor")
"""Operators whose results are true or false."""

_SAME_TYPE = ("Add", "Clip", "Concat", "Max", "Min", "Mul", "Slice", "Split", "Sub", "Where")
"""Operators whose results are integers where what they read are integers without a scale."""

_WHOLE = ("int32", "int64", "bool")
_HALVES = ("float16", "bfloat16")
_OWN_DOMAINS = ("", "ai.onnx", "com.microsoft")
_WITHOUT_TENSORS = ("OperatorSetIdProto", "StringStringEntryProto", "TypeProto", "ValueInfoProto")


def read(file: Path) -> Any:
    """An .onnx file as onnx's own objects. Raises ModelError when it is damaged."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise ModelError(
            f"Cannot look into {file}: the onnx package is not installed.",
            f"Install it: {installing.command('compress')}.",
        ) from error
    content = files.content(file, MODEL_BYTES, ModelError)
    try:
        model = onnx.load_from_string(content)
        _require_one_file(file, model)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, TypeError, ValueError) as error:
        raise damaged(str(file), "it is truncated or no ONNX file") from error
    return model


def _require_one_file(file: Path, model: Any) -> None:
    """Refuse a model whose weights lie beside it; what is measured and shipped is one file."""
    external = next((each for each in _tensors(model) if each.data_location == each.EXTERNAL), None)
    if external is not None:
        places = {pair.key: pair.value for pair in external.external_data}
        raise ModelError(
            f"{file} keeps weights in another file, {places.get('location', '')!r}.",
            "Make one file of both: onnx.save(onnx.load('model.onnx'), 'whole.onnx').",
        )


def _tensors(message: Any) -> Iterator[Any]:
    """Every constant within a message of onnx: of graphs, branches, attributes and functions."""
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.name in _WITHOUT_TENSORS:
            continue
        for each in [value] if hasattr(value, "ListFields") else value:
            if field.message_type.name == "TensorProto":
                yield each
            else:
                yield from _tensors(each)


def audit(file: Path) -> Plain:
    """See `edgehone.formats._audit.audit`. A node between conversions computes in int8 where
    onnxruntime has a kernel for it (`kernels`); borders of quantized files are float, so few
    are integer only.
    """
    model = read(file)
    graph = model.graph
    kinds = _kinds(graph)
    types = {name: kind for name, (kind, _) in kinds.items()}
    kernels = Kernels(graph, types)
    integers = [kernels.is_integer(node) for node in graph.node]
    in_float = _kinds(graph, as_quantized=False)
    layers = [
        _layer(node, kinds if integer or _stays(node, kinds) else in_float)
        for node, integer in zip(graph.node, integers, strict=True)
    ]
    constants = {constant.name for constant in graph.initializer}
    view = OnnxView(model)
    inputs = [
        {**_border(value), "quantized_as": _quantized_as(graph, value.name)}
        | {"takes": stored(takes(view, value.name), {})}
        for value in graph.input
        if value.name not in constants
    ]
    outputs = [_border(value) for value in graph.output]
    floats = [
        {"name": layer["name"], "operator": layer["operator"]}
        for layer, integer in zip(layers, integers, strict=True)
        if layer["operator"] not in _CONVERSIONS and not integer and _is_float(layer)
    ]
    return {
        "format": "onnx",
        "size_bytes": file.stat().st_size,
        "operators": dict(sorted(Counter(node.op_type for node in graph.node).items())),
        "types": _types(model),
        "flex": [],
        "custom": sorted({n.op_type for n in graph.node if n.domain not in _OWN_DOMAINS}),
        "integer_only": not floats and not any("float" in b["dtype"] for b in inputs + outputs),
        "float_layers": floats,
        "inputs": inputs,
        "outputs": outputs,
        "loops": _loops(graph),
        "roles": roles.types(graph, types, _CONVERSIONS),
        "quantization": roles.quantization(graph),
        "constant_bytes": _constant_bytes(layers),
        "delegates": {},
        "layers": layers,
        **audited(lambda: about_of(model)),
    }


def ends(content: bytes) -> Plain:
    """{"inputs", "outputs"} as in an audit but for what inputs take, of a file's content."""
    import onnx

    graph = onnx.load_from_string(content).graph
    constants = {constant.name for constant in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    return {"inputs": [*map(_border, inputs)], "outputs": [*map(_border, graph.output)]}


def _quantized_as(graph: Any, name: str) -> dict[str, Any] | None:
    """The type, scale and zero point that all which read an input quantize it to at once."""
    from onnx import numpy_helper

    constants = {each.name: each for each in graph.initializer}
    readers = [node for node in graph.node if name in node.input]
    found = []
    for node in readers:
        settings = [constants.get(each) for each in node.input[1:]]
        if node.op_type != "QuantizeLinear" or len(settings) < 2 or None in settings:
            return None
        scale, zero_point = (numpy_helper.to_array(each) for each in settings[:2])
        if scale.size != 1:
            return None
        kind = str(zero_point.dtype)
        found.append({"dtype": kind, "scale": scale.item(), "zero_point": zero_point.item()})
    return found[0] if found and all(each == found[0] for each in found) else None


def _loops(graph: Any) -> list[str]:
    """Layers that are a loop, or one operator that loops."""
    kinds = ("Loop", "Scan", "LSTM", "GRU", "RNN", "DynamicQuantizeLSTM")
    return list(dict.fromkeys(n.name.split("/")[0] for n in graph.node if n.op_type in kinds))


def _constant_bytes(layers: list[dict[str, Any]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for layer in layers:
        found[layer["name"].split("/")[0]] += layer["weight_bytes"]
    return {name: size for name, size in found.items() if size}


def _stays(node: Any, kinds: dict[str, tuple[str, int]]) -> bool:
    """Whether a node is decided by the integers around it though it computes with none: one that
    moves values, a conversion, and those of 16 bits, for which onnxruntime has no kernels at all.
    """
    names = (*node.input, *node.output)
    wide = any(kinds[name][0] in ("int16", "uint16") for name in names if name in kinds)
    moves = node.op_type in (*_MOVERS, *_CONVERSIONS) and node.op_type != "MaxPool"
    return wide or moves


def _kinds(graph: Any, *, as_quantized: bool = True) -> dict[str, tuple[str, int]]:
    """Tensor name -> (the type it stands for, its bytes in the file).

    A dequantized tensor stands for the integers it was made from, one that is quantized next for
    those it becomes, and operators that only move values pass on what they read. Unless
    as_quantized, this holds for constants alone, and others are what they are.
    """
    kinds: dict[str, tuple[str, int]] = {}
    for constant in graph.initializer:
        kinds[constant.name] = (_type_name(constant.data_type), _bytes_of(constant))
    for value in graph.input:
        kinds.setdefault(value.name, (_type_name(value.type.tensor_type.elem_type), 0))
    becomes = {
        node.input[0]: _quantized_type(node, kinds)
        for node in graph.node
        if node.op_type == "QuantizeLinear" and as_quantized
    }
    for node in graph.node:
        if node.op_type == "MatMulNBits":  # several numbers in a byte
            bits = next((each.i for each in node.attribute if each.name == "bits"), 4)
            kinds[node.input[1]] = (f"uint{bits}", kinds[node.input[1]][1])
    for node in graph.node:
        first = kinds.get(node.input[0], ("float32", 0)) if node.input else ("float32", 0)
        for output in node.output:
            computed = first[0] if first[0] in _HALVES else "float32"
            kinds[output] = _result(node, first, becomes.get(output, computed), kinds)
            if node.op_type == "DequantizeLinear" and not (as_quantized or first[1]):
                kinds[output] = ("float32", 0)
    return kinds


def _result(
    node: Any, first: tuple[str, int], otherwise: str, kinds: dict[str, tuple[str, int]]
) -> tuple[str, int]:
    match node.op_type:
        case "DequantizeLinear":
            return first
        case "QuantizeLinear":
            return _quantized_type(node, kinds), 0
        case "DynamicQuantizeLinear":
            return "uint8", 0
        case "Cast":
            (to,) = (each.i for each in node.attribute if each.name == "to")
            return _type_name(to), 0
        case kind if kind in WITH_SCALES:
            numbers = kinds.get(node.input[WITH_SCALES[kind][0]], first)[0]
            return result_of(node, numbers, {name: each for name, (each, _) in kinds.items()}), 0
        case kind if kind in _TRUTHS:
            return "bool", 0
        case kind if kind in _SAME_TYPE and first[0] in _WHOLE:
            return first[0], 0
        case kind if kind in _MOVERS:
            return first[0], 0
    return otherwise, 0


def _quantized_type(node: Any, kinds: dict[str, tuple[str, int]]) -> str:
    return kinds.get(node.input[2], ("uint8", 0))[0] if len(node.input) > 2 else "uint8"


def _layer(node: Any, kinds: dict[str, tuple[str, int]]) -> dict[str, Any]:
    read = [kinds[name] for name in node.input if name in kinds]
    weights = sum(size for _, size in read) if node.op_type not in _CONVERSIONS else 0
    if node.op_type in WITH_SCALES:
        places = WITH_SCALES[node.op_type]
        numbers = [node.input[place] for place in places if place < len(node.input)]
        read = [kinds[name] for name in numbers if name in kinds]
    several = len(read) > 1 and read[1][1]
    types = [kind for kind, _ in read[: 2 if several else 1]]  # a Constant node reads nothing
    written = kinds.get(node.output[0], ("float32", 0))[0] if node.output else ""
    return {
        "name": node.name,
        "operator": node.op_type,
        "types": [*types, written],
        "weight_bytes": weights,
    }


def _is_float(layer: dict[str, Any]) -> bool:
    """Whether an operator computes with floats; those that only move them do not."""
    if layer["operator"] == "Cast" and "float" not in layer["types"][-1]:
        return False
    floats = any("float" in kind for kind in layer["types"][:-1])
    return floats and (layer["operator"] == "MaxPool" or layer["operator"] not in _MOVERS)


def _types(model: Any) -> dict[str, int]:
    counts = Counter(_type_name(constant.data_type) for constant in model.graph.initializer)
    values = (*model.graph.input, *model.graph.output, *model.graph.value_info)
    names = {value.name: value.type.tensor_type.elem_type for value in values}
    counts.update(_type_name(number) for number in names.values() if number)
    return dict(sorted(counts.items()))


def _type_name(number: int) -> str:
    from onnx import TensorProto

    name = str(TensorProto.DataType.Name(number)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)


def _bytes_of(constant: Any) -> int:
    from onnx import numpy_helper

    return int(numpy_helper.to_array(constant).nbytes)


def _border(value: Any) -> dict[str, Any]:
    tensor = value.type.tensor_type
    return {
        "name": value.name,
        "shape": [int(d.dim_value) if d.HasField("dim_value") else None for d in tensor.shape.dim],
        "dtype": _type_name(tensor.elem_type),
        "scale": None,
        "zero_point": None,
    }
