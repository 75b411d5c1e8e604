"""Batch norms folded into the layers before them: the same outputs with fewer operations."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import backend, roles
from edgehone.graph.depthwise import depthwise
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.rules.kernels import letters
from edgehone.graph.wiring import Call, calls, consumers

Array = NDArray[Any]

LAST_KERNEL: Mapping[str, str] = {
    kind: "pointwise_kernel" if "pointwise_kernel" in axes else "kernel"
    for kind, axes in roles.AXES.items()
    if "bias" in axes
}
"""Kinds that can take up a batch norm, and which of their kernels does."""


def fold_batch_norms(model: Any) -> Any:
    """A new model without the batch norms that can be folded, equal for inference.

    Folded is a norm over the last axis that alone follows a convolution, dense layer or Einstein
    sum without activation, each used once; others stay. kernel' = kernel s, bias' = (bias - mean)
    s + beta with s = gamma / sqrt(variance + epsilon) (Jacob 2018, section 3.2). Grouped
    convolutions that are depthwise ones become such (see `edgehone.graph.depthwise`).
    """
    norms = foldable_norms(model)
    folded = {id(norm) for norm in norms.values()}

    def replace(layer: Any) -> Replacement:
        if id(layer) in folded:
            return ()
        if layer.name not in norms:
            return depthwise(layer)
        config = {**layer.get_config(), **_with_bias(layer)}
        made = backend.remade(type(layer), config)
        weights = folded_weights(layer, norms[layer.name])
        return depthwise(layer, config, weights) or ((made, weights),)

    return rewrite(model, replace)


def foldable_norms(model: Any) -> Mapping[str, Any]:
    """Layer name -> the batch norm that can be folded into it."""
    readers = consumers(model)
    found = {}
    for call in calls(model):
        layer = call.operation
        if call.times > 1 or not _takes_norms(call):
            continue
        after = readers.get(id(call.outputs[0]), ())
        if len(after) != 1 or after[0].kind != "BatchNormalization" or not roles.is_linear(layer):
            continue
        norm, rank = after[0].operation, len(call.outputs[0].shape)
        first_channels = getattr(layer, "data_format", None) == "channels_first"
        if after[0].times == 1 and norm.axis in (-1, rank - 1) and not first_channels:
            found[call.name] = norm
    return found


def _takes_norms(call: Call) -> bool:
    """Whether a layer can take up a norm of its outputs: its last axis is its kernel's alone."""
    layer = call.operation
    if call.kind != "EinsumDense":
        return call.kind in LAST_KERNEL and roles.axes_of(layer) is not None
    data, kernel, out = letters(layer.equation, len(call.inputs[0].shape))
    own = out[-1] in kernel and out[-1] not in data
    plain = {weight.name for weight in layer.weights} <= {"kernel", "bias"}
    return own and plain and layer.bias_axes in (None, out[-1])


def _with_bias(layer: Any) -> Mapping[str, Any]:
    """The setting that gives a layer a bias for each channel of its last axis."""
    equation = getattr(layer, "equation", "")
    return {"bias_axes": equation[-1]} if equation else {"use_bias": True}


def _output_axis(layer: Any) -> int | None:
    """The axis of the last kernel on which outputs lie; None for depthwise ones."""
    kind = type(layer).__name__
    if kind == "EinsumDense":
        kernel = layer.equation.split("->")[0].split(",")[1]
        return int(kernel.index(layer.equation[-1]))
    axes = roles.AXES[kind][LAST_KERNEL[kind]]
    return next((axis for axis, role in axes.items() if role == roles.OUTPUT), None)


def folded_weights(layer: Any, norm: Any) -> list[Array]:
    """The layer's weights, bias last, with the norm taken up; computed in float64."""
    weights = {w.name: np.asarray(w, np.float64) for w in layer.weights}
    scale, shift = scale_and_shift(norm)
    name, axis = LAST_KERNEL.get(type(layer).__name__, "kernel"), _output_axis(layer)
    kernel = weights[name]
    if axis is not None:
        kernel = np.moveaxis(np.moveaxis(kernel, axis, -1) * scale, -1, axis)
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
