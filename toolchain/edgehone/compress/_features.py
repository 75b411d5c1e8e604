"""Which intermediate layers of teacher and student are held against each other, and how."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.compress import _checks
from edgehone.data import Array
from edgehone.errors import ConfigError
from edgehone.graph import backend

Pairs = tuple[tuple[str, str], ...]
Resolution = tuple[int | None, ...]


def automatic_pairs(teacher: Any, student: Any, ends: Sequence[Any]) -> Pairs:
    """(teacher layer, student layer) where both hold the same resolution for the last time.

    Resolution: the axes between batch and channels; for dense layers there is one, (). Inputs,
    outputs and the tensors `ends` (logits) are left out. In the student's order of depth.
    """
    by_teacher = _last_of_each_resolution(teacher, ends)
    by_student = _last_of_each_resolution(student, ends)
    return tuple((by_teacher[key], name) for key, name in by_student.items() if key in by_teacher)


def checked_pairs(pairs: Sequence[Sequence[str]], teacher: Any, student: Any) -> Pairs:
    """Pairs given by name. Raises ConfigError for an unknown layer or unequal resolutions."""
    for pair in pairs:
        for what, name, model in zip(("teacher", "student"), pair, (teacher, student), strict=True):
            _checks.known(f"{what} layer", name, (layer.name for layer in model.layers))
        shapes = [
            _resolution(m.get_layer(n)) for n, m in zip(pair, (teacher, student), strict=True)
        ]
        if shapes[0] is None or shapes[0] != shapes[1]:
            raise ConfigError(
                f"Layers {pair[0]!r} (teacher) and {pair[1]!r} (student) differ in resolution.",
                "Pair layers whose outputs have the same height and width.",
            )
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs)


def matched(student_tensor: Any, teacher_channels: int, scale: float, seed: int) -> Any:
    """A student's feature (n, ..., c) as it is compared: times `scale`, and when the widths differ
    through a learned projection to (n, ..., teacher_channels), as in Romero et al. 2015, eq. 3.
    """
    keras = backend.keras()
    scaled = keras.layers.Rescaling(scale)(student_tensor)
    if student_tensor.shape[-1] == teacher_channels:
        return scaled
    start = keras.initializers.GlorotUniform(seed)
    return keras.layers.Dense(teacher_channels, kernel_initializer=start)(scaled)


def scale_of(feature: Array) -> float:
    """What brings a feature to standard deviation 1, so that no layer outweighs another."""
    return float(1 / max(feature.std(), 1e-6))


def _last_of_each_resolution(model: Any, ends: Sequence[Any]) -> dict[Resolution, str]:
    found: dict[Resolution, str] = {}
    final = {id(tensor) for tensor in (*model.inputs, *model.outputs, *ends)}
    for layer in model.layers:
        resolution = _resolution(layer)
        if resolution is not None and id(layer.output) not in final:
            found.pop(resolution, None)
            found[resolution] = layer.name
    return found


def _resolution(layer: Any) -> Resolution | None:
    """Axes between batch and channels; None for layers called twice or with several outputs."""
    nodes: Any = getattr(layer, "_inbound_nodes", ())
    if len(nodes) != 1 or len(nodes[0].output_tensors) != 1:
        return None
    return tuple(layer.output.shape[1:-1])


def cached_bytes(tensors: Sequence[Any], samples: int) -> float:
    """Bytes the float32 values of symbolic tensors take for that many samples; infinite when an
    axis is free.
    """
    shapes = [tensor.shape[1:] for tensor in tensors]
    if any(None in shape for shape in shapes):
        return float("inf")
    return float(sum(4 * samples * int(np.prod(shape)) for shape in shapes))
