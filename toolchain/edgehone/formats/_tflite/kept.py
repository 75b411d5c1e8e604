"""What of a float .tflite file stays float under a plan of integers, and why."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone import precisions
from edgehone.errors import ConversionError
from edgehone.formats import _flatbuffer
from edgehone.formats._base import Array, Calibration
from edgehone.formats._exact import Kept, exact
from edgehone.formats._halves import HALF_BITS, LARGEST, OUT_OF_RANGE, SMALLEST
from edgehone.formats._held import SAMPLES, Ends, unheld, watched
from edgehone.formats._ranges import Ranges, tensor_values
from edgehone.formats._tflite.flow import tflite_flow
from edgehone.formats._tflite.grant import Grant
from edgehone.system.settings import IO


def values_at_ends(content: bytes, model: Any, calibration: Calibration) -> Mapping[str, Array]:
    """What both ends of the file compute for some of the samples."""
    return tensor_values(content, calibration.some(SAMPLES), watched(tflite_flow(model)))


def kept_float(model: Any, granted: Grant, ranges: Ranges, values: Mapping[str, Array]) -> Kept:
    """What must stay float of a parsed float file: what counts, and what the integers of the plan's
    default (8 bits where that is float) cannot hold.
    """
    flow = tflite_flow(model)
    spans = {
        name: (float(found["min"].min()), float(found["max"].max()))
        for name, found in ranges.items()
    }
    default = precisions.named(granted.default.precision)
    bits = default.activation_bits if default.static else 8
    ends = Ends(flow, values, spans, bits, granted.default.symmetric or bits == 16)
    alike = precisions.that(lambda row: row.static and row.activation_bits == bits)
    too_wide = _of_layers(unheld(ends), granted, alike)
    makers = {name: flow.maker[name].name for name in flow.outputs if name in flow.maker}
    outputs = {
        name: why for name, why in too_wide.outputs.items() if makers.get(name) in too_wide.nodes
    }
    counted = _of_layers(exact(flow), granted, precisions.static())
    found = counted | kept_weights(model, granted)
    return found | Kept(too_wide.nodes, too_wide.inputs, outputs)


def kept_weights(model: Any, granted: Grant) -> Kept:
    """What must stay float where weights alone are rounded: operators that compute what counts, and
    under float16 those with weights that it has not.
    """
    flow = tflite_flow(model)
    weighted = {node.name for node in flow.nodes if node.role == "weights"}
    counting = {name: why for name, why in exact(flow).nodes.items() if name in weighted}
    return _of_layers(Kept(counting), granted, precisions.that(_rounds_weights)) | _of_layers(
        Kept(_beyond_halves(model)), granted, precisions.that(_has_halves)
    )


def _rounds_weights(row: precisions.Precision) -> bool:
    return row.rounds_weights_alone


def _has_halves(row: precisions.Precision) -> bool:
    return row.weight_bits == HALF_BITS


def _beyond_halves(model: Any) -> dict[str, str]:
    """Operators whose kernels have numbers that float16 has not, or as 0 alone."""
    graph = model.subgraphs[0]
    found = {}
    for operator in graph.operators:
        if _flatbuffer.operator_name(model, operator) not in _flatbuffer.KERNEL_OPERATORS:
            continue
        kernel = _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])
        most = 0.0 if kernel is None else float(np.abs(kernel).max(initial=0))
        if most > LARGEST or 0 < most < SMALLEST:
            name = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]])
            found[name] = OUT_OF_RANGE
    return found


def _of_layers(kept: Kept, granted: Grant, precisions: tuple[str, ...]) -> Kept:
    """Without nodes of layers that the plan gives another precision."""
    nodes = {
        name: why
        for name, why in kept.nodes.items()
        if granted.precision(name.split("/")[0]) in precisions
    }
    return Kept(nodes, kept.inputs, kept.outputs)


def require_borders(kept: Kept, io: str) -> None:
    """Refuse integers at a border that they cannot hold. Raises ConversionError."""
    found = {**kept.inputs, **kept.outputs}
    if io in ("int8", "uint8") and found:
        name, reason = next(iter(found.items()))
        raise ConversionError(
            f"{name!r} cannot be {io} at the model's border: {reason}.",
            f"Leave out {IO}: this border then stays float32 and the layers become int8.",
        )
