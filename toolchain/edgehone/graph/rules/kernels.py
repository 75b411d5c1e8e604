"""How channels pass dense layers, convolutions of all kinds, embeddings and Einstein sums."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.graph import roles
from edgehone.graph.ledger import IntArray, along, placed, varying
from edgehone.graph.rules._base import CARRIES, MAKES, READS, Config, Cut, Rule, Use

_ACROSS = "has an activation across channels"


class Kernel(Rule):
    """Dense layers and convolutions: new channels out of all that come in.

    A grouped convolution either loses whole groups, or the same positions in each of them:
    whichever leaves more to choose from (see `whole_groups`).
    """

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels made."""
        layer, reads = use.operation, self.reads(use)
        if roles.axes_of(layer) is None:
            use.refuse("has weights that are not understood")
        made = use.made(use.outputs[0][-1] or 0)
        if not roles.is_elementwise(layer):
            use.freeze(made, _ACROSS)
        kernels = roles.kernels(layer)
        for name, axes in roles.AXES[use.kind].items():
            for axis, role in axes.items():
                if role == roles.OUTPUT:
                    use.hold(kernels.get(name), axis, made, MAKES)
        self.hold_inputs(use, reads, made)
        return [use.on_last(made)]

    def reads(self, use: Use) -> IntArray:
        """Channels that come in; those of another axis than the last stay."""
        if {*varying(use.found[0])} <= {-1}:
            return use.last()
        use.freeze(use.found[0], "reads them from another axis than the last")
        if not (size := use.inputs[0][-1]):
            use.refuse("has inputs of unknown size")
        return np.broadcast_to(use.found[0].ravel()[:1], (size,))

    def hold_inputs(self, use: Use, reads: IntArray, made: IntArray) -> None:
        """Enter what lies on the kernels' input axes."""
        groups = getattr(use.operation, "groups", 1)
        axis = next(a for a, r in roles.AXES[use.kind]["kernel"].items() if r == roles.INPUT)
        if groups == 1:
            use.hold(use.operation.kernel, axis, reads, READS)
            return
        into, out = reads.reshape(groups, -1), made.reshape(groups, -1)
        if whole_groups(use.operation):
            use.ledger.tie(into[:, :1], into)
            use.ledger.tie(into[:, :1], out)
            return
        use.ledger.tie(into[:1], into)
        use.ledger.tie(out[:1], out)
        use.hold(use.operation.kernel, axis, into[0], READS)

    def still(self, use: Use) -> bool:
        """Whatever comes in: the kernel's slice and the bias are zero."""
        return roles.keeps_zero(use.operation)

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer filters or units, and groups where whole ones go."""
        before = config[roles.WIDTH_SETTING[type(layer).__name__]]
        kept = int(cut.after().sum())
        config[roles.WIDTH_SETTING[type(layer).__name__]] = kept
        if getattr(layer, "groups", 1) > 1 and whole_groups(layer):
            config["groups"] = kept * layer.groups // before


def whole_groups(layer: Any) -> bool:
    """Whether a grouped convolution is cut by whole groups: when it has no fewer groups than
    channels in one of them, as in ResNeXt, and unlike ShuffleNet.
    """
    return bool(layer.groups >= min(layer.kernel.shape[-2], layer.filters // layer.groups))


class Dense(Kernel):
    """Along the last axis; channels on another one (tokens mixed, as in MLP-Mixer) pass."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels made, or those that pass; then what is made stays."""
        if not {*varying(use.found[0])} - {-1}:
            return super().trace(use)
        if not roles.is_elementwise(use.operation):
            use.refuse(_ACROSS)
        use.freeze(use.made(use.outputs[0][-1] or 0), "is applied to each channel of others")
        return [use.found[0]]

    def still(self, use: Use) -> bool:
        """As said above; channels that pass get the bias on top."""
        passes = bool({*varying(use.found[0])} - {-1})
        zero = roles.keeps_zero(use.operation)
        return zero and (not passes or (all(use.still) and not use.operation.use_bias))

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer units, unless channels pass."""
        if -1 in varying(cut.trace.outputs[0]):
            super().shrink(layer, config, cut)


class Separable(Kernel):
    """A depthwise convolution and a pointwise one in one layer."""

    def hold_inputs(self, use: Use, reads: IntArray, made: IntArray) -> None:
        """The pointwise kernel reads each channel `depth_multiplier` times."""
        layer = use.operation
        use.hold(layer.depthwise_kernel, -2, reads, CARRIES)
        use.hold(layer.pointwise_kernel, -2, np.repeat(reads, layer.depth_multiplier), READS)


class Embedding(Kernel):
    """Rows of a table; what looks them up is not a channel."""

    def reads(self, use: Use) -> IntArray:
        """Indices, which stay."""
        use.freeze(use.found[0], "looks them up")
        return use.found[0]

    def hold_inputs(self, use: Use, reads: IntArray, made: IntArray) -> None:
        """Nothing: an index is not a channel."""


class Depthwise(Rule):
    """Each channel goes on alone, `depth_multiplier` times."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The channels that come in."""
        layer, channels = use.operation, use.last()
        if not roles.is_elementwise(layer):
            use.refuse(_ACROSS)
        made = np.repeat(channels, layer.depth_multiplier)
        use.hold(layer.kernel, -2, channels, CARRIES)
        use.hold(layer.bias, -1, made, CARRIES)
        return [use.on_last(made)]

    def still(self, use: Use) -> bool:
        """Whatever comes in: the kernel's slice and the bias are zero."""
        return roles.keeps_zero(use.operation)


class EinsumDense(Rule):
    """Any equation: letters that the kernel sums over are read, letters of its own are made.

    Of several new letters (a split into heads) the first carries the units, the others stay.
    """

    def trace(self, use: Use) -> Sequence[IntArray]:
        """Channels on the letter that comes in and goes out, or on the first new one."""
        layer, channels = use.operation, use.found[0]
        if {weight.name for weight in layer.weights} - {"kernel", "bias"}:
            use.refuse("has weights that are not understood")
        data, kernel, out = letters(layer.equation, len(use.inputs[0]) + 1)
        if not roles.is_elementwise(layer):
            use.refuse(_ACROSS)
        come = [data[axis] for axis in varying(channels)]
        if not come:
            use.ledger.freeze(channels, f"{use} reads them as one")
        rank = len(use.outputs[0])
        for letter in come:
            here = along(channels, data.index(letter) - len(data))
            role = CARRIES if letter in out else READS
            if letter in kernel:
                use.hold(layer.kernel, kernel.index(letter), here, role)
            elif letter not in out and not all(use.still):
                use.refuse("sums over channels that are not zero when removed")
            if letter in out:
                self._hold_bias(use, letter, here, CARRIES)
                return [placed(here, out.index(letter) - len(out), rank)]
        new = [letter for letter in out if letter in kernel and letter not in data]
        if not new:
            use.refuse("makes no channels of its own")
        made = use.made(layer.kernel.shape[kernel.index(new[0])])
        use.hold(layer.kernel, kernel.index(new[0]), made, MAKES)
        self._hold_bias(use, new[0], made, MAKES)
        return [placed(made, out.index(new[0]) - len(out), rank)]

    def still(self, use: Use) -> bool:
        """Made ones as a dense layer's; those that pass if kernel or input, and the bias, are."""
        held = {(each.weight, each.role) for each in use.slices}
        if any(role == MAKES for _, role in held):
            return roles.keeps_zero(use.operation)
        kernel, bias = (0, CARRIES) in held, (1, CARRIES) in held
        settled = bias or use.operation.bias is None
        return roles.keeps_zero(use.operation) and settled and (kernel or all(use.still))

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """The output's size on the axis that is cut, where it is written down."""
        sizes = config["output_shape"]
        sizes = [sizes] if isinstance(sizes, int) else list(sizes)
        for axis in varying(cut.trace.outputs[0]):
            if -axis <= len(sizes) and sizes[axis] is not None:
                sizes[axis] = int(cut.after(axis).sum())
        config["output_shape"] = tuple(sizes)

    def _hold_bias(self, use: Use, letter: str, channels: IntArray, role: str) -> None:
        bias = use.operation.bias_axes or ""
        if letter in bias:
            use.hold(use.operation.bias, bias.index(letter) - len(bias), channels, role)


def letters(equation: str, rank: int) -> tuple[str, str, str]:
    """Letters of data, kernel and output; an ellipsis becomes digits. rank: the data's, batch
    included.
    """
    left, out = equation.replace(" ", "").split("->")
    data, kernel = left.split(",")
    filled = "0123456789"[: rank - len(data.replace("...", ""))]
    return data.replace("...", filled), kernel, out.replace("...", filled)


KERNELS: dict[str, Rule] = {
    "Dense": Dense(),
    **{f"Conv{n}D": Kernel() for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": Kernel() for n in (1, 2, 3)},
    **{f"SeparableConv{n}D": Separable() for n in (1, 2)},
    **{f"DepthwiseConv{n}D": Depthwise() for n in (1, 2)},
    "Embedding": Embedding(),
    "EinsumDense": EinsumDense(),
}
"""Rules by kind of layer."""
