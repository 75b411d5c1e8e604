"""A vector for each digit."""

from tests.task_problems import Problem, digits, flattened, one_hot


def problem() -> Problem:
    """Ten classes, ten directions."""
    x, y = digits()
    return Problem(x, y, one_hot(y, 10), lambda: flattened(10), epochs=8)
