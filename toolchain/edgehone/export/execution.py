"""What an artifact computes on this machine, sample by sample, from floats to floats."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone.errors import ExecutionError
from edgehone.formats import _interpreter, _session
from edgehone.formats._base import Array
from edgehone.formats._interpreter import Kernels
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.library_errors import sentence

RUNTIME_ERRORS = (RuntimeError, ValueError, TypeError)
"""What LiteRT and, through `_session`, onnxruntime raise."""


def outputs(file: Path, x: Array) -> Array:
    """The first output of a file with one input: (n, *output_shape) float32; see `outputs_of`."""
    return outputs_of(file, (x,))[0]


def outputs_of(file: Path, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """Every output of a .tflite or .onnx file for each sample, in the file's order.

    inputs: (n, *input_shape) for each input, in the order of the model's inputs; outputs:
    (n, *output_shape) float32 each. Integer inputs and outputs that have a scale are quantized
    and dequantized: q = round(x / scale) + zero_point, clipped to the type's range; those that
    have none (identifiers, classes) are taken as they are. Files of a larger fixed batch are run
    batch by batch, the last one filled up. Raises ExecutionError when the file cannot be loaded,
    or a sample does not fit or fails.
    """
    content = files.content(file, MODEL_BYTES, ExecutionError)
    if not inputs or not len(inputs[0]):
        raise ExecutionError(
            f"There is no sample to run {file.name} with.", "Give at least one sample."
        )
    try:
        is_tflite = file.suffix.lower() == ".tflite"
        parts = (_tflite_parts if is_tflite else _onnx_parts)(content, inputs)
    except RUNTIME_ERRORS as error:
        raise _failed(file, inputs, error) from error
    count = len(inputs[0])
    return tuple(
        np.concatenate(results)[:count].astype(np.float32) for results in zip(*parts, strict=True)
    )


def batches(inputs: Sequence[Array], size: int) -> list[list[Array]]:
    """The samples in groups of `size`, the last one filled up with its own last sample.

    Raises ValueError when the inputs have different numbers of samples.
    """
    counts = {len(array) for array in inputs}
    if len(counts) != 1:
        raise ValueError(f"its inputs have different numbers of samples: {sorted(counts)}")
    return [
        [array[np.minimum(np.arange(start, start + size), len(array) - 1)] for array in inputs]
        for start in range(0, counts.pop(), size)
    ]


def _tflite_parts(content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
    """Outputs by batch, with plain kernels where the delegate fails while it runs."""
    try:
        return _interpreted(content, inputs, Kernels.ANY)
    except RuntimeError as error:
        try:
            return _interpreted(content, inputs, Kernels.PLAIN)
        except RUNTIME_ERRORS:
            raise error from None


def _interpreted(
    content: bytes, inputs: Sequence[Array], kernels: Kernels
) -> list[Sequence[Array]]:
    interpreter = _interpreter.open_interpreter(content, kernels=kernels)
    results = interpreter.get_output_details()
    parts: list[Sequence[Array]] = []
    shape = interpreter.get_input_details()[0]["shape"]
    for batch in batches(inputs, int(shape[0]) if len(shape) else 1):
        _interpreter.invoke(interpreter, batch)
        parts.append([_interpreter.read(interpreter, each) for each in results])
    return parts


def _onnx_parts(content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
    session = _session.open_session(content)
    return [_session.run(session, batch) for batch in batches(inputs, _session.batch_size(session))]


def _failed(file: Path, inputs: Sequence[Array], error: Exception) -> ExecutionError:
    shapes = ", ".join(str(tuple(array.shape[1:])) for array in inputs)
    return ExecutionError(
        f"Cannot run {file.name} on samples of shape {shapes}: {sentence(error)}",
        "Check the model's inputs with `edgehone inspect`.",
    )
