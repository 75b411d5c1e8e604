"""Distillation: a model learns the teacher's soft answers, features, and the labels, by weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Literal

from edgehone.compress import _checks, _features
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._copies import trainable_copy
from edgehone.compress._features import Hint
from edgehone.compress._views import View, bare, view_of
from edgehone.compress.training import teacher_outputs as _teacher_outputs
from edgehone.compress.training.distillers import distiller
from edgehone.compress.training.fitting import (
    Batches,
    Schedule,
    Training,
    columns_of,
    fit,
    fit_hard,
    label_loss,
    outcome,
    soft_loss,
    targets_of,
)
from edgehone.compress.training.own_fit import own_fit
from edgehone.compress.training.teacher_outputs import TeacherOutputs
from edgehone.compress.training.trial import better
from edgehone.compress.training.unlabelled import marked, of_labelled, taught
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.system.bounds import WEIGHT
from edgehone.system.settings import UNLABELLED


def tried_soft(hard: float) -> float:
    """The weight of soft labels that is tried where none is given: 0.3 of both together, as it came
    out in benchmarks/distillation.
    """
    return hard * 3 / 7 or 1.0


WEIGHTS = ("soft", "hard", "features", "attention")
"""Settings that weigh the terms of the loss."""


@dataclass(frozen=True)
class Distill(Technique):
    """Train a model with the teacher (Hinton et al. 2015); without one, on the labels alone.

    The loss is the mean of four terms, by these weights:
    soft: Kullback-Leibler divergence to the teacher's answers at `temperature`, times its square;
    for tasks whose answers are numbers the squared error to its outputs.
    hard: the task's own loss on the targets.
    features: squared error to the teacher's features at standard deviation 1, through a learned
    projection where the widths differ (Romero et al. 2015, eq. 3), averaged over the hints.
    attention: squared distance between maps of attention, channels' mean squares at length 1
    (Zagoruyko & Komodakis 2017, eq. 2, but squared, as their program has it), averaged over the
    hints that have height or width.

    hints: which layers are held against each other: "resolution": the last layers of every
    resolution that both models have; "depth": layers at 1/4, 1/2 and 3/4 of the learning layers,
    the larger one averaged down to the smaller one's resolution. feature_pairs: instead,
    [["teacher layer", "student layer"], ...].
    Samples without labels, where the data have any, are learned from by all terms but the hard one.
    soft left out: the model is trained on the labels alone and, if the teacher is above the result
    on the validation split, once more with the teacher, soft 0.3 of both; what is better on the
    validation split stays. The step's report says what that is, and the epochs of both.
    patience: epochs without a gain on the validation split after which training ends, with the
    weights of the best; 0: it always lasts all epochs.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 1e-3
    temperature: float = 4.0
    soft: float | None = None
    hard: float = 0.3
    features: float = 0.0
    attention: float = 0.0
    hints: Literal["resolution", "depth"] = "resolution"
    feature_pairs: Sequence[Sequence[str]] = ()
    patience: int = 0

    TRAINS: ClassVar[bool] = True
    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0, 8.0),
        "soft": (0.3, 0.5, 0.7, 0.9),
        "features": (0.0, 0.1, 0.3),
        "attention": (0.0, 1.0, 10.0),
        "hints": ("resolution", "depth"),
        "learning_rate": (3e-4, 1e-3, 3e-3),
    }

    def __post_init__(self) -> None:
        self.schedule  # noqa: B018 - checks epochs, batch size and learning rate
        _checks.number("temperature", self.temperature, 0, 1000, above=True)
        for name in WEIGHTS:
            if (name, getattr(self, name)) != ("soft", None):
                _checks.number(name, getattr(self, name), 0, WEIGHT)
        if self.soft is not None and not any(getattr(self, name) for name in WEIGHTS):
            raise ConfigError(f"{', '.join(WEIGHTS)} are all 0.", "Give one of them a weight.")
        _checks.known("way to choose hints", self.hints, ("resolution", "depth"))
        if not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in self.feature_pairs
        ):
            raise ConfigError(
                f"feature_pairs = {self.feature_pairs!r} is not a list of pairs.",
                'Write [["teacher layer", "student layer"], ...].',
            )

    @property
    def revision(self) -> int:
        """Without a weight of soft labels 0.7 was taken."""
        return 2 if self.soft is None else 1

    @property
    def schedule(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(self.epochs, self.batch_size, self.learning_rate, self.patience)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A trained copy; detail: losses by epoch, pairs, and whether the teacher was recorded.

        Raises ModelError for several inputs or outputs, ConfigError for pairs that do not fit.
        """
        if context.options.fit:
            return own_fit(model, context, self.epochs)
        teaching = (self.soft, self.features, self.attention)
        if context.teacher is None or (self.soft is not None and not any(teaching)):
            _require_labels(context)
            return fit_hard(model, context, self.schedule)
        if self.soft is None:
            self._require_fit(model, context)
            return better(
                partial(fit_hard, model, context, self.schedule, "train without the teacher"),
                partial(replace(self, soft=tried_soft(self.hard)).apply, model, context),
                context,
            )
        return self._taught(model, context)

    def _require_fit(self, model: Any, context: TrainingContext) -> None:
        """Refuse what training with the teacher would, before there is any training."""
        view = view_of(model, context.task, context.data.train.x)
        self._hints(context, model, view)
        _teacher_outputs.require_alike(context, view)

    def _taught(self, model: Any, context: TrainingContext) -> Outcome:
        backend.seed(context.seed)
        train = context.data.train
        student = trainable_copy(model, context.options.frozen)
        view = view_of(student, context.task, train.x)
        hints = self._hints(context, student, view)
        teacher_outputs = _teacher_outputs.prepare(context, hints, view)
        student_model = _student(student, view, hints, teacher_outputs)
        trainer = self._distiller(student_model, teacher_outputs, hints, context)
        samples = taught(context.data)
        targets = marked(targets_of(train, view.tensor, context.task), len(samples))
        hard = of_labelled(label_loss(context, columns_of(model)), context.data)
        terms = (hard, *[_nothing] * len(hints))
        losses = fit(
            Training("distill", student, trainer, terms, view=view),
            Batches((samples, *teacher_outputs.recorded), (targets,) * (1 + len(hints))),
            self.schedule,
            context,
        )
        view.write_back()
        done = outcome(model, student, losses)
        pairs = dict.fromkeys((hint.teacher, hint.student) for hint in hints)
        detail = {
            "pairs": [list(pair) for pair in pairs],
            "recorded": bool(teacher_outputs.recorded),
        }
        return replace(done, detail={**done.detail, **detail})

    def _hints(self, context: TrainingContext, student: Any, view: View) -> tuple[Hint, ...]:
        """What is compared beside the answers; raises ConfigError when there is nothing."""
        asked = {"feature": self.features, "attention": self.attention}
        kinds = [kind for kind, weight in asked.items() if weight]
        if not kinds:
            return ()
        teacher = context.teacher
        if self.feature_pairs:
            pairs = _features.checked_pairs(self.feature_pairs, teacher, student)
        else:
            ends = [view.tensor, view_of(teacher, context.task, context.data.train.x).tensor]
            by_depth = self.hints == "depth"
            choose = _features.depth_pairs if by_depth else _features.automatic_pairs
            pairs = choose(teacher, student, ends)
        found = _features.hints_of(pairs, teacher, student, kinds)
        for kind in kinds:
            if not any(hint.kind == kind for hint in found):
                text = "layers to align" if kind == "feature" else "layers with height or width"
                raise ConfigError(
                    f"Teacher and student have no {text} that the setting hints = "
                    f"{self.hints!r} could pair.",
                    "Name some in feature_pairs, choose the other hints, or set the weight of "
                    f"{'features' if kind == 'feature' else kind} to 0.",
                )
        return found

    def _distiller(
        self,
        student: Any,
        teacher_outputs: TeacherOutputs,
        hints: tuple[Hint, ...],
        context: TrainingContext,
    ) -> Any:
        """Distiller's loss is w hard + (1 - w) sum(v_i loss_i); w, v_i chosen to give our mean."""
        distillation, count = backend.keras().distillation, len(hints)
        losses = {"feature": "mse", "attention": _squared_distance}
        weights = {"feature": self.features, "attention": self.attention}
        kinds = [hint.kind for hint in hints]
        terms = []
        if weight := self.soft:
            soft = _only(0, count, soft_loss(context.task, self.temperature))
            terms.append((weight, distillation.FeatureDistillation(soft)))
        for i, kind in enumerate(kinds):
            match = distillation.FeatureDistillation(_only(1 + i, count, losses[kind]))
            terms.append((weights[kind] / kinds.count(kind), match))
        others = sum(weight for weight, _ in terms)
        return distiller(context.options)(
            teacher_outputs.teacher,
            student,
            [term for _, term in terms],
            [weight / others for weight, _ in terms],
            student_loss_weight=self.hard / (self.hard + others),
        )


def _require_labels(context: TrainingContext) -> None:
    """Refuse samples without labels where there is nothing to learn from them: ConfigError."""
    if context.data.unlabelled is not None:
        raise ConfigError(
            f"There are {len(context.data.unlabelled):,} samples without labels, and nothing to "
            "learn from them: distill has no teacher, or soft, features and attention are 0.",
            f"Give soft a weight and a teacher, or leave out {UNLABELLED}.",
        )


def _student(
    student: Any, view: View, hints: tuple[Hint, ...], teacher_outputs: TeacherOutputs
) -> Any:
    """The student as it is trained: with the teacher's inputs, and its features made comparable."""
    outputs = [view.tensor]
    for i, (hint, scale) in enumerate(zip(hints, teacher_outputs.scales, strict=True)):
        channels = teacher_outputs.teacher.outputs[1 + i].shape[-1]
        tensor = student.get_layer(hint.student).output
        outputs.append(_features.learned(tensor, hint, channels, scale, seed=i))
    return backend.keras().Model(
        [view.inputs, *teacher_outputs.inputs], bare(outputs), name="student"
    )


def _only(index: int, features: int, loss: Any) -> Any:
    """`loss` for one of the outputs, None for the others."""
    return bare([loss if i == index else None for i in range(1 + features)])


def _squared_distance(target: Any, predicted: Any) -> Any:
    """(n, positions), (n, positions) -> (n,)."""
    ops = backend.keras().ops
    return ops.sum(ops.square(target - predicted), axis=-1)


def _nothing(_target: Any, predicted: Any) -> Any:
    """The loss of an output that has no labels."""
    return backend.keras().ops.zeros((), predicted.dtype)
