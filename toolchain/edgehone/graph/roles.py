"""What each kind of Keras layer does with channels: which axes of its weights they lie on."""

from collections.abc import Mapping
from typing import Any

from edgehone.graph.wiring import kind_of

INPUT, OUTPUT, REPEATED = "input", "output", "repeated input"
"""An axis over input channels, over output channels, or over each input channel several times."""

Axes = Mapping[str, Mapping[int, str]]

_BIAS = {-1: OUTPUT}
_CONVOLUTION: Axes = {"kernel": {-2: INPUT, -1: OUTPUT}, "bias": _BIAS}
_TRANSPOSED: Axes = {"kernel": {-1: INPUT, -2: OUTPUT}, "bias": _BIAS}
_DEPTHWISE: Axes = {"kernel": {-2: INPUT}, "bias": _BIAS}
_SEPARABLE: Axes = {
    "depthwise_kernel": {-2: INPUT},
    "pointwise_kernel": {-2: REPEATED, -1: OUTPUT},
    "bias": _BIAS,
}
_NORM: Axes = {name: {-1: OUTPUT} for name in ("gamma", "beta", "moving_mean", "moving_variance")}

AXES: Mapping[str, Axes] = {
    "Dense": _CONVOLUTION,
    "Conv1D": _CONVOLUTION,
    "Conv2D": _CONVOLUTION,
    "Conv3D": _CONVOLUTION,
    "Conv1DTranspose": _TRANSPOSED,
    "Conv2DTranspose": _TRANSPOSED,
    "Conv3DTranspose": _TRANSPOSED,
    "DepthwiseConv1D": _DEPTHWISE,
    "DepthwiseConv2D": _DEPTHWISE,
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "Embedding": {"embeddings": {-1: OUTPUT}},
    "BatchNormalization": _NORM,
    "PReLU": {"alpha": {-1: OUTPUT}},
}
"""Weight name -> axis -> what lies on it, by kind of layer."""

WIDTH_SETTING: Mapping[str, str] = {
    "Dense": "units",
    "Embedding": "output_dim",
    **{f"Conv{n}D": "filters" for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": "filters" for n in (1, 2, 3)},
    **{f"SeparableConv{n}D": "filters" for n in (1, 2)},
}
"""The setting that says how many output channels a layer makes; these kinds make new channels."""

DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})

_SHRINKS = ("hard_shrink", "hard_tanh", "soft_shrink", "tanh_shrink")
_RELUS = ("celu", "elu", "gelu", "leaky_relu", "mish", "relu", "relu6", "selu", "silu", "softplus")
_NONLINEAR = ("exponential", "hard_sigmoid", "log_sigmoid", "sigmoid", "softplus", "sparse_plus")
NOT_ZERO_AT_ZERO = frozenset([*_NONLINEAR, "sparse_sigmoid", "squareplus", "threshold"])
"""Activations that look at one value at a time and turn zero into something else."""

ELEMENTWISE = NOT_ZERO_AT_ZERO | {"hard_silu", "linear", "softsign", "tanh", *_RELUS, *_SHRINKS}
"""Activations that look at one value at a time; softmax does not."""


def axes_of(layer: Any) -> Axes | None:
    """Axes of all of a layer's weights, or None when any of them is not understood."""
    axes = AXES.get(kind_of(layer))
    if axes is None or any(weight.name not in axes for weight in layer.weights):
        return None
    return axes


def kernels(layer: Any) -> Mapping[str, Any]:
    """A layer's weights by name, as Keras variables."""
    return {weight.name: weight for weight in layer.weights}


def is_elementwise(layer: Any) -> bool:
    """Whether a layer's activation, if it has one, looks at one value at a time."""
    activation = getattr(layer, "activation", None)
    return activation is None or is_elementwise_function(activation)


def is_elementwise_function(activation: Any) -> bool:
    """Whether an activation of Keras's own looks at one value at a time."""
    module = getattr(activation, "__module__", "")
    return getattr(activation, "__name__", "") in ELEMENTWISE and module.startswith("keras.")


def keeps_zero(layer: Any) -> bool:
    """Whether a layer's activation, if it has one, turns zero into zero."""
    activation = getattr(layer, "activation", None)
    return is_elementwise(layer) and getattr(activation, "__name__", "") not in NOT_ZERO_AT_ZERO


def is_linear(layer: Any) -> bool:
    """Whether a layer has no activation of its own."""
    return getattr(getattr(layer, "activation", None), "__name__", "linear") == "linear"
