"""Batch norms folded into the layers before them: the same outputs with fewer operations."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import roles
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.wiring import calls, consumers

Array = NDArray[Any]

LAST_KERNEL: Mapping[str, str] = {
    kind: "pointwise_kernel" if "pointwise_kernel" in axes else "kernel"
    for kind, axes in roles.AXES.items()
    if "bias" in axes
}
"""Kinds that can take up a batch norm, and which of their kernels does."""


def fold_batch_norms(model: Any) -> Any:
    """A new model without the batch norms that can be folded, equal for inference.

    Folded is a norm over the last axis that alone follows a convolution or dense layer without
    activation, each used once; others stay. kernel' = kernel s, bias' = (bias - mean) s + beta
    with s = gamma / sqrt(variance + epsilon) (Jacob 2018, section 3.2).
    """
    norms = foldable_norms(model)
    folded = {id(norm) for norm in norms.values()}

    def replace(layer: Any) -> Replacement:
        if id(layer) in folded:
            return ()
        if layer.name not in norms:
            return None
        config = {**layer.get_config(), "use_bias": True}
        return ((type(layer).from_config(config), folded_weights(layer, norms[layer.name])),)

    return rewrite(model, replace)


def foldable_norms(model: Any) -> Mapping[str, Any]:
    """Layer name -> the batch norm that can be folded into it."""
    readers = consumers(model)
    found = {}
    for call in calls(model):
        layer = call.operation
        if call.times > 1 or call.kind not in LAST_KERNEL or roles.axes_of(layer) is None:
            continue
        after = readers.get(id(call.outputs[0]), ())
        if len(after) != 1 or after[0].kind != "BatchNormalization" or not roles.is_linear(layer):
            continue
        norm, rank = after[0].operation, len(call.outputs[0].shape)
        first_channels = getattr(layer, "data_format", None) == "channels_first"
        if after[0].times == 1 and norm.axis in (-1, rank - 1) and not first_channels:
            found[call.name] = norm
    return found


def folded_weights(layer: Any, norm: Any) -> list[Array]:
    """The layer's weights, bias last, with the norm taken up; computed in float64."""
    weights = {w.name: np.asarray(w, np.float64) for w in layer.weights}
    scale, shift = scale_and_shift(norm)
    name = LAST_KERNEL[type(layer).__name__]
    axes = {role: axis for axis, role in roles.AXES[type(layer).__name__][name].items()}
    kernel = weights[name]
    if roles.OUTPUT in axes:
        kernel = np.moveaxis(
            np.moveaxis(kernel, axes[roles.OUTPUT], -1) * scale, -1, axes["output"]
        )
    else:  # depthwise kernels end in (channels, multiplier), which together are the outputs
        kernel = kernel * scale.reshape(kernel.shape[-2:])
    weights[name] = kernel
    weights["bias"] = weights.get("bias", np.zeros_like(scale)) * scale + shift
    return [array.astype(np.float32) for array in weights.values()]


def scale_and_shift(norm: Any) -> tuple[Array, Array]:
    """(channels,) each: an inference batch norm as x * scale + shift, in float64."""
    weights = {w.name: np.asarray(w, np.float64) for w in norm.weights}
    scale = weights.get("gamma", 1.0) / np.sqrt(weights["moving_variance"] + norm.epsilon)
    return scale, weights.get("beta", 0.0) - weights["moving_mean"] * scale
