"""Which intermediate layers of teacher and student are held against each other, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from edgehone.compress import _checks
from edgehone.data import Array
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.roles import AXES
from edgehone.graph.wiring import calls

Pairs = tuple[tuple[str, str], ...]
Resolution = tuple[int | None, ...]

DEPTHS = (0.25, 0.5, 0.75)
"""Relative depths at which hints by depth are taken: the middle, as in Romero et al. 2015, and
halfway to both ends."""

LEARNING = frozenset(AXES) - {"BatchNormalization", "PReLU"}
"""Layers that depth is counted in."""

SMALLEST_ENERGY = 1e-12
"""Under the root of a map's squared length, so that a dead layer has an attention, and a slope."""


@dataclass(frozen=True)
class Hint:
    """A layer of the teacher that one of the student is held against. kind: its features, or its
    map of attention; resolution: the axes between batch and channels that both are brought to.
    """

    teacher: str
    student: str
    kind: Literal["feature", "attention"] = "feature"
    resolution: Resolution = ()

    @property
    def source(self) -> tuple[str, str, Resolution]:
        """What the teacher's part depends on."""
        return self.teacher, self.kind, self.resolution


def hints_of(pairs: Pairs, teacher: Any, student: Any, kinds: Sequence[str]) -> tuple[Hint, ...]:
    """The pairs as hints of every kind asked for; attention only where there is space."""
    found = []
    for kind in kinds:
        for pair in pairs:
            resolution = _common(*_resolutions(pair, teacher, student))
            if kind == "feature":
                found.append(Hint(*pair, "feature", resolution or ()))
            elif resolution and None not in resolution and set(resolution) != {1}:
                found.append(Hint(*pair, "attention", resolution))
    return tuple(found)


def automatic_pairs(teacher: Any, student: Any, ends: Sequence[Any]) -> Pairs:
    """(teacher layer, student layer) where both hold the same resolution for the last time.

    Resolution: the axes between batch and channels; for dense layers there is one, (). Inputs,
    outputs and the tensors `ends` (logits) are left out. In the student's order of depth.
    """
    by_teacher = _last_of_each_resolution(teacher, ends)
    by_student = _last_of_each_resolution(student, ends)
    return tuple((by_teacher[key], name) for key, name in by_student.items() if key in by_teacher)


def depth_pairs(teacher: Any, student: Any, ends: Sequence[Any]) -> Pairs:
    """(teacher layer, student layer) of equal relative depth, at each of `DEPTHS`.

    Depth: how many learning layers lie on the longest way from the input, as a share of those to
    the end. Of layers equally near the last one is taken, behind norm and activation but before
    pooling; the teacher's has as many axes as the student's. Inputs, outputs and `ends` are left
    out.
    """
    by_teacher, by_student = _depths(teacher, ends), _depths(student, ends)
    found: dict[str, str] = {}
    for depth in DEPTHS:
        student = _nearest(by_student, depth)
        if student is None:
            continue
        axes = by_student[student][1]
        alike = {name: place for name, place in by_teacher.items() if place[1] == axes}
        teacher = _nearest(alike, depth)
        if teacher is not None:
            found.setdefault(student, teacher)
    return tuple((teacher, student) for student, teacher in found.items())


def checked_pairs(pairs: Sequence[Sequence[str]], teacher: Any, student: Any) -> Pairs:
    """Pairs given by name. Raises ConfigError for an unknown layer, and for resolutions that
    pooling cannot bring together.
    """
    for pair in pairs:
        for what, name, model in zip(("teacher", "student"), pair, (teacher, student), strict=True):
            _checks.known(f"{what} layer", name, (layer.name for layer in model.layers))
        if _common(*_resolutions((pair[0], pair[1]), teacher, student)) is None:
            raise ConfigError(
                f"Layers {pair[0]!r} (teacher) and {pair[1]!r} (student) differ in resolution.",
                "Pair layers whose outputs have as many axes, each of a known size.",
            )
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs)


def resized_teacher(tensor: Any, hint: Hint) -> Any:
    """What the teacher's tensor (n, ..., c) tells: its features, averaged down to the hint's
    resolution, or their map of attention.
    """
    small = _pooled(tensor, hint.resolution)
    return small if hint.kind == "feature" else attention_map(small)


def learned(tensor: Any, hint: Hint, teacher_channels: int, scale: float, seed: int) -> Any:
    """A student's tensor as it is compared with what `resized_teacher` gives. Features: times
    `scale`, and when the widths differ through a learned projection, as in Romero et al. 2015,
    eq. 3.
    """
    keras = backend.keras()
    small = _pooled(tensor, hint.resolution)
    if hint.kind == "attention":
        return attention_map(small)
    scaled = keras.layers.Rescaling(scale)(small)
    if tensor.shape[-1] == teacher_channels:
        return scaled
    start = keras.initializers.GlorotUniform(seed)
    return keras.layers.Dense(teacher_channels, kernel_initializer=start)(scaled)


def attention_map(tensor: Any) -> Any:
    """(n, ..., c) -> (n, positions): squares averaged over the channels, at length 1.

    Zagoruyko & Komodakis 2017, section 3.1 (F_sum of squares) and eq. 2 (the length).
    """
    ops = backend.keras().ops
    energy = ops.mean(ops.square(tensor), axis=-1)
    flat = ops.reshape(energy, (-1, prod(energy.shape[1:])))
    length = ops.sqrt(ops.sum(ops.square(flat), axis=-1, keepdims=True) + SMALLEST_ENERGY)
    return flat / length


def scale_of(feature: Array, hint: Hint) -> float:
    """What brings a feature to standard deviation 1, so that no layer outweighs another; maps of
    attention have their length already.
    """
    return 1.0 if hint.kind == "attention" else float(1 / max(feature.std(), 1e-6))


def cached_bytes(tensors: Sequence[Any], samples: int) -> float:
    """Bytes the float32 values of symbolic tensors take for that many samples; infinite when an
    axis is free.
    """
    shapes = [tensor.shape[1:] for tensor in tensors]
    if any(None in shape for shape in shapes):
        return float("inf")
    return float(sum(4 * samples * int(np.prod(shape)) for shape in shapes))


def _pooled(tensor: Any, resolution: Resolution) -> Any:
    """(n, ..., c) averaged down to a resolution, where it has another one."""
    if tuple(tensor.shape[1:-1]) == resolution:
        return tensor
    layers = backend.keras().layers
    pooling = getattr(layers, f"AdaptiveAveragePooling{len(resolution)}D")
    return pooling(resolution)(tensor)


def _common(student: Resolution | None, teacher: Resolution | None) -> Resolution | None:
    """The smaller size of every axis; None where there is none."""
    if student is None or teacher is None or len(student) != len(teacher):
        return None
    if student == teacher:
        return student
    if None in (*student, *teacher) or len(student) > 3:
        return None
    return tuple(min(a, b) for a, b in zip(student, teacher, strict=True) if a and b)


def _resolutions(pair: tuple[str, str], teacher: Any, student: Any) -> list[Resolution | None]:
    return [_resolution(m.get_layer(n)) for n, m in zip(pair, (teacher, student), strict=True)]


def _last_of_each_resolution(model: Any, ends: Sequence[Any]) -> dict[Resolution, str]:
    found: dict[Resolution, str] = {}
    for layer in _inner(model, ends):
        resolution = tuple(layer.output.shape[1:-1])
        found.pop(resolution, None)
        found[resolution] = layer.name
    return found


def _inner(model: Any, ends: Sequence[Any]) -> list[Any]:
    """Layers with one output that is not an input, output or end of the model."""
    final = {id(tensor) for tensor in (*model.inputs, *model.outputs, *ends)}
    return [
        layer
        for layer in model.layers
        if _resolution(layer) is not None and id(layer.output) not in final
    ]


def _depths(model: Any, ends: Sequence[Any]) -> Mapping[str, tuple[float, int]]:
    """Layer name -> relative depth and number of axes, in the order they are computed."""
    deep: dict[int, int] = {}
    for call in calls(model):
        before = max((deep[id(tensor)] for tensor in call.inputs), default=0)
        for tensor in call.outputs:
            deep[id(tensor)] = before + (call.kind in LEARNING)
    total = max((deep.get(id(tensor), 0) for tensor in (*model.outputs, *ends)), default=0)
    return {
        layer.name: (deep[id(layer.output)] / max(1, total), len(layer.output.shape))
        for layer in _inner(model, ends)
    }


def _nearest(places: Mapping[str, tuple[float, int]], wanted: float) -> str | None:
    """The name nearest in depth; of equals one before pooling, and the last of those."""
    names = [name for name, (depth, _) in places.items() if depth > 0]
    key = {name: (abs(places[name][0] - wanted), -places[name][1]) for name in names}
    return min(reversed(names), key=lambda name: key[name], default=None)


def _resolution(layer: Any) -> Resolution | None:
    """Axes between batch and channels; None for layers called twice or with several outputs."""
    nodes: Any = getattr(layer, "_inbound_nodes", ())
    if len(nodes) != 1 or len(nodes[0].output_tensors) != 1:
        return None
    return tuple(layer.output.shape[1:-1])
