"""Which share of every layer's weights becomes 0: smaller once compressed, and in no other way."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from edgehone import precisions
from edgehone.compress._bytes import LEVEL
from edgehone.compress._masks import magnitude_mask
from edgehone.search.decisions._base import Decision, Facts
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import Step

SPARSITIES = (0.0, 0.5, 0.7, 0.8, 0.9)
"""Shares of zeros worth trying; below a half DEFLATE saves about nothing."""

MOST_WEIGHTS = 2**17
"""Of a kernel, that are compressed to see what zeros save."""

Shares = Mapping[str, Mapping[tuple[float, str], float]]


@dataclass(frozen=True)
class PruneWeights(Decision):
    """Subjects are layers but depthwise ones; an option is the share of weights that become 0. It
    is probed with the smallest weights at 0.

    A choice costs as much time and memory and as many bytes in the raw file as before: kernels are
    stored and run dense (XNNPACK has sparse kernels for some 1 x 1 convolutions, which this
    export does not use). What falls is compressed_bytes: `shares` says to how much, by layer and
    (option, precision), found by compressing the kernel itself.
    """

    NAME: ClassVar[str] = "prune_weights"
    ORDER: ClassVar[int] = 95
    SUMS: ClassVar[tuple[str, ...]] = ("packed_bytes",)

    shares: Shares = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Layers whose kernels can be thinned out, with what that saves of each."""
        kernels = {
            layer.name: np.asarray(facts.model.get_layer(layer.name).kernel)
            for layer in facts.layers
            if layer.spec.kind != "depthwise"
        }
        return cls(
            dict.fromkeys(kernels, SPARSITIES),
            {name: packed_shares(kernel, facts.precisions) for name, kernel in kernels.items()},
        )

    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """As large and as fast, but for the bytes that are left after DEFLATE."""
        sparsity = float(options[layer.name])
        if sparsity == 0:
            return piece
        known = self.shares.get(layer.name, {})
        return replace(piece, packed=known.get((sparsity, piece.precision), 1.0))

    def smallest(self, subject: str) -> Option:
        """The most zeros."""
        return self.subjects[subject][-1]

    def losses(self, probing: Probing) -> Table:
        """The smallest weights of each layer at 0."""
        return probing.losses(
            "sensitivity of zeros",
            self.subjects,
            lambda name, share: _thinned(probing.model.get_layer(name), float(share)),
        )

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """Zeros at once; the training that follows keeps them. Of a factorized layer both factors
        are thinned out.
        """
        found: dict[str, Option] = {}
        for name, share in plan.of(self.NAME).items():
            if share:
                found[name] = share
                if plan.of("factorize").get(name):
                    found[f"{name}_svd"] = share
        settings = {"layers": found, "sparsity": 0.0, "schedule": "one_shot", "epochs": 0}
        return (Step("prune_weights", settings),) if found else ()

    def row(self, plan: Plan, layer: LayerChoice) -> Mapping[str, object]:
        """The share of zeros."""
        return {"sparsity": plan.of(self.NAME).get(layer.name, 0.0)}


def packed_shares(
    kernel: NDArray[np.float32], precisions: tuple[str, ...]
) -> Mapping[tuple[float, str], float]:
    """(sparsity, precision) -> compressed bytes with the smallest weights at 0, as a share of those
    without zeros, in (0, 1]. kernel: (..., outputs).
    """
    rows = kernel.reshape(-1, kernel.shape[-1])
    rows = rows[: max(1, MOST_WEIGHTS // rows.shape[1])]
    found = {}
    for precision in precisions:
        whole = len(zlib.compress(_stored(rows, precision), LEVEL))
        for sparsity in SPARSITIES[1:]:
            thinned = np.where(magnitude_mask(rows, sparsity), rows, 0)
            packed = len(zlib.compress(_stored(thinned, precision), LEVEL))
            found[sparsity, precision] = min(packed / whole, 1.0)
    return found


def _stored(rows: NDArray[np.float32], precision: str) -> bytes:
    """Weights (n, outputs) as a file holds them: floats, or integers scaled by output."""
    size = precisions.named(precision).weight_bytes
    if size >= 2:
        return bytes(rows.astype(np.float32 if size == 4 else np.float16).tobytes())
    most = 127 if size == 1 else 7
    scale = np.maximum(np.abs(rows).max(axis=0), 1e-12) / most
    whole = np.round(rows / scale).astype(np.int8).ravel()
    if size == 1:
        return bytes(whole.tobytes())
    pairs = np.resize(whole & 15, len(whole) + len(whole) % 2).astype(np.uint8).reshape(-1, 2)
    packed: bytes = (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8).tobytes()
    return packed


@contextmanager
def _thinned(layer: Any, share: float) -> Iterator[None]:
    kernel = np.asarray(layer.kernel)
    layer.kernel.assign(np.where(magnitude_mask(kernel, share), kernel, 0))
    try:
        yield
    finally:
        layer.kernel.assign(kernel)
