"""How much each block of a model changes what enters it: those that change least may go first."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.data import Array

if TYPE_CHECKING:
    from edgehone.graph.depth import Block

SAMPLES = 128
"""Training samples on which the influence of blocks is measured."""


def influence_of(
    model: Any, blocks: "Sequence[Block]", context: TrainingContext
) -> Mapping[str, float]:
    """Block name -> 1 - mean cosine of what enters and what leaves it, sample by sample (block
    influence: Men et al. 2024, eq. 1); nothing for models of several inputs, whose samples are not
    known.
    """
    from edgehone.graph import backend

    if len(model.inputs) != 1 or not blocks:
        return {}
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
