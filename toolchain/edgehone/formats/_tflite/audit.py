"""What a .tflite file holds: its operators by Keras layer, their types, and its borders."""

from collections import Counter
from pathlib import Path
from typing import Any

from edgehone.formats import _flatbuffer
from edgehone.formats._loops import loops
from edgehone.formats._metadata import audited
from edgehone.formats._takes import stored, takes
from edgehone.formats._tflite import delegates, roles
from edgehone.formats._tflite.arena import arena_bytes
from edgehone.formats._tflite.metadata import metadata
from edgehone.formats._tflite.takes import TFLiteView
from edgehone.values import Plain

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
_FLOATS = ("float32", "float16", "float64", "bfloat16")


def audit(file: Path, *, opened: bool = True) -> Plain:
    """See `edgehone.formats._audit.audit`. opened: let XNNPACK take what it takes, which has the
    runtime run the file; else "delegates" is left out.
    """
    content = _flatbuffer.content(file)
    model = _flatbuffer.parse(content, str(file))
    found = roles.by_role(model)
    pairs = [(graph, operator) for graph in model.subgraphs for operator in graph.operators]
    names = [_flatbuffer.operator_name(model, operator) for _, operator in pairs]
    custom = sorted({n for n, (_, op) in zip(names, pairs, strict=True) if _is_custom(model, op)})
    layers = [_layer(model, graph, operator) for graph, operator in pairs]
    main = model.subgraphs[0]
    borders = [main.tensors[index] for index in (*main.inputs, *main.outputs)]
    computed = [tensor for graph, op in pairs for tensor in _computed(model, graph, op)]
    return {
        "format": "tflite",
        "size_bytes": file.stat().st_size,
        "operators": dict(sorted(Counter(names).items())),
        "types": _types(model),
        "flex": [name for name in custom if name.startswith("Flex")],
        "custom": [name for name in custom if not name.startswith("Flex")],
        "integer_only": not any(
            _flatbuffer.type_name(tensor) in _FLOATS for tensor in (*borders, *computed)
        ),
        "float_layers": [
            {"name": layer["name"], "operator": layer["operator"]}
            for layer in layers
            if layer["operator"] not in _CONVERSIONS and layer["types"][-1] in _FLOATS
        ],
        "inputs": _borders(model, main.inputs, "inputs"),
        "outputs": _borders(model, main.outputs, "outputs"),
        "entry_graph": _entry_graph(model),
        "loops": loops(model),
        "roles": roles.types(found),
        "quantization": roles.quantization(found),
        "constant_bytes": _constant_bytes(model),
        "arena_bytes": arena_bytes(model),
        **({"delegates": {"xnnpack": delegates.xnnpack(content, model)}} if opened else {}),
        "layers": layers,
        **audited(lambda: metadata(content)),
    }


def ends(content: bytes) -> Plain:
    """{"inputs", "outputs"} as in an audit, of a file's content. Raises ModelError."""
    model = _flatbuffer.parse(content, "the file")
    main = model.subgraphs[0]
    return {side: _borders(model, getattr(main, side), side) for side in ("inputs", "outputs")}


def _is_custom(model: Any, operator: Any) -> bool:
    return _flatbuffer.is_custom(model, operator)


def _computed(model: Any, graph: Any, operator: Any) -> list[Any]:
    return [graph.tensors[index] for index in operator.outputs if index >= 0]


def _types(model: Any) -> dict[str, int]:
    """How many tensors there are of each type; tensors nothing refers to are not counted."""
    counts: Counter[str] = Counter()
    for graph in model.subgraphs:
        used = {index for operator in graph.operators for index in operator.inputs}
        used |= {index for operator in graph.operators for index in operator.outputs}
        used |= {*graph.inputs, *graph.outputs}
        counts.update(_flatbuffer.type_name(graph.tensors[i]) for i in used if i >= 0)
    return dict(sorted(counts.items()))


def _layer(model: Any, graph: Any, operator: Any) -> dict[str, Any]:
    """One operator: types are those of its first input, its constants of rank >= 2, its result."""
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
    outputs = _computed(model, graph, operator)
    weights = [t for t in inputs[1:] if _weights_behind(model, graph, t) is not None]
    sources = [_weights_behind(model, graph, tensor) for tensor in weights]
    kinds = [_flatbuffer.type_name(tensor) for tensor in inputs[:1]]
    kinds += [_flatbuffer.type_name(tensor) for tensor in sources]
    kinds += [_flatbuffer.type_name(tensor) for tensor in outputs[:1]]
    constants = [*sources, *(t for t in inputs if _is_vector(model, t))]
    return {
        "name": _flatbuffer.label(graph, operator),
        "operator": _flatbuffer.operator_name(model, operator),
        "types": kinds,
        "weight_bytes": sum(_flatbuffer.constant_bytes(model, tensor) for tensor in constants),
    }


def _weights_behind(model: Any, graph: Any, tensor: Any) -> Any:
    """The constant of rank >= 2 that `tensor` is, or is a float copy of; else None."""
    if tensor.shape is None or len(tensor.shape) < 2:
        return None
    if _flatbuffer.is_constant(model, tensor):
        return tensor
    for operator in graph.operators:
        if not any(graph.tensors[index] is tensor for index in operator.outputs[:1]):
            continue
        if not len(operator.inputs):
            return None
        source = graph.tensors[operator.inputs[0]]
        if _flatbuffer.operator_name(model, operator) == "DEQUANTIZE":
            return source if _flatbuffer.is_constant(model, source) else None
    return None


def _is_vector(model: Any, tensor: Any) -> bool:
    short = tensor.shape is None or len(tensor.shape) < 2
    return short and _flatbuffer.is_constant(model, tensor)


def _constant_bytes(model: Any) -> dict[str, int]:
    """Bytes of constants by layer, in the file's order; what several operators read counts once,
    for the first, and constants inside loops count for the layer that loops.
    """
    seen: set[int] = set()
    found: Counter[str] = Counter()
    for graph in model.subgraphs:
        for operator in graph.operators:
            label = _flatbuffer.label(graph, operator).split("/")[0]
            for index in operator.inputs:
                tensor = graph.tensors[index] if index >= 0 else None
                if tensor is not None and tensor.buffer not in seen:
                    seen.add(tensor.buffer)
                    found[label] += _flatbuffer.constant_bytes(model, tensor)
    return {label: size for label, size in found.items() if size}


def _borders(model: Any, positions: Any, side: str) -> list[dict[str, Any]]:
    """Inputs or outputs by the names that the file's signature has for them: of several of the
    main graph the first, which runtimes take unless they are asked for another.
    """
    main = model.subgraphs[0]
    own = [each for each in model.signatureDefs or () if not each.subgraphIndex]
    entries = getattr(own[0], side) or () if own else ()
    named = {int(entry.tensorIndex): entry.name.decode() for entry in entries}
    found = [_border(main.tensors[index], named.get(int(index))) for index in positions]
    if side == "inputs":
        view = TFLiteView(model)
        for border, index in zip(found, positions, strict=True):
            border["quantized_as"] = _quantized_as(model, int(index))
            border["takes"] = stored(takes(view, f"0:{index}"), border)
    return found


def _entry_graph(model: Any) -> int:
    """The graph of the first signature, which runtimes that go by signatures run: 0 is the main
    one, which all others run.
    """
    graphs = [int(each.subgraphIndex or 0) for each in model.signatureDefs or ()]
    return graphs[0] if graphs else 0


def _quantized_as(model: Any, index: int) -> dict[str, Any] | None:
    """The type, scale and zero point that all which read a float input quantize it to at once."""
    main = model.subgraphs[0]
    readers = [operator for operator in main.operators if index in operator.inputs]
    if not readers or {_flatbuffer.operator_name(model, each) for each in readers} != {"QUANTIZE"}:
        return None
    found = [_border(main.tensors[each.outputs[0]], None) for each in readers]
    kept = [{key: each[key] for key in ("dtype", "scale", "zero_point")} for each in found]
    return kept[0] if all(each == kept[0] for each in kept) and kept[0]["scale"] else None


def _border(tensor: Any, name: str | None) -> dict[str, Any]:
    quantization = tensor.quantization
    scaled = (
        quantization is not None and quantization.scale is not None and len(quantization.scale) > 0
    )
    signature = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    signature = () if signature is None else signature
    return {
        "name": name or _flatbuffer.tensor_name(tensor),
        "shape": [None if size < 0 else int(size) for size in signature],
        "dtype": _flatbuffer.type_name(tensor),
        "scale": float(quantization.scale[0]) if scaled else None,
        "zero_point": int(quantization.zeroPoint[0]) if scaled else None,
    }
