"""What a teacher says about the training samples, asked once and kept for the next student."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.compress import _features
from edgehone.compress._base import Workshop
from edgehone.compress._features import Hint
from edgehone.compress._views import View, bare, view_of
from edgehone.data import Array
from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.rewrite import rewrite

PREDICT_BATCH = 256


@dataclass(frozen=True)
class Lessons:
    """How a teacher takes part in a student's training.

    teacher: a model with the logits (or plain outputs), then what each hint tells, features at
    standard deviation 1, as its outputs; inputs: symbolic inputs that the student must have
    beside its own, and recorded: the arrays (n, ...) behind them (both empty when the teacher
    runs along); scales: what each was multiplied by.
    """

    teacher: Any
    inputs: tuple[Any, ...]
    recorded: tuple[Array, ...]
    scales: tuple[float, ...]


def prepare(workshop: Workshop, hints: tuple[Hint, ...], student: View) -> Lessons:
    """Recorded lessons; when they would not fit in memory, those of a teacher that runs along.

    Raises ModelError when the teacher answers in another shape than the student.
    """
    inputs, tensors = _tensors(workshop.teacher, workshop, hints)
    _require_alike(tensors[0], student.tensor)
    samples = len(workshop.data.train.x)
    if _features.cached_bytes(tensors, samples) > workshop.lessons_bytes:
        return _live(workshop, hints)
    return _recorded(_kept(workshop, hints, inputs, tensors), hints, student)


def _require_alike(taught: Any, learned: Any) -> None:
    """Refuse a teacher whose answers are of another shape than the student's: ModelError."""
    theirs, mine = tuple(taught.shape[1:]), tuple(learned.shape[1:])
    if theirs != mine:
        raise ModelError(
            f"The teacher's answers are of shape {theirs}, the student's of {mine}.",
            "Give a teacher and a student of the same outputs.",
        )


def answers(workshop: Workshop) -> Array:
    """The teacher's logits or plain outputs (n, ...) on the training samples, asked once."""
    inputs, tensors = _tensors(workshop.teacher, workshop, ())
    return _kept(workshop, (), inputs, tensors)[0]


def _kept(
    workshop: Workshop, hints: tuple[Hint, ...], inputs: Any, tensors: Sequence[Any]
) -> tuple[Array, ...]:
    """What the teacher says about all training samples, from the workshop's lessons."""
    data = workshop.data
    # Whose lessons: kept with what they came from, so that nothing else can take its identity.
    key = (id(workshop.teacher), id(data), tuple(hint.lesson for hint in hints))
    if key not in workshop.lessons:
        workshop.lessons[key] = (_predict(inputs, tensors, data.train.x), workshop.teacher, data)
    found: tuple[Array, ...] = workshop.lessons[key][0]
    return found


def _recorded(arrays: tuple[Array, ...], hints: tuple[Hint, ...], student: View) -> Lessons:
    """A teacher that repeats what it is handed as a further input."""
    keras = backend.keras()
    scales = _scales(arrays[1:], hints)
    inputs = tuple(
        keras.Input(array.shape[1:], dtype=array.dtype.name, name=f"recorded_{i}")
        for i, array in enumerate(arrays)
    )
    teacher = keras.Model([student.inputs, *inputs], _scaled(inputs, scales), name="teacher")
    return Lessons(teacher, inputs, arrays, scales)


def _live(workshop: Workshop, hints: tuple[Hint, ...]) -> Lessons:
    """A copy of the teacher, because a Distiller freezes the layers of the one it is given."""
    inputs, tensors = _tensors(rewrite(workshop.teacher, lambda _: None), workshop, hints)
    some = _predict(inputs, tensors, workshop.data.train.x[:PREDICT_BATCH])
    scales = _scales(some[1:], hints)
    teacher = backend.keras().Model(inputs, _scaled(tensors, scales), name="teacher")
    return Lessons(teacher, (), (), scales)


def _scales(values: Sequence[Array], hints: tuple[Hint, ...]) -> tuple[float, ...]:
    return tuple(_features.scale_of(each, hint) for each, hint in zip(values, hints, strict=True))


def _scaled(tensors: Sequence[Any], scales: Sequence[float]) -> Any:
    layers = backend.keras().layers
    factors = zip(tensors, (1.0, *scales), strict=True)
    return bare([layers.Rescaling(scale)(tensor) for tensor, scale in factors])


def _tensors(teacher: Any, workshop: Workshop, hints: tuple[Hint, ...]) -> tuple[Any, list[Any]]:
    """The teacher's symbolic input; its logits or plain outputs, then what each hint tells."""
    view = view_of(teacher, workshop.task, workshop.data.train.x)
    told = [_features.taught(teacher.get_layer(hint.teacher).output, hint) for hint in hints]
    return view.inputs, [view.tensor, *told]


def _predict(inputs: Any, tensors: Sequence[Any], x: Array) -> tuple[Array, ...]:
    found = backend.keras().Model(inputs, bare(tensors)).predict(x, PREDICT_BATCH, verbose=0)
    return found if isinstance(found, tuple) else (found,)
