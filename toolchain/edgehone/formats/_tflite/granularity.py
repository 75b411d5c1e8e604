"""Whether the weights of a fully connected layer can share one scale, which takes fewer bytes."""

from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._base import Array
from edgehone.formats._tflite.grant import Grant
from edgehone.precisions import named

LEAST_DB = 38.0
"""Signal to noise that one scale must leave in the weights of every output channel.

A scale of its own leaves a channel of uniform weights 48 dB and one of 128 normal ones 43; normal
weights of a whole layer of ten thousand, whose largest is 4.2 deviations, have 40 with one scale.
Activations in 8 bits have 35 to 43, so that one scale limits a layer only below. A dense
autoencoder (640-128-128-8-128-128-640) lost 0.6 dB of 37 by it, and 12 % of its bytes.
"""

_LEAST_LOSS_DB = 1.0
"""A channel may also lose so little that nobody can tell."""


def per_tensor(model: Any, granted: Grant) -> tuple[str, ...]:
    """The fully connected layers in int8 whose weights lose nothing by sharing one scale.

    A scale of its own costs a channel 24 bytes of the file: 4 for the scale and 8 for its zero
    point, for the weights and for the bias.
    """
    graph = model.subgraphs[0]
    found: dict[str, bool] = {}
    for operator in graph.operators:
        if _flatbuffer.operator_name(model, operator) != "FULLY_CONNECTED":
            continue
        name = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]])
        layer = name.split("/")[0]
        choice = granted.layers.get(layer, granted.default)
        kernel = _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])
        fits = (
            named(choice.precision).dense_shares_scale
            and choice.algorithm == "min_max"
            and name not in granted.kept.nodes
            and kernel is not None
            and shares_a_scale(kernel)
        )
        found[layer] = found.get(layer, True) and fits
    return tuple(layer for layer, fits in found.items() if fits)


def shares_a_scale(kernel: Array) -> bool:
    """Whether weights (out, in) are as good with one scale as with one for each output.

    Noise is a step squared over 12; a channel whose weights are all 0 has none.
    """
    if len(kernel) < 2 or not kernel.any():
        return False
    peaks = np.abs(kernel).max(axis=1).astype(np.float64)
    power = (kernel.astype(np.float64) ** 2).mean(axis=1)
    live = power > 0
    shared = 10 * np.log10(power[live] * 12 / (peaks.max() / 127) ** 2)
    loss = 20 * np.log10(peaks.max() / peaks[live])
    return bool(((shared >= LEAST_DB) | (loss <= _LEAST_LOSS_DB)).all())
