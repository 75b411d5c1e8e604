"""What an artifact computes on this machine, sample by sample, from floats to floats."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone import formats
from edgehone.errors import ExecutionError
from edgehone.formats._base import RUNTIME_ERRORS, Array, Format
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.library_errors import sentence
from edgehone.system.rows import Rows, mapped

WHOLE_BATCHES = 64
"""Lazy samples are run in multiples of so many, which most files' own batches divide."""


def outputs(file: Path, x: Rows) -> Array:
    """The first output of a file with one input: (n, *output_shape) float32; see `outputs_of`."""
    return mapped(lambda part: outputs_of(file, (part,))[0], x, WHOLE_BATCHES)


def outputs_of(
    file: Path, inputs: Sequence[Array], form: Format | None = None
) -> tuple[Array, ...]:
    """Every output of a finished file for each sample, in the file's order.

    inputs: (n, *input_shape) for each input, in the order of the model's inputs; outputs:
    (n, *output_shape) float32 each. form: by the file's ending if None. Integer inputs and outputs
    that have a scale are quantized and dequantized: q = round(x / scale) + zero_point, clipped to
    the type's range; those that have none (identifiers, classes) are taken as they are. Files of a
    larger fixed batch are run batch by batch, the last one filled up. Raises ExecutionError when
    the file cannot be loaded, or a sample does not fit or fails.
    """
    content = files.content(file, MODEL_BYTES, ExecutionError)
    if not inputs or not len(inputs[0]):
        raise ExecutionError(
            f"There is no sample to run {file.name} with.", "Give at least one sample."
        )
    try:
        parts = (form or formats.of_file(file)).run(content, inputs)
    except RUNTIME_ERRORS as error:
        raise _failed(file, inputs, error) from error
    count = len(inputs[0])
    return tuple(
        np.concatenate(results)[:count].astype(np.float32) for results in zip(*parts, strict=True)
    )


def _failed(file: Path, inputs: Sequence[Array], error: Exception) -> ExecutionError:
    shapes = ", ".join(str(tuple(array.shape[1:])) for array in inputs)
    return ExecutionError(
        f"Cannot run {file.name} on samples of shape {shapes}: {sentence(error)}",
        "Check the model's inputs with `edgehone inspect`.",
    )
