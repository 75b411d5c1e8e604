"""How channels pass layers that look at one value at a time, pooling, merging and softmax."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.graph import roles
from edgehone.graph.ledger import IntArray, along, placed, spread, varying
from edgehone.graph.rules._base import Rule, Use


class Keeping(Rule):
    """Every output value depends on the input value at its place alone."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in."""
        return [use.found[0]]


class NotZeroAtZero(Keeping):
    """The same, where zero becomes something else."""

    def still(self, use: Use) -> bool:
        """Never."""
        return False


class ReLU(Keeping):
    """max(x, 0) in all its forms."""

    def still(self, use: Use) -> bool:
        """Unless a threshold moves zero."""
        layer = use.operation
        return all(use.still) and (layer.threshold == 0 or layer.negative_slope == 0)


class Activation(Keeping):
    """An activation as a layer."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in, unless the activation mixes them."""
        if not roles.is_elementwise(use.operation) and -1 in varying(use.found[0]):
            use.refuse("has an activation across channels")
        return [use.found[0]]

    def still(self, use: Use) -> bool:
        """If the activation of zero is zero."""
        return all(use.still) and roles.keeps_zero(use.operation)


class Softmax(NotZeroAtZero):
    """Positions against each other along axes."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in, unless they stand against each other."""
        axis, rank = use.operation.axis, len(use.inputs[0]) + 1
        axes = [each % rank - rank for each in np.atleast_1d(-1 if axis is None else axis)]
        if set(axes) & {*varying(use.found[0])}:
            use.refuse("compares channels with each other")
        return [use.found[0]]


class Rescaling(Keeping):
    """x * scale + offset, for all channels alike."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in."""
        if np.ndim(use.operation.scale) or np.ndim(use.operation.offset):
            use.refuse("combines channels with fixed numbers")
        return [use.found[0]]

    def still(self, use: Use) -> bool:
        """If nothing is added."""
        return all(use.still) and use.operation.offset == 0


class Fixed(Keeping):
    """Layers in front of a network that know its channels by number, or move its pixels."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in, which stay."""
        use.freeze(use.found[0], "keeps the channels it was made for")
        return [use.on_last(use.last())]


class Spatial(Rule):
    """Pooling, padding and the like: places move, channels on the last axis do not."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in."""
        return [use.on_last(use.last())]


class Reduction(Rule):
    """A function of keras.ops over some axes."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in; a sum over zeros may leave them out."""
        operation, channels, rank = use.operation, use.found[0], len(use.inputs[0]) + 1
        given = np.arange(rank) if operation.axis is None else np.atleast_1d(operation.axis)
        axes = {int(axis) % rank - rank for axis in given}
        over = axes & {*varying(channels)}
        if -rank in axes or (over and not (use.kind == "Sum" and all(use.still))):
            use.refuse("reduces the channels to one number")
        if over:
            return [use.ledger.fresh(1).reshape((1,) * len(use.outputs[0]))]
        if operation.keepdims:
            return [channels]
        return [channels.squeeze(tuple(axes))]


class Merge(Rule):
    """Value by value over several inputs, which may be broadcast against each other."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels of the widest, tied to the others'."""
        if len({len(shape) for shape in use.inputs}) > 1 and not use.is_layer:
            use.refuse("merges tensors of different rank")
        return [merged(use, use.found, use.inputs)]


class Shift(Merge):
    """A merge in which a fixed number may take part that zero does not survive."""

    def still(self, use: Use) -> bool:
        """If all inputs are zero, and nothing else takes part."""
        return all(use.still) and len(use.found) > 1


class Multiply(Merge):
    """A product: zero when any of its factors is."""

    def still(self, use: Use) -> bool:
        """If any wide input is zero; a narrow one (a gate of one channel) has no say."""
        wide = max(channels.size for channels in use.found)
        pairs = zip(use.found, use.still, strict=True)
        return any(still for channels, still in pairs if channels.size == wide)


class Divide(Merge):
    """A quotient, whose divisor must not become zero."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The dividend's channels."""
        divisor = use.input("x2", 1)
        fixed = len(use.found) == 1 and use.input("x1", 0) == 0
        if not fixed and (divisor is None or varying(use.found[divisor])):
            use.refuse("divides by channels")
        return super().trace(use)

    def still(self, use: Use) -> bool:
        """If the dividend is."""
        return use.still[use.input("x1", 0) or 0]


class Power(Keeping):
    """A power of fixed exponent."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in."""
        exponent = use.given("x2", 1)
        if len(use.found) != 1 or not isinstance(exponent, (int, float)) or exponent <= 0:
            use.refuse("has an exponent that is not a positive number")
        return [use.found[0]]


class Concatenate(Rule):
    """Inputs one after the other."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Each input's own channels along that axis; tied to each other along others."""
        axis = use.operation.axis
        axis = axis if axis < 0 else axis - len(use.inputs[0]) - 1
        if -axis > len(use.inputs[0]):
            use.refuse("joins samples")
        if axis != -1 and all(axis not in varying(channels) for channels in use.found):
            shape = use.outputs[0]
            return [merged(use, use.found, [shape] * len(use.found))]
        if any({*varying(channels)} - {axis} for channels in use.found):
            use.refuse("joins other axes than that of the channels")
        parts = []
        for channels, shape in zip(use.found, use.inputs, strict=True):
            if shape[axis] is None:
                use.refuse("joins axes of unknown size")
            parts.append(np.broadcast_to(along(channels, axis), (shape[axis],)))
        return [placed(np.concatenate(parts), axis, len(use.inputs[0]))]


def merged(use: Use, found: Sequence[IntArray], shapes: Sequence[Any]) -> IntArray:
    """Tie channel i of all inputs; inputs of size 1 are broadcast over the others' and stay."""
    rank = max(len(shape) for shape in shapes)
    arrays = [a.reshape((1,) * (rank - a.ndim) + a.shape) for a in found]
    axes = sorted({axis for array in arrays for axis in varying(array)})
    if not axes:
        for array in arrays[1:]:
            use.ledger.tie(arrays[0], array)
        return arrays[0]
    if len(axes) > 1:
        use.refuse("combines channels on different axes")
    sizes = [shape[axes[0]] if len(shape) >= -axes[0] else 1 for shape in shapes]
    wide = []
    for array, size in zip(arrays, sizes, strict=True):
        if size == 1:
            use.ledger.freeze(array, "broadcast over the channels of another layer")
        else:
            shape = [size if axis == axes[0] else 1 for axis in range(-rank, 0)]
            wide.append(spread(array, shape))
    for array in wide[1:]:
        use.ledger.tie(wide[0], array)
    return wide[0]


def _layers(pattern: str, *kinds: str) -> list[str]:
    return [pattern.format(kind=kind, n=n) for kind in kinds or ("",) for n in (1, 2, 3)]


_KEEP = ["ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "GaussianDropout", "Identity"]
_KEEP += ["GaussianNoise", "LeakyReLU", "StochasticDepth", *_layers("SpatialDropout{n}D")]
_KEEP += ["Absolute", "Abs", "Arctan", "Cast", "Celu", "Elu", "Erf", "Expm1", "Floor", "Gelu"]
_KEEP += ["HardSilu", "HardTanh", "LeakyRelu", "Negative", "Relu", "Relu6", "Round", "Selu"]
_KEEP += ["Sign", "Silu", "Sin", "Sinh", "SoftShrink", "Softsign", "Square", "Sqrt", "StopGradient"]
_KEEP += ["Tanh", "TanhShrink"]

_RANDOM = ["Brightness", "Contrast", "Crop", "Flip", "Rotation", "Translation", "Zoom"]

ELEMENTWISE: dict[str, Rule] = {
    **dict.fromkeys(_KEEP, Keeping()),
    **dict.fromkeys(
        ["Clip", "Cos", "Cosh", "Exp", "HardSigmoid", "LogSigmoid", "Sigmoid", "Softplus"],
        NotZeroAtZero(),
    ),
    "Squareplus": NotZeroAtZero(),
    **dict.fromkeys(_layers("{kind}Pooling{n}D", "Average", "Max"), Spatial()),
    **dict.fromkeys(_layers("Global{kind}Pooling{n}D", "Average", "Max"), Spatial()),
    **dict.fromkeys(_layers("Adaptive{kind}Pooling{n}D", "Average", "Max"), Spatial()),
    **dict.fromkeys(_layers("{kind}{n}D", "Cropping", "UpSampling", "ZeroPadding"), Spatial()),
    **dict.fromkeys(["Max", "Mean", "Min", "Sum"], Reduction()),
    **dict.fromkeys(["Average", "CustomScaleLayer"], Merge()),
    **dict.fromkeys(["Add", "Maximum", "Minimum", "Subtract"], Shift()),
    **dict.fromkeys(["Divide", "TrueDivide"], Divide()),
    **dict.fromkeys(["CenterCrop", "Resizing"], Spatial()),
    **dict.fromkeys(["AveragePool", "MaxPool", "Resize"], Spatial()),
    **dict.fromkeys(["Masking", "Normalization"], Fixed()),
    **{f"Random{kind}": Fixed() for kind in _RANDOM},
    "Activation": Activation(),
    "Concatenate": Concatenate(),
    "Multiply": Multiply(),
    "Power": Power(),
    "ReLU": ReLU(),
    "RepeatVector": Spatial(),
    "Rescaling": Rescaling(),
    "Softmax": Softmax(),
}
"""Rules by kind of layer or function of keras.ops."""
