"""Depth scaling: every row of equal blocks keeps one share of them, those that change most."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.data import Array
from edgehone.errors import ConfigError

SAMPLES = 128
"""Training samples on which the influence of blocks is measured."""


@dataclass(frozen=True)
class ScaleDepth(Technique):
    """A shallower model of the same architecture (depth multiplier: Tan & Le 2019, section 3.2).

    factor in (0, 1] of the blocks of each stage (see `edgehone.graph.depth`), at least the first.
    inherit: the others keep their weights, and those go that change their input least by cosine
    similarity (block influence: Men et al. 2024, eq. 1); else the last go and all weights are
    drawn anew.
    """

    factor: float = 0.5
    inherit: bool = True

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {"factor": (0.34, 0.5, 0.67)}

    def __post_init__(self) -> None:
        _checks.number("factor", self.factor, 0, 1, above=True)
        if not isinstance(self.inherit, bool):
            raise ConfigError(f"inherit = {self.inherit!r} is neither true nor false.", "")

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The shallower model; detail: {"stages": [blocks kept and before], "dropped": [name]}."""
        from edgehone.graph.depth import Stage, stages, without_blocks
        from edgehone.graph.widths import fresh_weights

        found = stages(model)
        if not any(stage.drops(self.factor) for stage in found):
            text = f"at {self.factor:g} of the depth no block goes"
            return Outcome(model, text if found else "the model has no removable blocks")
        influence = _influence(model, found, context) if self.inherit else {}

        def weakest(stage: Stage) -> list[str]:
            names = [block.name for block in stage.removable[::-1]]  # of equals the last goes
            return sorted(names, key=lambda name: influence.get(name, 0.0))

        dropped = [name for stage in found for name in weakest(stage)[: stage.drops(self.factor)]]
        shallow = without_blocks(model, dropped)
        detail = {
            "stages": [[stage.length - stage.drops(self.factor), stage.length] for stage in found],
            "dropped": dropped,
        }
        if self.inherit:
            return Outcome(shallow, detail=detail)
        return Outcome(fresh_weights(shallow, context.seed), detail=detail)


def _influence(model: Any, found: Any, context: TrainingContext) -> dict[str, float]:
    """Block name -> 1 - mean cosine of what enters and what leaves it, sample by sample; nothing
    for models of several inputs, whose samples are not known.
    """
    from edgehone.graph import backend

    if len(model.inputs) != 1:
        return {}
    blocks = [block for stage in found for block in stage.removable]
    tensors = [tensor for block in blocks for tensor in (block.source, block.result)]
    probe = backend.keras().Model(model.inputs[0], tensors)
    x = context.data.calibration(SAMPLES, context.seed)
    values = [np.asarray(each) for each in probe(x, training=False)]
    pairs = zip(values[::2], values[1::2], strict=True)
    return {
        block.name: 1 - _cosine(before, after)
        for block, (before, after) in zip(blocks, pairs, strict=True)
    }


def _cosine(before: Array, after: Array) -> float:
    """Mean over the samples of the cosine between (n, ...) and (n, ...)."""
    a, b = (values.reshape(len(values), -1).astype(np.float64) for values in (before, after))
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / np.maximum(norms, 1e-12)).mean())
