"""Recurrent layers have two forms: a loop, which is small and stays float, and its steps unrolled,
which are operators like any others and can be int8.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgehone.errors import ConversionError
from edgehone.formats._base import Format
from edgehone.graph.copying import State, copied
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.system.settings import BATCH, RECURRENT

_log = logging.getLogger(__name__)

FACTOR = 4.0
"""Unrolled is chosen where its float .tflite file is smaller than this times the loop's. ONNX files
keep the loop, or for an LSTM the one operator there is: unrolled they grow seven-fold, and once
more five-fold in int8 (an LSTM of 8 units over 20 steps: 12, 83 and 416 kB)."""


def recurrent_layers(model: Any) -> dict[str, Any]:
    """Layers that repeat themselves in a loop, by name; those that are unrolled already do not."""
    return {layer.name: layer for layer in model.layers if False in _unrolls(layer.get_config())}


def chosen(
    model: Any,
    batch: int | None,
    form: Format,
    recurrent: str,
    write: Callable[[Any, int | None], bytes],
    keep: Callable[[bytes], None],
) -> bytes:
    """The file's content in the form asked for; "auto" weighs both.

    write(model, batch) makes a file. keep(content) takes the loop, which is what there is if
    unrolling never ends. A loop needs a fixed batch where steps may be unrolled. Raises
    ConversionError when neither form can be had.
    """
    layers = recurrent_layers(model)
    if not layers:
        return write(model, batch)
    if recurrent == "unrolled":
        return write(unrolled(model), batch)
    if not form.STEP_BYTES or (recurrent == "loop" and batch is not None):
        return write(model, batch)
    loop = write(model, batch or 1)
    within = FACTOR * len(loop)
    if recurrent == "auto" and len(loop) + least_growth(layers, form.STEP_BYTES) < within:
        if batch is not None:
            keep(loop)
        steps = _steps(model, batch, write)
        if steps is not None and len(steps) < within:
            return steps
    if batch is None:
        names = ", ".join(layers)
        raise ConversionError(
            f"Recurrent layers need a fixed batch, or to be unrolled, which would fail or make the "
            f"file more than {FACTOR:g} times as large: {names}.",
            f"Ask for {BATCH.set(1)}, or for {RECURRENT.set('unrolled')} all the same.",
        )
    return loop


def _steps(
    model: Any, batch: int | None, write: Callable[[Any, int | None], bytes]
) -> bytes | None:
    """The unrolled file; None where a layer or the converter does not manage, for then there is
    the loop.
    """
    try:
        return write(unrolled(model), batch)
    except Exception as error:  # layers and converters raise whatever they raise
        _log.debug("unrolling failed: %s", error)
        return None


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


def least_growth(layers: Mapping[str, Any], step_bytes: Mapping[str, int]) -> int:
    """Bytes that unrolling adds at least, step_bytes: of a format (`Format.STEP_BYTES`);
    converting thousands of steps takes minutes.
    """
    return sum(_growth(layer, _steps_of(layer), step_bytes) for layer in layers.values())


def _steps_of(layer: Any) -> int:
    first = layer.input[0] if isinstance(layer.input, list) else layer.input
    return int(first.shape[1] or 0)


def _growth(layer: Any, steps: int, step_bytes: Mapping[str, int]) -> int:
    """Bytes that unrolling a layer over so many steps adds, with all that it wraps: both directions
    of a Bidirectional, every cell of a stack, a layer once for every step of a TimeDistributed.
    """
    if hasattr(layer, "forward_layer"):
        return sum(
            _growth(part, steps, step_bytes) for part in (layer.forward_layer, layer.backward_layer)
        )
    if hasattr(layer, "cell"):
        return steps * sum(_of_cell(cell, step_bytes) for cell in _cells(layer.cell))
    inner = getattr(layer, "layer", None)
    if inner is None:
        return 0
    parts = inner.layers if hasattr(inner, "layers") else [inner]
    return steps * sum(
        _growth(
            part,
            _steps_of(part) if part is not inner else int(layer.input.shape[2] or 0),
            step_bytes,
        )
        for part in parts
        if False in _unrolls(part.get_config())
    )


def _steps_within(part: Any, inner: Any, layer: Any) -> int:
    """Steps of a part of what a layer wraps, which may be all that it wraps."""
    return _steps_of(part) if part is not inner else int(layer.input.shape[2] or 0)


def _cells(cell: Any) -> Iterator[Any]:
    for part in getattr(cell, "cells", [cell]):
        yield from _cells(part) if hasattr(part, "cells") else [part]


def _of_cell(cell: Any, step_bytes: Mapping[str, int]) -> int:
    return step_bytes.get(type(cell).__name__, step_bytes[""])
