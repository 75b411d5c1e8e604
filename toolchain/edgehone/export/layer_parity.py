"""How close each layer of an artifact stays to the same layer of the float file it was made of."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from edgehone import formats
from edgehone.errors import ExecutionError
from edgehone.export.parity import decibels
from edgehone.formats._base import RUNTIME_ERRORS, Array, Format
from edgehone.formats._batches import batches
from edgehone.system.library_errors import sentence


def layer_snr(
    float_file: Path, file: Path, samples: tuple[Array, ...], form: Format | None = None
) -> Mapping[str, float]:
    """Signal to noise of what each layer hands on, in dB, in the order of computation.

    10 log10 of the power of the layer's last result in `float_file` over that of its difference
    in `file`, both over all samples: inf when equal, -inf when the result is not finite or there
    is noise where no signal is. A layer's error holds what it inherits from the layers before it.
    Layers are those that operators are named after (`edgehone.formats._naming`) and whose last
    result both files keep as a tensor; the others are left out.

    float_file, file: of one format; samples: (n, *input_shape) for each input. form: the format,
    by the file's ending if None.
    Raises ExecutionError when one of the files cannot be run on the samples.
    """
    total: dict[str, Array] = {}
    form = form or formats.of_file(file)  # a float file in a store has no ending
    ends = _ends(form.layer_results(float_file))
    if not ends:
        return {}
    try:
        (run, size), (compute, width) = (
            form.watched(each, set(ends.values())) for each in (float_file, file)
        )
        if size != width:
            raise ValueError(f"its batch is {width}, that of the float file {size}")
        for batch in batches(samples, size):
            expected, found = run(batch), compute(batch)
            for layer, tensor in ends.items():
                if tensor in expected and tensor in found:
                    powers = _powers(expected[tensor], found[tensor])
                    total[layer] = total.get(layer, np.zeros(2)) + powers
    except RUNTIME_ERRORS as error:
        raise ExecutionError(
            f"Cannot compare the layers of {file.name} with those of the float file: "
            f"{sentence(error)}",
            "Compare files made of the same model, on samples of its inputs' shapes.",
        ) from error
    return {layer: decibels(*total[layer]) for layer in ends if layer in total}


def _powers(expected: Array, found: Array) -> Array:
    """(2,): the sum of squares of what is expected, and of the difference."""
    if expected.shape != found.shape:
        raise ValueError(f"shapes {expected.shape} and {found.shape} differ")
    expected = expected.astype(np.float64)
    error = found.astype(np.float64) - expected
    return np.array([np.sum(expected**2), np.sum(error**2)])


def _ends(results: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Layer -> the name of its last float result, in the file's order of computation.

    results: the operators' names, and those of the tensors they write.
    """
    ends: dict[str, str] = {}
    for label, tensor in results:
        layer = label.split("/")[0]
        if layer and not layer.startswith("#"):
            ends.pop(layer, None)
            ends[layer] = tensor
    return ends
