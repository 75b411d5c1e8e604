"""What a Keras model computes of samples, in this process."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.formats._base import Array
from edgehone.formats._batches import batches
from edgehone.graph.running import running
from edgehone.system.rows import Rows, mapped

BATCH = 256


def predict(model: Any, x: Rows) -> Array:
    """Outputs (n, ...) as float32 of a model with one input and one output, for x (n, ...).

    Raises ExecutionError.
    """

    def outputs(part: Array) -> Array:
        return np.asarray(model.predict(part, batch_size=BATCH, verbose=0), np.float32)

    with running():
        return mapped(outputs, x, BATCH)


def predict_all(model: Any, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """Every output of a model, which may have been built for a batch of its own, of (n, ...) for
    each input. Raises ExecutionError.
    """
    from edgehone.export._tracing import flattened

    plain, count = flattened(model), len(inputs[0])
    size = model.inputs[0].shape[0]
    filled = [np.concatenate(each) for each in zip(*batches(inputs, size or 1), strict=True)]
    with running():
        found = plain.predict(filled, batch_size=size, verbose=0)
    outputs = found if isinstance(found, list) else [found]
    return tuple(np.asarray(each)[:count] for each in outputs)
