"""Which properties a digit has: even, above four, with a loop."""

import numpy as np

from tests.task_problems import Problem, digits, pooled

LOOPS = (0, 6, 8, 9)


def problem() -> Problem:
    """Three labels that do not exclude each other."""
    x, digit = digits()
    y = np.stack([digit % 2 == 0, digit > 4, np.isin(digit, LOOPS)], axis=1).astype(np.int64)
    return Problem(x, y, y.astype(np.float32), lambda: pooled(3, "sigmoid"), epochs=12)
