"""How much darker one half is than the other."""

import numpy as np

from tests.task_problems import Problem, digits, pooled


def problem() -> Problem:
    """One number, never 0."""
    x, _ = digits()
    y = (x[:, :, :4].mean(axis=(1, 2, 3)) - x[:, :, 4:].mean(axis=(1, 2, 3))).astype(np.float32)
    y[y == 0] = 0.125
    return Problem(x, y, y[:, None], lambda: pooled(1, "linear"), epochs=12)
