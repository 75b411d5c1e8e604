"""The sandwich rule: one set of weights trained so that sub-networks of all widths work.

Each step trains the widest network, the narrowest and two of random widths, the others by what the
widest answers (Yu & Huang 2019, "Universally slimmable networks", section 3, and "AutoSlim",
section 3.1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.compress._base import TrainingContext
from edgehone.compress._masked_network import MaskedNetwork
from edgehone.compress.training.augmenting import Augmented, augmented
from edgehone.compress.training.feeding import gatherer
from edgehone.compress.training.fitting import Schedule, label_loss, soft_loss
from edgehone.compress.training.held import keeping, project
from edgehone.compress.training.optimizing import optimizer_of
from edgehone.graph import backend
from edgehone.system.rows import Rows
from edgehone.values import Event

SUBNETWORKS = 4
"""Trained in each step: the widest, the narrowest, one of equal shares, one of any shares."""

Widths = NDArray[np.int32]


@dataclass(frozen=True)
class Sandwich:
    """How a parent is trained. narrowest: the least share of a group's channels, in (0, 1];
    temperature, soft, hard: of the widest network's loss, as in `distill`.
    """

    schedule: Schedule
    narrowest: float
    temperature: float
    soft: float
    hard: float


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learned from: samples (n, *shape), targets (n, ...), and what the teacher answers
    (n, ...) (None: there is none). live: a teacher that answers augmented samples in their place;
    columns: of the model's outputs.
    """

    x: Rows
    y: NDArray[Any]
    teacher: NDArray[Any] | None = None
    live: Any = None
    columns: int = 0


def train(
    network: MaskedNetwork, lesson: Lesson, sandwich: Sandwich, context: TrainingContext
) -> tuple[float, ...]:
    """Train the network's weights in place; the mean loss of the widest network by epoch. It stops
    after an epoch whose loss is not finite. What the context holds stays.
    """
    schedule, samples = sandwich.schedule, len(lesson.x)
    batch = schedule.batch(samples)
    model, draw = network.model, np.random.default_rng(context.seed)
    sizes = np.array(list(network.prefixes.sizes.values()), np.int32)
    optimizer = optimizer_of(context.options, schedule.learning_rate, schedule.steps(samples))
    optimizer.build(model.trainable_variables)
    losses: list[float] = []
    shown = augmented(
        context, lesson.y, label_loss(context, lesson.columns), model.outputs[0].shape[-1]
    )
    with keeping(model, context.held), shown.failing():
        step = _step(network, lesson, sandwich, context, optimizer, shown)
        for epoch in range(schedule.epochs):
            rows = draw.permutation(samples)[: samples // batch * batch].reshape(-1, batch)
            found = [float(step(each, drawn(sizes, sandwich.narrowest, draw))) for each in rows]
            losses.append(float(np.mean(found)))
            text = f"loss {losses[-1]:.4g}"
            context.progress(Event("train the parent", text, epoch + 1, schedule.epochs))
            if not np.isfinite(losses[-1]):
                break
        if context.options.use_ema:
            optimizer.finalize_variable_values(model.trainable_variables)
            project(model.trainable_variables)
    return tuple(losses)


def drawn(sizes: Widths, narrowest: float, draw: np.random.Generator) -> Widths:
    """(SUBNETWORKS, groups): whole, narrowest, an equal share of every group, any of each."""
    least = np.maximum(1, np.ceil(sizes * narrowest - 1e-9)).astype(np.int32)
    share = draw.uniform(narrowest, 1)
    equal = np.clip(np.round(sizes * share), least, sizes).astype(np.int32)
    several = draw.integers(least, sizes + 1).astype(np.int32)
    return np.stack([sizes, least, equal, several])


def _step(
    network: MaskedNetwork,
    lesson: Lesson,
    sandwich: Sandwich,
    context: TrainingContext,
    optimizer: Any,
    shown: Augmented,
) -> Callable[[Any, Widths], Any]:
    """(rows (batch,), widths (SUBNETWORKS, groups)) -> the widest's loss, the weights changed."""
    import tensorflow as tf

    variables = network.model.trainable_variables
    x, y = gatherer(lesson.x), gatherer(lesson.y)
    answers = None if lesson.teacher is None else gatherer(lesson.teacher)
    learn = _learner(network, sandwich, context, shown.loss)
    alone = answers is None and lesson.live is None
    soft = 0.0 if alone else sandwich.soft / (sandwich.soft + sandwich.hard)

    def step(rows: Any, widths: Any) -> Any:
        samples, targets = shown.changed(x(rows), y(rows))
        taught = None if answers is None else answers(rows)
        if lesson.live is not None:
            taught = lesson.live(samples, training=False)
        loss, gradients, whole = learn(widths[0], samples, targets, taught, soft)
        for number in range(1, SUBNETWORKS):
            _, more, _ = learn(widths[number], samples, None, whole, 1.0)
            gradients = [one + other for one, other in zip(gradients, more, strict=True)]
        optimizer.apply([each / SUBNETWORKS for each in gradients], variables)
        return loss

    quick = tf.function(step, reduce_retracing=True)
    return lambda rows, widths: quick(tf.constant(rows), tf.constant(widths))


def _learner(
    network: MaskedNetwork, sandwich: Sandwich, context: TrainingContext, by_label: Any
) -> Callable[..., Any]:
    """(widths (groups,), samples, targets or None, answers or None, weight of the answers in
    [0, 1]) -> loss, gradients by variable, outputs of the sub-network.
    """
    import tensorflow as tf

    model, ops = network.model, backend.keras().ops
    by_answer = soft_loss(context.task, sandwich.temperature)

    def learn(vector: Any, samples: Any, targets: Any, answers: Any, soft: float) -> Any:
        with tf.GradientTape() as tape:
            outputs, state, extra = network.call(vector, samples, training=True)
            terms = list(extra)
            if soft:
                terms.append(soft * ops.mean(by_answer(answers, outputs)))
            if soft < 1:
                terms.append((1 - soft) * ops.mean(by_label(targets, outputs)))
            loss = sum(terms)
        gradients = tape.gradient(
            loss, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        for variable, value in zip(model.non_trainable_variables, state, strict=True):
            # Statistics are those of the widest; what draws random numbers goes on in all.
            if targets is not None or not ops.is_tensor(value) or not value.dtype.is_floating:
                variable.assign(value)
        return loss, [tf.convert_to_tensor(each) for each in gradients], outputs

    quick: Callable[..., Any] = tf.function(learn, reduce_retracing=True)
    return quick
