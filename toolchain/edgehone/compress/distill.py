"""Distillation: a model learns the teacher's soft answers, features, and the labels, by weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from edgehone.compress import _checks, _features, _lessons
from edgehone.compress._base import Outcome, Technique, Workshop
from edgehone.compress._copies import trainable_copy
from edgehone.compress._features import Pairs
from edgehone.compress._lessons import Lessons
from edgehone.compress._views import View, bare, view_of
from edgehone.compress.training import (
    Batches,
    Schedule,
    Training,
    fit,
    fit_hard,
    hard_loss,
    outcome,
    targets_of,
)
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.values import Task


@dataclass(frozen=True)
class Distill(Technique):
    """Train a model with the teacher (Hinton et al. 2015); without one, on the labels alone.

    The loss is the mean of three, weighted by `soft`, `hard` and `features`: Kullback-Leibler
    divergence to the teacher's answers at `temperature`, times its square (regression and
    reconstruction: squared error to its outputs); the task's own loss on the targets; squared
    error to the teacher's features (Romero et al. 2015). feature_pairs: (teacher layer, student
    layer); none given: the last layers of every resolution that both models have.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 1e-3
    temperature: float = 4.0
    soft: float = 0.7
    hard: float = 0.3
    features: float = 0.0
    feature_pairs: Sequence[Sequence[str]] = ()

    TRAINS: ClassVar[bool] = True
    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0, 8.0),
        "soft": (0.3, 0.5, 0.7, 0.9),
        "features": (0.0, 0.1, 0.3),
        "learning_rate": (3e-4, 1e-3, 3e-3),
    }

    def __post_init__(self) -> None:
        self.schedule  # noqa: B018 - checks epochs, batch size and learning rate
        _checks.number("temperature", self.temperature, 0, 1000, above=True)
        for name in ("soft", "hard", "features"):
            _checks.number(name, getattr(self, name), 0, float("inf"))
        if self.soft + self.hard + self.features == 0:
            raise ConfigError("soft, hard and features are all 0.", "Give one of them a weight.")
        if any(isinstance(pair, str) or len(pair) != 2 for pair in self.feature_pairs):
            raise ConfigError(
                f"feature_pairs = {self.feature_pairs!r} is no list of pairs.",
                'Write [["teacher layer", "student layer"], ...].',
            )

    @property
    def schedule(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(self.epochs, self.batch_size, self.learning_rate)

    def apply(self, model: Any, workshop: Workshop) -> Outcome:
        """A trained copy; detail: losses by epoch, pairs, and whether the teacher was recorded.

        Raises ModelError for several inputs or outputs, ConfigError for pairs that do not fit.
        """
        if workshop.teacher is None or self.soft + self.features == 0:
            return fit_hard(model, workshop, self.schedule)
        backend.seed(workshop.seed)
        train = workshop.data.train
        student = trainable_copy(model)
        view = view_of(student, workshop.task, train.x)
        pairs = self._pairs(workshop, student, view)
        lessons = _lessons.prepare(workshop, pairs, view)
        trainer = self._distiller(_student(student, view, pairs, lessons), lessons, workshop.task)
        targets = targets_of(train, view.tensor, workshop.task)
        losses = fit(
            Training("distill", student, trainer, _hard_losses(workshop.task, len(pairs))),
            Batches((train.x, *lessons.recorded), (targets,) * (1 + len(pairs))),
            self.schedule,
            workshop,
        )
        view.write_back()
        done = outcome(model, student, losses)
        told = {"pairs": [list(pair) for pair in pairs], "recorded": bool(lessons.recorded)}
        return replace(done, detail={**done.detail, **told})

    def _pairs(self, workshop: Workshop, student: Any, view: View) -> Pairs:
        if self.features == 0:
            return ()
        if self.feature_pairs:
            return _features.checked_pairs(self.feature_pairs, workshop.teacher, student)
        ends = [view.tensor, view_of(workshop.teacher, workshop.task, workshop.data.train.x).tensor]
        pairs = _features.automatic_pairs(workshop.teacher, student, ends)
        if not pairs:
            raise ConfigError(
                "Teacher and student have no layers of the same resolution to align.",
                "Name some in feature_pairs, or set features to 0.",
            )
        return pairs

    def _distiller(self, student: Any, lessons: Lessons, task: Task) -> Any:
        """Distiller's loss is w hard + (1 - w) sum(v_i loss_i); w, v_i chosen to give our mean."""
        distillation, count = backend.keras().distillation, len(lessons.scales)
        terms = [(self.soft, self._soft_loss(task, count))] if self.soft else []
        for i in range(count):
            match = distillation.FeatureDistillation(_only(1 + i, count, "mse"))
            terms.append((self.features / count, match))
        others = sum(weight for weight, _ in terms)
        return distillation.Distiller(
            lessons.teacher,
            student,
            [term for _, term in terms],
            [weight / others for weight, _ in terms],
            student_loss_weight=self.hard / (self.hard + others),
        )

    def _soft_loss(self, task: Task, features: int) -> Any:
        distillation, losses = backend.keras().distillation, backend.keras().losses
        if task.kind != "classification":
            return distillation.FeatureDistillation(_only(0, features, "mse"))
        # An instance, because Keras 3.15 takes its own default, the word "kl_divergence", for a
        # function of raw logits: the divergence can then fall below zero.
        divergence = _only(0, features, losses.KLDivergence())
        return distillation.LogitsDistillation(self.temperature, divergence)


def _student(student: Any, view: View, pairs: Pairs, lessons: Lessons) -> Any:
    """The student as it is trained: with the teacher's inputs, and its features made comparable."""
    outputs = [view.tensor]
    for i, ((_, layer), scale) in enumerate(zip(pairs, lessons.scales, strict=True)):
        channels = lessons.teacher.outputs[1 + i].shape[-1]
        tensor = student.get_layer(layer).output
        outputs.append(_features.matched(tensor, channels, scale, seed=i))
    return backend.keras().Model([view.inputs, *lessons.inputs], bare(outputs), name="student")


def _only(index: int, features: int, loss: Any) -> Any:
    """`loss` for one of the outputs, None for the others."""
    return bare([loss if i == index else None for i in range(1 + features)])


def _hard_losses(task: Task, features: int) -> tuple[Any, ...]:
    """The task's loss on the output; features have no labels."""
    return (hard_loss(task), *[_nothing] * features)


def _nothing(_target: Any, predicted: Any) -> Any:
    return backend.keras().ops.zeros((), predicted.dtype)
