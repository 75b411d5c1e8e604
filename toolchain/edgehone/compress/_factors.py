"""The ways one layer can be split into thinner ones: what each costs, loses, and is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from edgehone.compress import _svd, _tucker
from edgehone.data import Array
from edgehone.graph import backend
from edgehone.graph.rewrite import Weights
from edgehone.graph.wiring import kind_of

KINDS: Mapping[str, str] = {"Dense": "units", "Conv1D": "filters", "Conv2D": "filters"}
"""Kinds of layers that can be split, and what they call their number of outputs."""

METHODS = ("svd", "spatial", "tucker")

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "svd": ("_svd", ""),
    "spatial": ("_a", ""),
    "tucker": ("_a", "_b", ""),
}
"""What the new layers' names end in; the last one keeps the old name, bias and activation."""

Chain = tuple[tuple[Any, Weights], ...]


@dataclass(frozen=True, eq=False)
class Place:
    """A layer's kernel (..., inputs, outputs), and the sizes of what it reads and writes: axes
    between batch and channels; unknown ones count 1. uses: how often the model calls it.
    """

    kernel: Array
    before: tuple[int, ...]
    after: tuple[int, ...]
    uses: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole layer for one sample."""
        return prod(self.after) * self.kernel.size * self.uses


@dataclass(frozen=True, eq=False)
class Options:
    """All ranks a layer can be split at by one method. ranks: (n, 1), or (n, 2) for tucker;
    macs, params: (n,); lost: (n,) share in [0, 1] of the kernel's squared norm.
    """

    method: str
    ranks: Array
    macs: Array
    params: Array
    lost: Array
    full: tuple[int, ...]

    def nearest(self, ranks: Sequence[int]) -> int:
        """The position of those ranks, cut to the largest there are."""
        wanted = np.minimum(ranks, self.full)
        return int(np.flatnonzero((self.ranks == wanted).all(axis=1))[0])


def refusal_of(layer: Any, method: str) -> str:
    """Why a layer cannot be split by a method, or "" when it can."""
    kind = kind_of(layer)
    if method == "svd":
        return ""
    if kind == "Dense":
        return f"a dense layer has no window, which {method} splits"
    if prod(layer.kernel_size) == 1:
        return f"its window is 1 x 1, which {method} does not split"
    if method == "spatial" and (kind != "Conv2D" or 1 in layer.kernel_size):
        return "its window has one axis, and spatial splits two"
    return ""


def options(place: Place, method: str) -> Options:
    """Everything the method can make of a kernel, from rank 1 to full rank."""
    match method:
        case "svd":
            return _svd_options(place)
        case "spatial":
            return _spatial_options(place)
        case _:
            return _tucker_options(place)


def threshold_ranks(place: Place, method: str, threshold: float) -> tuple[int, ...]:
    """Ranks that keep the singular values of at least that share of the largest."""
    if method == "tucker":
        return tuple(
            _svd.rank_for_threshold(v, threshold) for _, v in _tucker.mode_bases(place.kernel)
        )
    as_matrix = _svd.as_matrix if method == "svd" else _svd.as_spatial_matrix
    values = np.linalg.svd(as_matrix(place.kernel), compute_uv=False)
    return (_svd.rank_for_threshold(values, threshold),)


def _svd_options(place: Place) -> Options:
    lost = _svd.lost_energy(_svd.singular_values(place.kernel))
    ranks = 1 + np.arange(len(lost))
    rows, columns = _svd.as_matrix(place.kernel).shape
    params = ranks * (rows + columns)
    macs = prod(place.after) * params * place.uses
    return Options("svd", ranks[:, None], macs, params, lost, (len(lost),))


def _spatial_options(place: Place) -> Options:
    matrix = _svd.as_spatial_matrix(place.kernel)
    lost = _svd.lost_energy(np.linalg.svd(matrix, compute_uv=False))
    ranks = 1 + np.arange(len(lost))
    rows, columns = matrix.shape
    between = place.after[0] * place.before[1]
    macs = ranks * (between * rows + prod(place.after) * columns) * place.uses
    return Options("spatial", ranks[:, None], macs, ranks * (rows + columns), lost, (len(lost),))


def _tucker_options(place: Place) -> Options:
    (inputs, _), (outputs, _) = _tucker.mode_bases(place.kernel)
    lost = _tucker.lost_energy(place.kernel, inputs, outputs)
    r, s = np.meshgrid(1 + np.arange(lost.shape[0]), 1 + np.arange(lost.shape[1]), indexing="ij")
    window, sizes = prod(place.kernel.shape[:-2]), place.kernel.shape[-2:]
    first = np.where(r < sizes[0], sizes[0] * r, 0)
    rest = window * r * s + np.where(s < sizes[1], s * sizes[1], 0)
    macs = (prod(place.before) * first + prod(place.after) * rest) * place.uses
    ranks = np.stack([r.ravel(), s.ravel()], axis=1)
    params = (first + rest).ravel()
    return Options("tucker", ranks, macs.ravel(), params, lost.ravel(), lost.shape)


def chain(layer: Any, method: str, ranks: tuple[int, ...]) -> Chain:
    """The layers that take the layer's place, with their weights."""
    kernel = np.asarray(layer.kernel)
    match method:
        case "svd":
            return _svd_chain(layer, kernel, ranks[0])
        case "spatial":
            return _spatial_chain(layer, kernel, ranks[0])
        case _:
            return _tucker_chain(layer, kernel, (ranks[0], ranks[1]))


def _svd_chain(layer: Any, kernel: Array, rank: int) -> Chain:
    first, second = _svd.split(kernel, rank)
    if KINDS[kind_of(layer)] == "units":
        return (_inner(layer, "_svd", first, {}), _last(layer, second, {}))
    ones = _ones(kernel)
    return (
        _inner(layer, "_svd", first, {}),
        _last(layer, second.reshape(*ones, *second.shape), _pointwise(ones)),
    )


def _spatial_chain(layer: Any, kernel: Array, rank: int) -> Chain:
    first, second = _svd.split_spatially(kernel, rank)
    (down, across), (tall, wide) = layer.strides, layer.dilation_rate
    h, w = layer.kernel_size
    vertical = {"kernel_size": (h, 1), "strides": (down, 1), "dilation_rate": (tall, 1)}
    horizontal = {"kernel_size": (1, w), "strides": (1, across), "dilation_rate": (1, wide)}
    return (_inner(layer, "_a", first, vertical), _last(layer, second, horizontal))


def _tucker_chain(layer: Any, kernel: Array, ranks: tuple[int, int]) -> Chain:
    """Without the 1 x 1 layers of full rank: the core takes them up."""
    parts, ones = _tucker.tucker(kernel, ranks), _ones(kernel)
    core = parts.core
    begin, end = ranks[0] < kernel.shape[-2], ranks[1] < kernel.shape[-1]
    if not begin:
        core = np.einsum("...ro,ir->...io", core, parts.first)
    if not end:
        core = core @ parts.last
    found: list[tuple[Any, Weights]] = []
    if begin:
        found.append(
            _inner(layer, "_a", parts.first.reshape(*ones, *parts.first.shape), _pointwise(ones))
        )
    if not end:
        return (*found, _last(layer, core, {}))
    last = parts.last.reshape(*ones, *parts.last.shape)
    return (*found, _inner(layer, "_b", core, {}), _last(layer, last, _pointwise(ones)))


def _ones(kernel: Array) -> list[int]:
    return [1] * (kernel.ndim - 2)


def _pointwise(ones: list[int]) -> dict[str, Any]:
    return {"kernel_size": ones, "strides": ones, "dilation_rate": ones, "padding": "valid"}


def _inner(
    layer: Any, suffix: str, kernel: Array, changed: Mapping[str, Any]
) -> tuple[Any, Weights]:
    """A layer before the last: linear, without a bias."""
    bare = dict.fromkeys(("kernel_constraint", "activity_regularizer", "bias_regularizer"))
    config = {**layer.get_config(), **bare, **changed, "name": layer.name + suffix}
    config |= {"use_bias": False, "activation": "linear", KINDS[kind_of(layer)]: kernel.shape[-1]}
    return backend.remade(type(layer), config), [kernel]


def _last(layer: Any, kernel: Array, changed: Mapping[str, Any]) -> tuple[Any, Weights]:
    """The layer that keeps the name, the bias and the activation."""
    config = {**layer.get_config(), "kernel_constraint": None, **changed}
    bias = [np.asarray(layer.bias)] if layer.use_bias else []
    return backend.remade(type(layer), config), [kernel, *bias]
