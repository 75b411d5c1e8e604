"""Recurrent layers have two forms: a loop, which is small and stays float, and its steps unrolled,
which are operators like any others and can be int8.
"""

from collections.abc import Callable, Mapping
from typing import Any

from edgehone.errors import ConversionError
from edgehone.graph.copying import State, copied
from edgehone.graph.rewrite import Replacement, rewrite

FACTOR = 4.0
"""Unrolled is chosen where its float .tflite file is smaller than this times the loop's. ONNX files
keep the loop, or for an LSTM the one operator there is: unrolled they grow seven-fold, and once
more five-fold in int8 (an LSTM of 8 units over 20 steps: 12, 83 and 416 kB)."""

_STEP_BYTES: Mapping[str, int] = {"LSTM": 1400, "GRU": 1600, "": 300}
"""What one unrolled step of a cell adds to a .tflite file, at least. Measured over 20 steps: LSTM
1560 bytes, GRU 1790, SimpleRNN 330."""


def recurrent_layers(model: Any) -> dict[str, Any]:
    """Layers that repeat themselves in a loop, by name; those that are unrolled already do not."""
    return {layer.name: layer for layer in model.layers if False in _unrolls(layer.get_config())}


def chosen(
    model: Any,
    batch: int | None,
    form: str,
    recurrent: str,
    write: Callable[[Any, int | None], bytes],
) -> bytes:
    """The file's content in the form asked for; "auto" weighs both.

    write(model, batch) makes a file. A loop of TFLite needs a fixed batch. Raises ConversionError
    when neither form can be had.
    """
    layers = recurrent_layers(model)
    if not layers:
        return write(model, batch)
    _require_stateless(layers)
    if recurrent == "unrolled":
        return write(unrolled(model), batch)
    if form == "onnx" or (recurrent == "loop" and batch is not None):
        return write(model, batch)
    loop = write(model, batch or 1)
    within = FACTOR * len(loop)
    if recurrent == "auto" and len(loop) + _least_growth(layers) < within:
        steps = write(unrolled(model), batch)
        if len(steps) < within:
            return steps
    if batch is None:
        names = ", ".join(layers)
        raise ConversionError(
            f"Recurrent layers need a fixed batch, or to be unrolled, which would make the file "
            f"more than {FACTOR:g} times as large: {names}.",
            "Ask for --batch 1, or for --recurrent unrolled all the same.",
        )
    return loop


def unrolled(model: Any) -> Any:
    """A new model in which every recurrent layer computes its steps one after the other."""

    def replace(layer: Any) -> Replacement:
        if False not in _unrolls(layer.get_config()):
            return None
        return ((copied(layer, _unrolled), State(layer)),)

    return rewrite(model, replace)


def _unrolls(config: Any) -> list[bool]:
    """The settings "unroll" of a layer and of those it wraps."""
    found = []
    for key, value in config.items() if isinstance(config, Mapping) else ():
        found += [bool(value)] if key == "unroll" else _unrolls(value)
    return found


def _unrolled(config: Any) -> Any:
    if not isinstance(config, Mapping):
        return config
    return {key: True if key == "unroll" else _unrolled(value) for key, value in config.items()}


def _least_growth(layers: Mapping[str, Any]) -> int:
    """Bytes that unrolling adds at least; converting thousands of steps takes minutes."""
    total = 0
    for layer in layers.values():
        step = max(_STEP_BYTES.get(kind, _STEP_BYTES[""]) for kind in _kinds(layer))
        first = layer.input[0] if isinstance(layer.input, list) else layer.input
        total += int(first.shape[1] or 0) * step
    return total


def _kinds(layer: Any) -> set[str]:
    """Class names of the layer and of what it wraps."""
    inner = [getattr(layer, name, None) for name in ("forward_layer", "layer")]
    return {type(each).__name__ for each in (layer, *inner)}


def _require_stateless(layers: Mapping[str, Any]) -> None:
    keeping = [name for name, layer in layers.items() if getattr(layer, "stateful", False)]
    if keeping:
        raise ConversionError(
            f"Layer {keeping[0]!r} keeps its state from one call to the next, and files do not.",
            "Build it with stateful=False, and make its state an input and an output.",
        )
