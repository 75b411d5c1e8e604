"""Grouped convolutions of one input channel a group, written as the depthwise ones they are."""

from typing import Any

import numpy as np

from edgehone.graph import backend
from edgehone.graph.rewrite import Replacement
from edgehone.graph.wiring import kind_of

KINDS = ("Conv1D", "Conv2D")

_SHARED = (
    *("name", "trainable", "dtype", "kernel_size", "strides", "padding", "data_format"),
    *("dilation_rate", "activation", "activity_regularizer"),
    *("use_bias", "bias_initializer", "bias_regularizer", "bias_constraint"),
)


def depthwise(layer: Any, config: Any = None, weights: Any = None) -> Replacement:
    """A depthwise layer of the same name that computes the same; None for any other layer.

    config, weights: to be used instead of the layer's own. Converters know depthwise layers where
    they have no grouped ones, and runtimes are faster at them. A kernel (…, 1, channels x
    multiplier) becomes (…, channels, multiplier).
    """
    if kind_of(layer) not in KINDS or layer.groups == 1 or layer.kernel.shape[-2] != 1:
        return None
    if layer.padding == "causal" or len(set(layer.strides)) > 1:
        return None
    config = config or layer.get_config()
    settings = {key: config[key] for key in _SHARED}
    settings["depth_multiplier"] = layer.filters // layer.groups
    for part in ("initializer", "regularizer", "constraint"):
        settings[f"depthwise_{part}"] = config[f"kernel_{part}"]
    kind = getattr(backend.keras().layers, f"Depthwise{kind_of(layer)}")
    kernel, *bias = [np.asarray(w) for w in layer.weights] if weights is None else weights
    kernel = kernel.reshape(*kernel.shape[:-2], layer.groups, -1)
    return ((backend.remade(kind, settings), [kernel, *bias]),)
