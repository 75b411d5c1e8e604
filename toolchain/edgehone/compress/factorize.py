"""Factorization: one dense or convolution layer becomes two thinner ones, by SVD."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehone.compress import _checks, _svd
from edgehone.compress._base import Outcome, Technique, Workshop
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.wiring import kind_of
from edgehone.values import NOTHING

KINDS: Mapping[str, str] = {"Dense": "units", "Conv1D": "filters", "Conv2D": "filters"}
"""Kinds of layers that can be split, and what they call their number of outputs."""

SUFFIX = "_svd"


@dataclass(frozen=True)
class Factorize(Technique):
    """Split layers into NAME_svd (the old kernel's size, rank outputs, no bias) and NAME (1 x 1,
    with the old bias and activation), as in Zhang et al. 2016, section 3.1.

    Which and how far: what `ranks` says (layer -> rank); else every layer at the smallest rank
    that holds the share `energy` of its squared singular values. Never where the two would have
    as many weights and MACs as the one, or save less than the share `minimum_saving` of them.
    """

    ranks: Mapping[str, int] = NOTHING
    energy: float = 0.9
    minimum_saving: float = 0.1

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {"energy": (0.8, 0.9, 0.95, 0.98)}

    def __post_init__(self) -> None:
        _checks.number("energy", self.energy, 0, 1, above=True)
        _checks.number("minimum_saving", self.minimum_saving, 0, 1)
        for layer, rank in self.ranks.items():
            _checks.integer(f"rank of {layer!r}", rank, 1)

    def apply(self, model: Any, workshop: Workshop) -> Outcome:
        """The model with thinner layers; detail: {"ranks": {layer: [rank, full]}, "refused":
        {layer: reason}}, refused among those named in `ranks`.

        Raises ConfigError for an unknown layer, ModelError for a model without a graph.
        """
        layers = {layer.name: layer for layer in model.layers}
        for name in self.ranks:
            _checks.known("layer", name, layers)
        chosen, refused = {}, {}
        for name in self.ranks or layers:
            reason = _obstacle(layers[name], layers)
            rank = 0 if reason else self.rank(layers[name])
            reason = reason or self._no_saving(layers[name], rank)
            if reason:
                refused[name] = reason
            else:
                chosen[name] = rank
        detail = {
            "ranks": {n: [r, _svd.full_rank(_kernel(layers[n]))] for n, r in chosen.items()},
            "refused": refused if self.ranks else {},
        }
        if not chosen:
            return Outcome(model, "no layer would have fewer weights", detail)

        def replace(layer: Any) -> Replacement:
            return _halves(layer, chosen[layer.name]) if layer.name in chosen else None

        return Outcome(rewrite(model, replace), detail=detail)

    def rank(self, layer: Any) -> int:
        """The rank asked for."""
        kernel = _kernel(layer)
        if layer.name in self.ranks:
            return min(self.ranks[layer.name], _svd.full_rank(kernel))
        return _svd.rank_for_energy(_svd.singular_values(kernel), self.energy)

    def _no_saving(self, layer: Any, rank: int) -> str:
        shape = _kernel(layer).shape
        share = _svd.share(shape, rank)
        if share < 1 and share <= 1 - self.minimum_saving:
            return ""
        return f"at rank {rank} its weights and MACs would be {share:.0%} of what they are"


def _obstacle(layer: Any, layers: Mapping[str, Any]) -> str:
    """Why a layer cannot be split at all, or "" when it can."""
    kind = kind_of(layer)
    if kind not in KINDS:
        return f"{kind or type(layer).__name__} layers cannot be split"
    if getattr(layer, "groups", 1) != 1:
        return "it is a grouped convolution"
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return "its channels come first"
    if layer.name + SUFFIX in layers or layer.name.endswith(SUFFIX):
        return "it has been split before"
    return ""


def _kernel(layer: Any) -> Any:
    return np.asarray(layer.kernel)


def _halves(layer: Any, rank: int) -> Replacement:
    """The two layers with their weights."""
    first_kernel, second_kernel = _svd.split(_kernel(layer), rank)
    config = layer.get_config()
    outputs = KINDS[kind_of(layer)]
    bare = dict.fromkeys(("kernel_constraint", "activity_regularizer", "bias_regularizer"))
    first = {**config, **bare, "name": layer.name + SUFFIX, outputs: rank}
    first |= {"use_bias": False, "activation": "linear"}
    second = {**config, "kernel_constraint": None}
    if outputs == "filters":
        ones = [1] * (first_kernel.ndim - 2)
        second |= {"kernel_size": ones, "strides": ones, "dilation_rate": ones, "padding": "valid"}
        second_kernel = second_kernel.reshape(*ones, *second_kernel.shape)
    bias = [np.asarray(layer.bias)] if layer.use_bias else []
    kind = type(layer)
    return (
        (kind.from_config(first), [first_kernel]),
        (kind.from_config(second), [second_kernel, *bias]),
    )
