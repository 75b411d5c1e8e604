"""An .onnx file without doc strings, and with equal constants stored once."""

from collections.abc import Iterator
from typing import Any


def repacked(content: bytes) -> bytes:
    """The same model in fewer bytes: equal initialisers of the main graph are one.

    Names of inputs, outputs and nodes stay, and so do `metadata_props` and what lies in other
    files. Raises DecodeError of protobuf for what is not a model.
    """
    import onnx

    model = onnx.load_from_string(content)
    _without_texts(model)
    _share(model.graph)
    return bytes(model.SerializeToString(deterministic=True))


def _without_texts(message: Any) -> None:
    """Leave the doc strings of a message and of all within it out."""
    if "doc_string" in message.DESCRIPTOR.fields_by_name:
        message.ClearField("doc_string")
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for each in value if hasattr(value, "add") else (value,):
            _without_texts(each)


def _share(graph: Any) -> None:
    """Refer to the first of equal initialisers wherever another of them is meant."""
    fixed = {value.name for value in graph.input} | _named_within(graph)
    first: dict[bytes, str] = {}
    instead: dict[str, str] = {}
    kept = []
    for constant in graph.initializer:
        key = _key(constant)
        if constant.name in fixed:
            kept.append(constant)
        elif key in first:
            instead[constant.name] = first[key]
        else:
            first[key] = constant.name
            kept.append(constant)
    if not instead:
        return
    copies = [type(each).FromString(each.SerializeToString()) for each in kept]
    graph.ClearField("initializer")
    graph.initializer.extend(copies)
    _rename(graph, instead)
    for value in [each for each in graph.value_info if each.name in instead]:
        graph.value_info.remove(value)


def _key(constant: Any) -> bytes:
    """Equal for constants of equal type, shape and content, stored in the same way."""
    nameless = type(constant)()
    nameless.CopyFrom(constant)
    nameless.ClearField("name")
    return bytes(nameless.SerializeToString(deterministic=True))


def _named_within(graph: Any) -> set[str]:
    """Names that must stay: of outputs, and those that inner graphs define or give back."""
    found = {value.name for value in graph.output}
    for inner in _inner(graph):
        found |= {each.name for each in (*inner.input, *inner.initializer, *inner.output)}
        found |= {name for node in inner.node for name in node.output} | _named_within(inner)
    return found


def _rename(graph: Any, instead: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [instead.get(name, name) for name in node.input]
    for note in graph.quantization_annotation:
        for pair in note.quant_parameter_tensor_names:
            pair.value = instead.get(pair.value, pair.value)
    for inner in _inner(graph):
        _rename(inner, instead)


def _inner(graph: Any) -> Iterator[Any]:
    """The graphs of a graph's loops and choices."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g
            yield from attribute.graphs
