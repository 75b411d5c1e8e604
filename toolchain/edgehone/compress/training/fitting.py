"""How a Keras model is trained here: batches from memory, a falling rate, the same result again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, TrainingContext
from edgehone.compress._copies import inner_layers, trainable_copy
from edgehone.compress._views import View, bare, view_of
from edgehone.compress.training.augmenting import Augmented, augmented
from edgehone.compress.training.feeding import shuffled
from edgehone.compress.training.held import Rule, constrained, keeping, project
from edgehone.compress.training.optimizing import optimizer_of, swapping
from edgehone.compress.training.options import TrainingOptions
from edgehone.compress.training.own_loss import own_loss
from edgehone.compress.training.stopping import Watch
from edgehone.compress.training.weighting import ClassWeighted, class_weights
from edgehone.data import Array, Split
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.system import user_code
from edgehone.system.bounds import BATCH
from edgehone.system.rows import Rows
from edgehone.tasks.kinds import kind_of
from edgehone.values import Event, Progress, Task

FORGETTING = 5.0
"""Batch norms' moving statistics forget what they knew over a fifth of the steps. Keras's default
momentum of 0.99 would keep most of the statistics from before through a short fine-tuning."""


@dataclass(frozen=True)
class Schedule:
    """Passes over the training data, samples a step, and the highest learning rate: by default
    Adam's, reached over the first steps (optimizing.WARM_UP), it falls to zero along a cosine
    (Loshchilov & Hutter 2017, eq. 5, one period). patience: it ends after so many epochs in which
    the validation split gained nothing, with the weights of the best; 0: it goes on to the end, and
    keeps the last.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 1e-3
    patience: int = 0

    def __post_init__(self) -> None:
        _checks.epochs(self.epochs, 1)
        _checks.integer("batch_size", self.batch_size, 1, BATCH)
        _checks.number("learning_rate", self.learning_rate, 0, 10, above=True)
        _checks.integer("patience", self.patience, 0)

    def batch(self, samples: int) -> int:
        """Samples a step, of that many. What does not fill a batch waits for the next epoch's
        shuffle: a batch norm learns nothing good from a handful.
        """
        return min(self.batch_size, samples)

    def steps(self, samples: int) -> int:
        """Optimizer steps in all."""
        return self.epochs * (samples // self.batch(samples))


@dataclass(frozen=True)
class Batches:
    """Samples (n, ...) in the order of the model's inputs, and targets for each of its outputs."""

    inputs: tuple[Rows, ...]
    targets: tuple[Array, ...]


@dataclass(frozen=True)
class Hooks:
    """What a technique adds to a training. rules: (variable, what it is put through after every
    optimizer step), after what is held; penalties: (variable, Keras regularizer), added to the
    loss; callbacks: Keras's.
    """

    rules: tuple[tuple[Any, Rule], ...] = ()
    penalties: tuple[tuple[Any, Any], ...] = ()
    callbacks: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Training:
    """What is trained. stage: its name in progress; student: the model itself; trainer: what is
    fitted, the student's view or a Distiller around it; losses: one for each of its outputs; view:
    of the student, which a schedule with patience looks at.
    """

    stage: str
    student: Any
    trainer: Any
    losses: tuple[Any, ...]
    hooks: Hooks = Hooks()
    view: View | None = None


def fit_hard(
    model: Any,
    context: TrainingContext,
    schedule: Schedule,
    stage: str = "train",
    hooks: Callable[[Any], Hooks] = lambda trainer: Hooks(),
) -> Outcome:
    """Train a copy of a model from its present weights on the labels alone.

    hooks: asked about the model that trains, whose layers are those of the copy, but for a last
    layer's linear twin. Raises ModelError for a model with several inputs or outputs.
    """
    backend.seed(context.seed)
    train = context.data.train
    student = trainable_copy(model, context.options.frozen)
    view = view_of(student, context.task, train.x)
    trainer = backend.keras().Model(view.inputs, view.tensor)
    losses = (label_loss(context, columns_of(model)),)
    training = Training(stage, student, trainer, losses, hooks(trainer), view)
    batches = Batches((train.x,), (targets_of(train, view.tensor, context.task),))
    history = fit(training, batches, schedule, context)
    view.write_back()
    return outcome(model, student, history)


def fit(
    training: Training, batches: Batches, schedule: Schedule, context: TrainingContext
) -> tuple[float, ...]:
    """Train; returns the loss of every epoch. It stops after an epoch whose loss is not finite.

    What the context holds stays: zeros stay 0 and shared values shared in every step.
    """
    keras = backend.keras()
    samples = len(batches.inputs[0])
    trainer, steps = training.trainer, schedule.steps(samples)
    optimizer = optimizer_of(context.options, schedule.learning_rate, steps)
    shown = augmented(context, batches.targets[0], training.losses[0], classes_of(trainer))
    trainer.compile(optimizer, bare((shown.loss, *training.losses[1:])), jit_compile=False)
    # Variables made before the first step: or else TensorFlow traces the step twice.
    trainer.optimizer.build(trainer.trainable_variables)
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        _progress(context.progress, training.stage, schedule.epochs),
        *training.hooks.callbacks,
        *own_callbacks(context.options),
    ]
    watch = None
    if schedule.patience and training.view is not None:
        watch = Watch(training.student, training.view, context, schedule.patience)
        callbacks += _averaged(watch.callback(trainer), trainer, context.options)
    with (
        keeping(trainer, context.held),
        constrained(training.hooks.rules),
        _penalized(training.hooks.penalties),
        _quick_statistics(training.student, steps),
        shown.failing(),
    ):
        history = trainer.fit(
            _dataset(batches, schedule.batch(samples), context.seed, shown),
            epochs=schedule.epochs,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
        if context.options.use_ema:
            project(trainer.trainable_variables)
    if watch is not None:
        watch.restore()
    return tuple(float(loss) for loss in history.history["loss"])


def outcome(model: Any, student: Any, losses: tuple[float, ...]) -> Outcome:
    """The trained student; or the model as it was when the training diverged."""
    if not np.isfinite(losses[-1]) or not all(np.isfinite(w).all() for w in student.get_weights()):
        return Outcome(
            model,
            f"training diverged in epoch {len(losses)}; a smaller learning_rate may help",
        )
    return Outcome(student, detail={"losses": list(losses)})


def hard_loss(task: Task) -> Any:
    """The task's own loss of targets and logits or plain outputs."""
    return kind_of(task).loss(backend.keras(), task.metric)


def label_loss(context: TrainingContext, columns: int) -> Any:
    """What is learned from the labels by: the loss that the options name, or the task's own, with
    the weights of classes. columns: of the model's outputs. Raises ConfigError for an unknown loss,
    and where there are no classes to weigh.
    """
    task, options = context.task, context.options
    if options.loss:
        link = kind_of(task).LINK
        return own_loss(options.loss, options.loss_settings, link, columns)
    found, asked = hard_loss(task), options.class_weights
    return (
        found if asked is None else ClassWeighted(found, class_weights(asked, context.data, task))
    )


def soft_loss(task: Task, temperature: float) -> Any:
    """The task's loss of a teacher's and a student's logits or plain outputs."""
    return kind_of(task).soft_loss(backend.keras(), temperature)


def targets_of(split: Split, tensor: Any, task: Task) -> Array:
    """Targets as the task's loss takes them beside outputs like `tensor`."""
    return kind_of(task).training_targets(split.y, len(tensor.shape))


def columns_of(model: Any) -> int:
    """Numbers in the last axis of a model's first output."""
    return int(model.outputs[0].shape[-1] or 0)


def classes_of(trainer: Any) -> int:
    """Columns of the first output of a model, or of the student of a Distiller."""
    return columns_of(getattr(trainer, "student", trainer))


def _dataset(batches: Batches, batch: int, seed: int, shown: Augmented) -> Any:
    """Endlessly reshuffled batches, changed where that is asked for."""
    count = len(batches.inputs)
    several = shuffled((*batches.inputs, *batches.targets), batch, seed)
    return several.map(lambda *each: shown.changed(bare(each[:count]), bare(each[count:])))


def own_callbacks(options: TrainingOptions) -> list[Any]:
    """The user's. Raises ConfigError for what are no Keras callbacks."""
    found = []
    for name in options.callbacks:
        callback = user_code.call(name, (), ConfigError)
        if not isinstance(callback, backend.keras().callbacks.Callback):
            raise ConfigError(
                f"{name} returned {type(callback).__name__}, which is no Keras callback.",
                "Name a class derived from keras.callbacks.Callback, or a function returning one.",
            )
        found.append(callback)
    return found


def _averaged(callback: Any, trainer: Any, options: TrainingOptions) -> list[Any]:
    """A callback at the end of epochs that sees the averages of weights, where there are some."""
    if not options.use_ema:
        return [callback]
    swap = swapping(trainer.optimizer, trainer.trainable_variables)
    around = [backend.keras().callbacks.LambdaCallback(on_epoch_end=swap) for _ in range(2)]
    return [around[0], callback, around[1]]


def _progress(progress: Progress, stage: str, epochs: int) -> Any:
    def tell(epoch: int, logs: Mapping[str, float]) -> None:
        progress(Event(stage, f"loss {logs['loss']:.4g}", epoch + 1, epochs))

    return backend.keras().callbacks.LambdaCallback(on_epoch_end=tell)


@contextmanager
def _penalized(penalties: tuple[tuple[Any, Any], ...]) -> Iterator[None]:
    """Inside the block Keras adds the penalties to the loss, in the place of those that the same
    variables have.
    """
    usual = [(weight, weight.regularizer) for weight, _ in penalties]
    for weight, regularizer in penalties:
        weight.regularizer = regularizer
    try:
        yield
    finally:
        for weight, regularizer in usual:
            weight.regularizer = regularizer


@contextmanager
def _quick_statistics(model: Any, steps: int) -> Iterator[None]:
    quick = max(0.5, 1 - FORGETTING / steps)
    norms = [layer for layer in inner_layers(model) if hasattr(layer, "moving_mean")]
    usual = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = min(layer.momentum, quick)
    try:
        yield
    finally:
        for layer, momentum in zip(norms, usual, strict=True):
            layer.momentum = momentum
