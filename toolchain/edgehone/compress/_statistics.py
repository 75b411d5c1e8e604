"""Batch norms' statistics measured anew, which a changed model needs before anything else."""

from typing import Any

import numpy as np

from edgehone.compress._copies import inner_layers
from edgehone.data import Split
from edgehone.graph import backend

BATCH = 64


def remeasure(model: Any, split: Split, samples: int = 1024, seed: int = 0) -> int:
    """Set the moving statistics of all batch norms of `model`, in place, to the mean over batches
    of up to `samples` of `split`, drawn by `seed`; nothing else changes. Returns how many norms
    there are (Li et al. 2020, "EagleEye", section 3.3).
    """
    norms = [layer for layer in inner_layers(model) if hasattr(layer, "moving_mean")]
    if not norms:
        return 0
    backend.seed(seed)
    usual = [layer.momentum for layer in norms]
    measured = {id(each) for layer in norms for each in (layer.moving_mean, layer.moving_variance)}
    others = [each for each in model.variables if id(each) not in measured]
    before = [np.asarray(each).copy() for each in others]
    rows = np.random.default_rng(seed).permutation(len(split))[:samples]
    size = min(BATCH, len(rows))
    for number, start in enumerate(range(0, len(rows) - size + 1, size)):
        for layer in norms:  # a running mean: the first batch replaces what was there
            layer.momentum = number / (number + 1)
        model(split.x[rows[start : start + size]], training=True)
    for layer, momentum in zip(norms, usual, strict=True):
        layer.momentum = momentum
    for variable, values in zip(others, before, strict=True):  # spectral norms write to kernels
        variable.assign(values)
    return len(norms)
