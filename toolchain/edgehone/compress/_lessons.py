"""What a teacher says about the training samples, asked once and kept for the next student."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.compress import _features
from edgehone.compress._base import Workshop
from edgehone.compress._copies import trainable_copy
from edgehone.compress._features import Pairs
from edgehone.compress._views import View, bare, view_of
from edgehone.data import Array
from edgehone.graph import backend

PREDICT_BATCH = 256


@dataclass(frozen=True)
class Lessons:
    """How a teacher takes part in a student's training.

    teacher: a model with the logits (or plain outputs), then the features at standard deviation 1
    as its outputs; inputs: symbolic inputs that the student must have beside its own, and
    recorded: the arrays (n, ...) behind them (both empty when the teacher runs along); scales:
    what each feature was multiplied by.
    """

    teacher: Any
    inputs: tuple[Any, ...]
    recorded: tuple[Array, ...]
    scales: tuple[float, ...]


def prepare(workshop: Workshop, pairs: Pairs, student: View) -> Lessons:
    """Recorded lessons; when they would not fit in memory, those of a teacher that runs along."""
    x = workshop.data.train.x
    inputs, tensors = _tensors(workshop.teacher, workshop, pairs)
    if _features.cached_bytes(tensors, len(x)) > workshop.lessons_bytes:
        return _live(workshop, pairs)
    # Whose lessons: kept with what they came from, so that nothing else can take its identity.
    key = (id(workshop.teacher), id(workshop.data), tuple(layer for layer, _ in pairs))
    if key not in workshop.lessons:
        workshop.lessons[key] = (_predict(inputs, tensors, x), workshop.teacher, workshop.data)
    return _recorded(workshop.lessons[key][0], student)


def _recorded(arrays: tuple[Array, ...], student: View) -> Lessons:
    """A teacher that repeats what it is handed as a further input."""
    keras = backend.keras()
    scales = tuple(map(_features.scale_of, arrays[1:]))
    inputs = tuple(
        keras.Input(array.shape[1:], dtype=array.dtype.name, name=f"recorded_{i}")
        for i, array in enumerate(arrays)
    )
    teacher = keras.Model([student.inputs, *inputs], _scaled(inputs, scales), name="teacher")
    return Lessons(teacher, inputs, arrays, scales)


def _live(workshop: Workshop, pairs: Pairs) -> Lessons:
    """A copy of the teacher, because a Distiller freezes the layers of the one it is given."""
    inputs, tensors = _tensors(trainable_copy(workshop.teacher), workshop, pairs)
    some = _predict(inputs, tensors, workshop.data.train.x[:PREDICT_BATCH])
    scales = tuple(map(_features.scale_of, some[1:]))
    teacher = backend.keras().Model(inputs, _scaled(tensors, scales), name="teacher")
    return Lessons(teacher, (), (), scales)


def _scaled(tensors: Sequence[Any], scales: Sequence[float]) -> Any:
    layers = backend.keras().layers
    factors = zip(tensors, (1.0, *scales), strict=True)
    return bare([layers.Rescaling(scale)(tensor) for tensor, scale in factors])


def _tensors(teacher: Any, workshop: Workshop, pairs: Pairs) -> tuple[Any, list[Any]]:
    """The teacher's symbolic input; its logits or plain outputs, then the features of the pairs."""
    view = view_of(teacher, workshop.task, workshop.data.train.x)
    return view.inputs, [view.tensor, *(teacher.get_layer(layer).output for layer, _ in pairs)]


def _predict(inputs: Any, tensors: Sequence[Any], x: Array) -> tuple[Array, ...]:
    found = backend.keras().Model(inputs, bare(tensors)).predict(x, PREDICT_BATCH, verbose=0)
    return found if isinstance(found, tuple) else (found,)
