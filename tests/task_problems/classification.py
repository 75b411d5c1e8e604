"""Which digit it is."""

from tests.task_problems import Problem, digits, one_hot, pooled


def problem() -> Problem:
    """Ten classes."""
    x, y = digits()
    return Problem(x, y, one_hot(y, 10), lambda: pooled(10, "softmax"))
