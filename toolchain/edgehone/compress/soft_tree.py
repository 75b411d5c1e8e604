"""A soft decision tree that learned from the teacher: the whole model becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehone.compress import _checks, _tree, _tree_rules
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress.training import teacher_outputs
from edgehone.compress.training.fitting import Batches, Schedule, Training, fit, outcome
from edgehone.data import Array
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.wiring import functional
from edgehone.system.bounds import WEIGHT
from edgehone.tasks.kinds import kind_of

PLAIN = {"augment", "class_weights", "loss"}
"""Options of trainings that this one, on a table of samples and soft targets, does not have."""


@dataclass(frozen=True)
class SoftTree(Technique):
    """Put a soft decision tree in the model's place (Frosst & Hinton 2017); classifiers only.

    depth: levels of inner nodes; the tree has 2 ** depth leaves.
    epochs, batch_size, learning_rate: how it is trained.
    soft: weight of the teacher's answers in the target, in [0, 1]; the labels have the rest.
    temperature: what the teacher's logits are divided by.
    beta: steepness of the nodes' decisions at the start; weights learn from there.
    penalty: weight of the penalty on nodes that send everything one way; halves with each level.
    strongest: how many features of each node the rules name.

    It answers with probabilities, as many as the model it replaces. The rules are in the step's
    detail; `edgehone inspect` shows those of a saved tree.
    """

    depth: int = 5
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 1e-2
    soft: float = 0.7
    temperature: float = 1.0
    beta: float = 1.0
    penalty: float = 0.1
    strongest: int = 3

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "depth": (3, 4, 5, 6, 7),
        "soft": (0.0, 0.5, 0.7, 1.0),
        "penalty": (0.01, 0.1, 1.0),
        "learning_rate": (3e-3, 1e-2, 3e-2),
    }

    REPLACES: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.schedule  # noqa: B018 - checks epochs, batch size and learning rate
        _checks.integer("depth", self.depth, 1)
        _checks.number("depth", self.depth, 1, 12)
        _checks.number("soft", self.soft, 0, 1)
        _checks.number("temperature", self.temperature, 0, 1000, above=True)
        _checks.number("beta", self.beta, 0, 100, above=True)
        _checks.number("penalty", self.penalty, 0, WEIGHT)
        _checks.integer("strongest", self.strongest, 1)

    @property
    def schedule(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(self.epochs, self.batch_size, self.learning_rate)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The tree; detail: losses by epoch and "rules" (see `tree_rules`).

        Raises ConfigError for a task, inputs or outputs that a tree cannot have.
        """
        _require_plain(context)
        shape, columns = _borders(model, context)
        backend.seed(context.seed)
        features, mean, spread = _standardized(np.asarray(context.data.train.x))
        target = self._target(context, max(2, columns))
        setup = _tree.tree_training(
            features.shape[1], target.shape[1], self.depth, self.beta, self.penalty
        )
        losses = fit(
            Training("soft tree", setup.trainer, setup.trainer, setup.losses),
            Batches((features,), (target, target)),
            self.schedule,
            context,
        )
        tree = _tree.model_of(_unstandardized(setup.weights(), mean, spread), shape, columns)
        done = outcome(model, tree, losses)
        if done.skipped:
            return done
        rules = _tree_rules.rules_of(
            tree,
            strongest=self.strongest,
            centre=(mean, spread),
            classes=context.data.classes,
        )
        return Outcome(tree, detail={**done.detail, "rules": rules})

    def _target(self, context: TrainingContext, classes: int) -> Array:
        """(n, classes): the teacher's softened answers and the labels, mixed."""
        labels = np.eye(classes, dtype=np.float32)[context.data.train.y]
        if context.teacher is None or self.soft == 0:
            return labels
        logits = teacher_outputs.answers(context).astype(np.float64) / self.temperature
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        answers = powers / powers.sum(axis=-1, keepdims=True)
        return np.asarray(self.soft * answers + (1 - self.soft) * labels, np.float32)


def _require_plain(context: TrainingContext) -> None:
    """Refuse options that a tree's training, on a table of samples, does not have: ConfigError."""
    for name in PLAIN & set(context.options.plain):
        raise ConfigError(
            f"soft_tree learns from samples as they are, and {name} is set.",
            f"Leave out {name}, or leave soft_tree out of the recipe.",
        )


def _borders(model: Any, context: TrainingContext) -> tuple[tuple[int, ...], int]:
    """Shape of a sample, and how many columns answer it."""
    if not kind_of(context.task).CLASSIFIES:
        raise ConfigError(
            f"soft_tree makes classifiers; the task is {context.task.kind}.",
            "Leave soft_tree out of the recipe.",
        )
    functional(model)
    several = len(model.inputs) != 1 or len(model.outputs) != 1
    shape = () if several else tuple(model.inputs[0].shape[1:])
    answer = () if several else tuple(model.outputs[0].shape[1:])
    floats = not several and "float" in str(model.inputs[0].dtype)
    if len(answer) != 1 or None in (*shape, *answer) or not shape or not floats:
        raise ConfigError(
            "soft_tree needs one input of numbers and of a fixed size, and one row of class "
            f"scores; {model.name!r} takes {shape or 'several'} and gives {answer or 'several'}.",
            "Leave soft_tree out of the recipe.",
        )
    return shape, int(answer[0])


def _standardized(x: Array) -> tuple[Array, Array, Array]:
    """(n, features) at mean 0 and deviation 1, and each feature's (features,) mean and deviation.

    Values on a grid (images, series) share their channel's, so that pixels that are hardly ever
    lit do not get large weights; what never varies has deviation 1.
    """
    axes = tuple(range(x.ndim - 1)) if x.ndim > 2 else (0,)
    mean, spread = x.mean(axes), x.std(axes)
    spread = np.where(spread > 1e-7, spread, 1.0)
    flat = ((x - mean) / spread).reshape(len(x), -1)
    repeat = flat.shape[1] // mean.size
    return flat.astype(np.float32), np.tile(mean, repeat), np.tile(spread, repeat)


def _unstandardized(weights: _tree.TreeWeights, mean: Array, spread: Array) -> _tree.TreeWeights:
    """The same tree for features as they are."""
    kernels = tuple(kernel / spread[:, None] for kernel in weights.kernels)
    pairs = zip(weights.biases, kernels, strict=True)
    biases = tuple(bias - mean @ kernel for bias, kernel in pairs)
    return _tree.TreeWeights(kernels, biases, weights.distributions)
