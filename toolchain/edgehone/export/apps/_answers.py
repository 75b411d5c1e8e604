"""What a finished file answers to golden samples, and how far other machines may be from it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgehone.documents.app_model import AppModel
from edgehone.errors import ModelError
from edgehone.export.apps._golden import Golden, as_model_takes
from edgehone.export.execution import outputs_of
from edgehone.formats import _interpreter
from edgehone.formats._base import Array
from edgehone.formats._interpreter import Kernels
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.interface import all_named
from edgehone.system.settings import MEAN, SCALE, STD
from edgehone.values import Artifact

_FLOAT_SHARE, _INTEGER_SHARE = 1e-3, 0.01
"""Least tolerance as a share of the largest answer: sums in another order, and a step or two of
8 bits.
"""
_STEPS = 2
_KERNELS = 3
"""Steps of a quantized output, and how many times what two sets of kernels differ by, are allowed.
"""
_LEAST = 1e-6


def answered(
    artifact: Artifact, app: AppModel, inputs: tuple[Array, ...]
) -> tuple[AppModel, Golden]:
    """The contract with its tolerances, and the golden samples with their answers.

    inputs: (8, values) for each input, as the app has them. Raises ExecutionError, ModelError for
    answers that no app's could be compared with.
    """
    taken = [as_model_takes(raw, entry) for raw, entry in zip(inputs, app.inputs, strict=True)]
    outputs = outputs_of(artifact.path, taken)
    _require_numbers(artifact, app, outputs)
    others = _by_plain_kernels(artifact, taken) if artifact.format == "tflite" else outputs
    entries = tuple(
        replace(entry, tolerance=_tolerance(artifact, entry.scale, one, other))
        for entry, one, other in zip(app.outputs, outputs, others, strict=True)
    )
    flat = tuple(each.reshape(len(each), -1) for each in outputs)
    return replace(app, outputs=entries), Golden(inputs, flat)


def _require_numbers(artifact: Artifact, app: AppModel, outputs: Sequence[Array]) -> None:
    """Refuse answers that are not numbers, which lie within no tolerance: ModelError."""
    for entry, found in zip(app.outputs, outputs, strict=True):
        if not np.isfinite(found).all():
            raise ModelError(
                f"{artifact.path} answers NaN or infinity to a golden sample, in output "
                f"{entry.name!r}.",
                f"Check how its inputs are scaled ({SCALE}, {all_named((MEAN, STD))}) and its "
                "weights.",
            )


def _tolerance(artifact: Artifact, scale: float | None, one: Array, other: Array) -> float:
    largest = float(np.abs(one).max(initial=0))
    share = _FLOAT_SHARE if artifact.precision == "float32" else _INTEGER_SHARE
    apart = float(np.abs(one.astype(np.float64) - other).max(initial=0))
    found = share * largest + _STEPS * (scale or 0.0) + _KERNELS * apart
    return float(f"{max(found, _LEAST):.3g}")


def _by_plain_kernels(artifact: Artifact, inputs: list[Array]) -> tuple[Array, ...]:
    """The same answers without the delegate."""
    content = files.content(artifact.path, MODEL_BYTES)
    interpreter = _interpreter.open_interpreter(content, kernels=Kernels.PLAIN)
    details = interpreter.get_output_details()
    parts: list[list[Array]] = [[] for _ in details]
    for sample in range(len(inputs[0])):
        _interpreter.invoke(interpreter, [array[sample : sample + 1] for array in inputs])
        for part, detail in zip(parts, details, strict=True):
            part.append(np.array(_interpreter.read(interpreter, detail)))
    return tuple(np.concatenate(part).astype(np.float32) for part in parts)


def proves_scaling(artifact: Artifact, app: AppModel, golden: Golden) -> bool:
    """Whether the golden samples would show an app that forgets to normalize."""
    if all(set(e.mean) == {0.0} and set(e.deviation) == {1.0} for e in app.inputs):
        return True
    plain = [replace(entry, mean=(0.0,), deviation=(1.0,)) for entry in app.inputs]
    taken = [as_model_takes(raw, entry) for raw, entry in zip(golden.inputs, plain, strict=True)]
    wrong = outputs_of(artifact.path, taken)
    return any(
        bool((np.abs(bad.reshape(good.shape) - good) > entry.tolerance).any())
        for bad, good, entry in zip(wrong, golden.outputs, app.outputs, strict=True)
    )
