"""At which rank every layer is split into two, if at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from edgehone.search.decisions._base import Decision, Facts
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.search.shapes import factors, full_rank, saves, weights
from edgehone.values import LayerSpec, Step

FRACTIONS = (0.125, 0.25, 0.5)
"""Shares of a kernel's full rank worth trying."""


@dataclass(frozen=True)
class Factorize(Decision):
    """Subjects are layers; an option is a rank, 0 the layer whole. A choice costs what the two
    factors cost; it is probed with the kernel replaced by its best approximation of that rank.
    specs: the layers' shapes.
    """

    specs: Mapping[str, LayerSpec] = field(default_factory=dict)

    NAME: ClassVar[str] = "factorize"
    ORDER: ClassVar[int] = 20

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Layers that have some rank worth trying."""
        found = {layer.name: rank_options(layer.spec, facts.multiple) for layer in facts.layers}
        return cls(dict(found), {layer.name: layer.spec for layer in facts.layers})

    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """Two factors in place of the layer, where they are smaller than it."""
        rank = int(options[layer.name])
        if rank == 0 or not all(saves(part, rank) for part in piece.parts):
            return piece
        return replace(piece, parts=tuple(f for part in piece.parts for f in factors(part, rank)))

    def ladder(self, subject: str) -> tuple[Option, ...]:
        """Whole, then from the highest rank to the lowest."""
        whole, *ranks = self.subjects[subject]
        return (whole, *reversed(ranks))

    def losses(self, probing: Probing) -> Table:
        """The kernel at each rank."""
        several = {name: ranks for name, ranks in self.subjects.items() if len(ranks) > 1}
        return probing.losses(
            "sensitivity of ranks",
            several,
            lambda name, rank: _low_rank(probing.model.get_layer(name), int(rank)),
        )

    def taken(self, subject: str, option: Option) -> float:
        """By the weights of the layer whole, and of its factors."""
        spec = self.specs.get(subject)
        if spec is None or not option:
            return 0.0
        return weights(spec) / sum(map(weights, factors(spec, int(option)))) - 1

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """Factorization at these ranks."""
        ranks = {name: rank for name, rank in plan.of(self.NAME).items() if rank}
        return (Step("factorize", {"ranks": ranks}),) if ranks else ()

    def row(self, plan: Plan, layer: LayerChoice) -> Mapping[str, object]:
        """The rank; 0: whole."""
        return {"rank": plan.of(self.NAME).get(layer.name, 0)}


def rank_options(spec: LayerSpec, multiple: int) -> tuple[int, ...]:
    """Ranks worth trying, 0 (not factorized) first; none for depthwise and small kernels."""
    full = full_rank(spec)
    if spec.kind == "depthwise" or full < 2 * multiple:
        return (0,)
    snapped = {max(multiple, round(full * f / multiple) * multiple) for f in FRACTIONS}
    return (0, *sorted(rank for rank in snapped if saves(spec, rank)))


@contextmanager
def _low_rank(layer: Any, rank: int) -> Iterator[None]:
    kernel = np.asarray(layer.kernel)
    u, s, vt = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), full_matrices=False)
    layer.kernel.assign(((u[:, :rank] * s[:rank]) @ vt[:rank]).reshape(kernel.shape))
    try:
        yield
    finally:
        layer.kernel.assign(kernel)
