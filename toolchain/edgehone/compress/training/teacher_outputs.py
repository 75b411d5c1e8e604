"""What a teacher says about the training samples, asked once and kept for the next student."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from edgehone.compress import _features
from edgehone.compress._base import TrainingContext
from edgehone.compress._features import Hint
from edgehone.compress._views import View, bare, view_of
from edgehone.compress.training.feeding import PREDICT_BATCH
from edgehone.compress.training.unlabelled import taught
from edgehone.data import Array
from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.rewrite import rewrite
from edgehone.system.rows import Rows, parts


@dataclass(frozen=True)
class TeacherOutputs:
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


def prepare(context: TrainingContext, hints: tuple[Hint, ...], student: View) -> TeacherOutputs:
    """Recorded outputs; where they would not fit in memory, or samples are augmented, a teacher
    that runs along, and so sees what the student sees (Beyer et al. 2022).

    Raises ModelError when the teacher answers in another shape than the student.
    """
    inputs, tensors = _tensors(context.teacher, context, hints)
    _require_alike(tensors[0], student.tensor)
    samples = context.data.taught_count
    much = _features.cached_bytes(tensors, samples) > context.teacher_outputs_bytes
    if much or context.options.augment:
        return _live(context, hints)
    return _recorded(_kept(context, hints, inputs, tensors), hints, student)


def require_alike(context: TrainingContext, student: View) -> None:
    """Refuse a teacher whose answers are of another shape than the student's: ModelError."""
    _, tensors = _tensors(context.teacher, context, ())
    _require_alike(tensors[0], student.tensor)


def _require_alike(teacher_tensor: Any, student_tensor: Any) -> None:
    teacher_shape = tuple(teacher_tensor.shape[1:])
    student_shape = tuple(student_tensor.shape[1:])
    if teacher_shape != student_shape:
        raise ModelError(
            f"The teacher's outputs have shape {teacher_shape}, the student's {student_shape}.",
            "Give a teacher and a student of the same outputs.",
        )


def live(context: TrainingContext) -> Any:
    """A model with the teacher's logits or plain outputs, of which no weight trains."""
    return _live(context, ()).teacher


def answers(context: TrainingContext) -> Array:
    """The teacher's logits or plain outputs (n, ...) on the training samples, asked once."""
    inputs, tensors = _tensors(context.teacher, context, ())
    return _kept(context, (), inputs, tensors)[0][: len(context.data.train)]


def _kept(
    context: TrainingContext, hints: tuple[Hint, ...], inputs: Any, tensors: Sequence[Any]
) -> tuple[Array, ...]:
    """What the teacher says about all samples that it is asked about (`taught`), from the context
    if they are there.
    """
    data = context.data
    # Kept with what they came from, so that nothing else can take its identity.
    key = (id(context.teacher), id(data), tuple(hint.source for hint in hints))
    if key not in context.teacher_outputs:
        asked = [list(hint.source) for hint in hints]
        make = partial(_predict, inputs, tensors, taught(data))
        arrays = make() if context.recall is None else context.recall(asked, make)
        context.teacher_outputs[key] = (arrays, context.teacher, data)
    found: tuple[Array, ...] = context.teacher_outputs[key][0]
    return found


def _recorded(arrays: tuple[Array, ...], hints: tuple[Hint, ...], student: View) -> TeacherOutputs:
    """A teacher that repeats what it is handed as a further input."""
    keras = backend.keras()
    scales = _scales(arrays[1:], hints)
    inputs = tuple(
        keras.Input(array.shape[1:], dtype=array.dtype.name, name=f"recorded_{i}")
        for i, array in enumerate(arrays)
    )
    teacher = keras.Model([student.inputs, *inputs], _scaled(inputs, scales), name="teacher")
    return TeacherOutputs(teacher, inputs, arrays, scales)


def _live(context: TrainingContext, hints: tuple[Hint, ...]) -> TeacherOutputs:
    """A copy of the teacher, because a Distiller freezes the layers of the one it is given."""
    inputs, tensors = _tensors(rewrite(context.teacher, lambda _: None), context, hints)
    some = _predict(inputs, tensors, context.data.train.x[:PREDICT_BATCH])
    scales = _scales(some[1:], hints)
    teacher = backend.keras().Model(inputs, _scaled(tensors, scales), name="teacher")
    return TeacherOutputs(teacher, (), (), scales)


def _scales(values: Sequence[Array], hints: tuple[Hint, ...]) -> tuple[float, ...]:
    return tuple(_features.scale_of(each, hint) for each, hint in zip(values, hints, strict=True))


def _scaled(tensors: Sequence[Any], scales: Sequence[float]) -> Any:
    layers = backend.keras().layers
    factors = zip(tensors, (1.0, *scales), strict=True)
    return bare([layers.Rescaling(scale)(tensor) for tensor, scale in factors])


def _tensors(
    teacher: Any, context: TrainingContext, hints: tuple[Hint, ...]
) -> tuple[Any, list[Any]]:
    """The teacher's symbolic input; its logits or plain outputs, then what each hint tells."""
    view = view_of(teacher, context.task, context.data.train.x)
    lines = [
        _features.resized_teacher(teacher.get_layer(hint.teacher).output, hint) for hint in hints
    ]
    return view.inputs, [view.tensor, *lines]


def _predict(inputs: Any, tensors: Sequence[Any], x: Rows) -> tuple[Array, ...]:
    model = backend.keras().Model(inputs, bare(tensors))
    found = []
    for part in parts(x, PREDICT_BATCH):
        outputs = model.predict(part, PREDICT_BATCH, verbose=0)
        found.append(outputs if isinstance(outputs, tuple) else (outputs,))
    if len(found) == 1:
        return found[0]
    return tuple(np.concatenate(each) for each in zip(*found, strict=True))
