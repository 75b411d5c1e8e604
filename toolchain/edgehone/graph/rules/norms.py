"""How channels pass normalisations, and what keeps these exact when channels go.

A channel whose weights are zero still counts: the mean and the variance of a layer norm are over
all the channels there ever were. The rules below keep it that way (decision 9).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.graph import backend
from edgehone.graph.rules._base import CARRIES, Array, Config, Cut, Rule, Use

_NOT_ZERO = "takes its mean over channels that are not zero when removed"


class _Norm(Rule):
    """Normalisations over the last axis, with a scale and an offset for each channel."""

    def trace(self, use: Use) -> Sequence[Any]:
        """The channels that come in."""
        layer, channels = use.operation, use.last()
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        if any(axis not in (-1, len(use.inputs[0])) for axis in axes):
            use.refuse("normalises other axes than the last")
        self.check(use)
        for name in ("gamma", "beta", "moving_mean", "moving_variance", "scale"):
            weight = getattr(layer, name, None)
            if hasattr(weight, "path"):
                use.hold(weight, -1, channels, CARRIES)
        return [use.on_last(channels)]

    def check(self, use: Use) -> None:
        """Refuse what this norm cannot do exactly; tie what it ties."""


class BatchNorm(_Norm):
    """Each channel by its own statistics."""

    def still(self, use: Use) -> bool:
        """By a zero scale, or by a zero mean of what is zero itself."""
        return bool(use.operation.scale) or all(use.still)


class GroupNorm(_Norm):
    """Statistics over the channels of a group: a group goes as a whole, and leaves no trace."""

    sized = True

    def check(self, use: Use) -> None:
        """Tie the channels of each group."""
        if use.operation.groups == 1:
            use.refuse("normalises all channels as one group")
        rows = use.last().reshape(use.operation.groups, -1)
        use.ledger.tie(rows[:, :1], rows)

    def still(self, use: Use) -> bool:
        """By a zero scale, or as all of a group is zero."""
        return bool(use.operation.scale) or all(use.still)

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer groups, each as wide as before."""
        flags = cut.after()
        config["groups"] = int(flags.sum()) * layer.groups // len(flags)


class LayerNorm(_Norm):
    """Mean and variance over all channels, those that went included.

    The layer keeps its width. Behind the channels that stay come zeros in the place of the others,
    and are taken off again after it: the same sums over the same number of channels.
    """

    edits = True
    fits_inside = False

    def check(self, use: Use) -> None:
        """Removed channels must be zero."""
        if getattr(use.operation, "rms_scaling", False):
            use.refuse("scales by the variance")
        if not all(use.still):
            use.refuse(_NOT_ZERO)
        if use.masked:
            use.refuse("has a mask to pass on, which a pad would lose")
        first = use.ledger.traces.get(use.name)
        if first and first.inputs[0].ndim != use.found[0].ndim:
            use.refuse("is used for tensors of different rank")

    def still(self, use: Use) -> bool:
        """By a zero scale."""
        return bool(use.operation.scale)

    def weights(self, layer: Any, cut: Cut) -> list[Array]:
        """Those of the channels that stay first; the others' multiply zeros that are cut off."""
        flags = cut.before()
        order = np.concatenate([np.flatnonzero(flags), np.flatnonzero(~flags)])
        return [np.asarray(weight)[order] for weight in layer.weights]

    def call(
        self, operation: Any, cut: Cut, arguments: Sequence[Any], settings: Mapping[str, Any]
    ) -> Any:
        """The layer between a pad and a slice, which are named after it."""
        ops, name = backend.keras().ops, operation.name
        x, gone, kept = arguments[0], int((~cut.before()).sum()), int(cut.before().sum())
        source, node, _ = x._keras_history
        again = source.name == f"{name}_pad"
        if again:  # cut before: one pad instead of two, and the slice behind it is cut itself
            x = source._inbound_nodes[node].input_tensors[0]
            gone += source.pad_width[-1][1]
        widths = [(0, 0)] * (len(x.shape) - 1) + [(0, gone)]
        padded = cut.put(f"{name}_pad", lambda each: ops.pad(each, widths), x)
        normed = operation(padded, *arguments[1:], **settings)
        if again:
            return normed
        key = (..., slice(0, kept))
        return cut.put(f"{name}_slice", lambda each, part: each[part], normed, key)


class RMSNorm(_Norm):
    """Division by sqrt(mean square + epsilon): over k of n channels, with the mean over all n,
    that is epsilon n / k and a scale times sqrt(n / k) (n, k: channels before and after).
    """

    sized = True

    def check(self, use: Use) -> None:
        """Removed channels must be zero."""
        if not all(use.still):
            use.refuse(_NOT_ZERO)

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """The epsilon that keeps the quotient."""
        config["epsilon"] = layer.epsilon / float(cut.before().mean())

    def weights(self, layer: Any, cut: Cut) -> list[Array]:
        """The scale that keeps the quotient."""
        share = np.float32(cut.before().mean())
        return [weight / np.sqrt(share) for weight in super().weights(layer, cut)]


class UnitNorm(_Norm):
    """Division by the length, to which zeros add nothing."""

    def check(self, use: Use) -> None:
        """Removed channels must be zero."""
        if not all(use.still):
            use.refuse("takes the length over channels that are not zero when removed")


class PReLU(Rule):
    """A slope for each channel, or for each position of it, or one for all."""

    def trace(self, use: Use) -> Sequence[Any]:
        """The channels that come in."""
        channels, alpha = use.last(), use.operation.alpha
        if alpha.shape[-1] == len(channels):
            use.hold(alpha, -1, channels, CARRIES)
        return [use.on_last(channels)]


class LayerScale(Rule):
    """A factor for each channel, as ConvNeXt of keras.applications has it."""

    def trace(self, use: Use) -> Sequence[Any]:
        """The channels that come in."""
        use.hold(use.operation.gamma, -1, use.last(), CARRIES)
        return [use.on_last(use.last())]

    def still(self, use: Use) -> bool:
        """By a zero factor."""
        return True

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer factors."""
        config["projection_dim"] = int(cut.after().sum())


NORMS: dict[str, Rule] = {
    "BatchNormalization": BatchNorm(),
    "GroupNormalization": GroupNorm(),
    "LayerNormalization": LayerNorm(),
    "RMSNormalization": RMSNorm(),
    "UnitNormalization": UnitNorm(),
    "PReLU": PReLU(),
    "LayerScale": LayerScale(),
}
"""Rules by kind of layer."""
