"""How channels travel through each kind of layer: made, kept, tied together, mixed, or frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph import roles
from edgehone.graph.wiring import Call, is_model

IntArray = NDArray[np.int64]

KEEPING = frozenset(
    ["ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "GaussianDropout"]
    + ["GaussianNoise", "Identity", "LeakyReLU", "ReLU", "RepeatVector"]
    + [f"{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3)]
    + [f"Global{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3)]
    + [f"{kind}{n}D" for kind in ("Cropping", "SpatialDropout") for n in (1, 2, 3)]
    + [f"{kind}{n}D" for kind in ("UpSampling", "ZeroPadding") for n in (1, 2, 3)]
)
"""Layers whose output channel i depends on input channel i alone, for every setting."""

_RELUS = ("Celu", "Elu", "Gelu", "LeakyRelu", "Relu", "Relu6", "Selu", "Silu", "Softplus")
ELEMENTWISE_OPERATIONS = frozenset(
    ["Absolute", "Exp", "HardSigmoid", "HardSilu", "Negative", "Sigmoid", "Square", "Tanh", *_RELUS]
)
"""Functions of keras.ops that look at one value at a time."""

MERGES = frozenset(
    ["Add", "Average", "Divide", "Maximum", "Minimum", "Multiply", "Subtract", "TrueDivide"]
)
"""Layers and operators that combine channel i of every input."""


@dataclass
class Ledger:
    """Channels by number: those on each tensor's last axis, which are tied, which are frozen."""

    count: int = 0
    tensors: dict[int, IntArray] = field(default_factory=dict)
    ties: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    frozen: list[tuple[IntArray, str]] = field(default_factory=list)
    producers: list[tuple[str, IntArray]] = field(default_factory=list)

    def fresh(self, tensor: Any) -> IntArray:
        """New channels for a tensor's last axis; none when its size is not known."""
        size = (tensor.shape[-1] or 0) if len(tensor.shape) > 1 else 0
        self.count += size
        return np.arange(self.count - size, self.count, dtype=np.int64)

    def freeze(self, channels: IntArray, reason: str) -> None:
        """Note that channels must stay as they are, and why."""
        self.frozen.append((channels, reason))

    def roots(self) -> IntArray:
        """(count,): for each channel the smallest one it is tied to, directly or not."""
        roots = np.arange(self.count, dtype=np.int64)
        if not self.ties:
            return roots
        left, right = (np.concatenate(side) for side in zip(*self.ties, strict=True))
        while True:
            before = roots.copy()
            lowest = np.minimum(roots[left], roots[right])
            np.minimum.at(roots, roots[left], lowest)
            np.minimum.at(roots, roots[right], lowest)
            roots = roots[roots]
            if np.array_equal(before, roots):
                return roots


def propagate(call: Call, ledger: Ledger) -> None:
    """Enter the channels of a call's outputs into the ledger, given those of its inputs."""
    found = [ledger.tensors[id(tensor)] for tensor in call.inputs]
    reason = _trouble(call)
    made = None if reason else _outputs(call, found, ledger)
    if made is not None and len(call.outputs) == 1:
        size = call.outputs[0].shape[-1] if len(call.outputs[0].shape) > 1 else 0
        if len(made) == (size or 0):
            ledger.tensors[id(call.outputs[0])] = made
            return
    reason = reason or f"layer {call.name!r} ({type(call.operation).__name__}) is not understood"
    for channels in found:
        ledger.freeze(channels, reason)
    for tensor in call.outputs:
        channels = ledger.fresh(tensor)
        ledger.freeze(channels, reason)
        ledger.producers.append((call.name, channels))
        ledger.tensors[id(tensor)] = channels


def _trouble(call: Call) -> str:
    """Why a call's channels must not be touched, or ""."""
    layer = call.operation
    named = f"layer {call.name!r} ({type(layer).__name__})"
    if is_model(layer):
        return f"{named} is a model inside the model"
    if call.times > 1 and (getattr(layer, "weights", None) or call.kind == "Reshape"):
        return f"{named} is used {call.times} times"
    if getattr(layer, "data_format", None) == "channels_first":
        return f"{named} has its channels first"
    if getattr(layer, "groups", 1) != 1:
        return f"{named} has groups of channels of its own"
    if call.constants:
        return f"{named} combines channels with fixed numbers"
    if call.kind not in roles.WIDTH_SETTING and not roles.is_elementwise(layer):
        return f"{named} has an activation across channels"
    return ""


def _outputs(call: Call, found: Sequence[IntArray], ledger: Ledger) -> IntArray | None:
    """Channels of the one output; None when the kind of layer is not understood."""
    kind, layer = call.kind, call.operation
    if kind in roles.AXES and roles.axes_of(layer) is None:
        return None
    if kind in roles.WIDTH_SETTING:
        if kind == "Embedding":
            ledger.freeze(found[0], f"layer {call.name!r} (Embedding) looks them up")
        made = ledger.fresh(call.outputs[0])
        if not roles.is_elementwise(layer):
            ledger.freeze(made, f"layer {call.name!r} ({kind}) has an activation across channels")
        ledger.producers.append((call.name, made))
        return made
    if kind in MERGES:
        return _merged(found, ledger)
    if kind == "Concatenate":
        return _concatenated(call, found, ledger)
    if len(found) != 1:
        return None
    if kind in roles.DEPTHWISE:
        return np.repeat(found[0], layer.depth_multiplier)
    if kind in KEEPING or kind in ELEMENTWISE_OPERATIONS or _keeps(call):
        return found[0]
    if kind in ("Flatten", "Reshape"):
        return _reshaped(call, found[0])
    return None


def _keeps(call: Call) -> bool:
    """Whether this layer, set as it is, keeps every channel apart."""
    layer, rank = call.operation, len(call.inputs[0].shape)
    match call.kind:
        case "Activation":
            return True
        case "BatchNormalization":
            return layer.axis in (-1, rank - 1)
        case "PReLU":
            return layer.alpha.shape[-1] in (1, call.inputs[0].shape[-1])
        case "Rescaling":
            return np.ndim(layer.scale) == 0 and np.ndim(layer.offset) == 0
        case "Permute":
            return bool(layer.dims[-1] == rank - 1)
    return False


def _merged(found: Sequence[IntArray], ledger: Ledger) -> IntArray:
    """Tie channel i of all inputs; an input with one channel is broadcast over the others'."""
    widest = max(found, key=len)
    for channels in found:
        if len(channels) == len(widest):
            ledger.ties.append((widest, channels))
        else:
            ledger.freeze(channels, "broadcast over the channels of another layer")
    return widest


def _concatenated(call: Call, found: Sequence[IntArray], ledger: Ledger) -> IntArray:
    if call.operation.axis in (-1, len(call.outputs[0].shape) - 1):
        return np.concatenate(found)
    return _merged(found, ledger)


def _reshaped(call: Call, channels: IntArray) -> IntArray | None:
    """Row-major order keeps the last axis fastest: equal last sizes keep it, flat ones tile it."""
    before, after = call.inputs[0].shape[1:], call.outputs[0].shape[1:]
    if None in (*before, *after) or not len(channels):
        return None
    if after[-1] == before[-1]:
        return channels
    if len(after) == 1:
        return np.tile(channels, int(np.prod(before[:-1])))
    return None
