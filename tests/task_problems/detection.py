"""Where the digit is in its image, and whether it is above four."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.task_problems import Problem, digits, flattened, one_hot

Array = NDArray[Any]
KIND = f"detection(decoder='python:{__name__}:decoded', loss_function='python:{__name__}:box_loss')"


def decoded(outputs: Array) -> tuple[Array, Array, Array]:
    """One box a sample: four corners, then a score for each class."""
    scores = outputs[:, None, 4:]
    return outputs[:, None, :4], scores.max(axis=-1), scores.argmax(axis=-1)


def box_loss(targets: Any, outputs: Any) -> Any:
    """Squared error of the corners and of the classes' scores."""
    from edgehone.graph import backend

    ops = backend.keras().ops
    box = ops.reshape(targets, (-1, 5))
    classes = ops.one_hot(ops.cast(box[:, 4], "int32"), 2)
    wanted = ops.concatenate([box[:, :4], ops.cast(classes, box.dtype)], axis=-1)
    return ops.mean(ops.square(wanted - outputs), axis=-1)


def problem() -> Problem:
    """One box a sample, in shares of the image, and two classes."""
    x, digit = digits()
    ink = x[..., 0] > 6
    over_columns, over_rows = np.asarray(ink.any(axis=1)), np.asarray(ink.any(axis=2))
    low = [each.argmax(axis=1) for each in (over_columns, over_rows)]
    high = [8 - each[:, ::-1].argmax(axis=1) for each in (over_columns, over_rows)]
    box = np.stack([*low, *high], axis=1) / 8
    label = (digit > 4).astype(np.int64)
    y = np.concatenate([box, label[:, None]], axis=1)[:, None].astype(np.float32)
    perfect = np.concatenate([box, one_hot(label, 2)], axis=1).astype(np.float32)
    return Problem(x, y, perfect, lambda: flattened(6), epochs=10)
