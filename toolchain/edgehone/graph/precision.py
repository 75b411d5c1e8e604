"""Models that compute in half or double precision, rebuilt in float32: what files are made of."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.graph.wiring import calls, functional, is_model

OTHERS = frozenset(["float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"])
"""Names of types and dtype policies that float32 takes the place of."""

_POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1")


def in_float32(model: Any) -> Any:
    """The model itself where all of it computes in float32, else a new one that does.

    Dtype policies, casts and constants of 16 or 64 bits become float32; weights keep their values.
    Raises ModelError for layers that Keras has quantized, and for those that compute in another
    type whatever their policy says.
    """
    _require_unquantized(model)
    if next(_elsewhere(model), None) is None:
        return model
    result = _rebuilt(model)
    left = list(dict.fromkeys(_elsewhere(result)))
    if left:
        raise ModelError(
            f"These layers do not compute in float32, whatever their dtype policy: "
            f"{', '.join(left)}.",
            "Let the layer take its type from self.compute_dtype, or build the model in float32 "
            'and give it as "python:module:function".',
        )
    return result


def _require_unquantized(model: Any) -> None:
    found = [
        f"{part.name!r} ({type(part).__name__}, {part.quantization_mode})"
        for part in model._flatten_layers()
        if getattr(part, "quantization_mode", None)
    ]
    if found:
        raise ModelError(
            f"Keras has quantized these layers of the model: {', '.join(found)}.",
            "Give the model as it was before model.quantize(); export makes integer files of it.",
        )


def _elsewhere(model: Any) -> Iterator[str]:
    """Parts of a model that are not in float32, as 'name' (Kind)."""
    for part in model._flatten_layers(include_self=False):
        types = {str(each.dtype) for each in part.weights}
        if _is_input(part):
            types |= {str(part.dtype)}
        elif not is_model(part):
            types |= {str(part.compute_dtype), str(part.variable_dtype)}
        if types & OTHERS:
            yield f"{part.name!r} ({type(part).__name__})"
        elif is_model(part):
            yield from _calls_elsewhere(part)
    yield from _calls_elsewhere(model)


def _calls_elsewhere(model: Any) -> Iterator[str]:
    for call in calls(model):
        if any(str(tensor.dtype) in OTHERS for tensor in call.outputs):
            yield f"{call.name!r} ({type(call.operation).__name__})"


def _is_input(layer: Any) -> bool:
    return isinstance(layer, backend.keras().layers.InputLayer)


def _rebuilt(model: Any) -> Any:
    keras, source = backend.keras(), functional(model)
    work = _Rebuilding({id(tensor) for tensor in source.outputs})
    result = keras.models.clone_model(
        source,
        input_tensors=keras.tree.map_structure(_input, source.input),
        clone_function=work.clone,
        call_function=work.call,
    )
    if not model.trainable:
        result.trainable = False
    for layer, copy in work.copies:
        carry_state(layer, copy)
    return result


def _input(tensor: Any) -> Any:
    kind = "float32" if str(tensor.dtype) in OTHERS else tensor.dtype
    return backend.keras().Input(batch_shape=tensor.shape, dtype=kind, name=tensor.name)


class _Rebuilding:
    """What clone_model asks for: every operation's copy, and how it is called."""

    def __init__(self, ends: set[int]) -> None:
        self.ends = ends
        self.copies: list[tuple[Any, Any]] = []
        self.idle: set[int] = set()

    def clone(self, operation: Any) -> Any:
        """The operation in float32."""
        if is_model(operation):
            return _rebuilt(operation)
        copy = copied(operation, float32_settings)
        if isinstance(operation, backend.keras().Layer):
            self.copies.append((operation, copy))
        elif type(operation).__name__ == "Cast" and not self._ends(operation):
            self.idle.add(id(copy))
        return copy

    def _ends(self, operation: Any) -> bool:
        nodes = operation._inbound_nodes
        return any(id(tensor) in self.ends for node in nodes for tensor in node.output_tensors)

    def call(self, operation: Any, *arguments: Any, **settings: Any) -> Any:
        """Call a copy with values in float32; a cast that casts nothing any more is passed by."""
        if id(operation) in self.idle and str(arguments[0].dtype) == operation.dtype:
            return arguments[0]
        mapped = backend.keras().tree.map_structure(_float32_value, (arguments, settings))
        try:
            return operation(*mapped[0], **mapped[1])
        except Exception as error:  # layers raise whatever they raise
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                f"Layer {operation.name!r} ({type(operation).__name__}) cannot compute in float32: "
                f"{reason[0][:300]}",
                "Let the layer take its type from self.compute_dtype.",
            ) from error


def float32_settings(settings: Any, key: str = "") -> Any:
    """Settings of an operation, and of those in it, in which 16 and 64 bits have become 32."""
    if isinstance(settings, str):
        return "float32" if key != "name" and settings in OTHERS else settings
    if isinstance(settings, list | tuple):
        return [float32_settings(each, key) for each in settings]
    if isinstance(settings, backend.keras().DTypePolicy):
        return "float32" if settings.name in OTHERS else settings
    if not isinstance(settings, dict):
        return _float32_value(settings)
    found = {name: float32_settings(each, name) for name, each in settings.items()}
    policy = found.get("config")
    if found.get("class_name") in _POLICIES and isinstance(policy, dict):
        found.pop("shared_object_id", None)
        found["config"] = {"name": float32_settings(policy.get("name"))}
    return found


def _float32_value(value: Any) -> Any:
    """An argument of a call: names of types, and arrays of such types."""
    if isinstance(value, str):
        return float32_settings(value)
    if isinstance(value, backend.keras().KerasTensor) or not hasattr(value, "dtype"):
        return value
    if hasattr(value, "shape") and str(getattr(value.dtype, "name", value.dtype)) in OTHERS:
        return np.asarray(value).astype(np.float32)
    return value
