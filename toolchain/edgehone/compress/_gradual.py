"""Masks that close while a model trains: more and more of its weights become and stay 0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress.training.fitting import Hooks
from edgehone.compress.training.held import Rule, named_weights, weights_of
from edgehone.data import Array
from edgehone.graph import backend

MaskOf = Callable[[Array, float], Any]
"""Takes a kernel's values and the progress in [0, 1]; gives its mask."""

RISES = 50
"""Enough to follow the curve: sorting a large model's weights takes longer than a step."""


@dataclass(frozen=True)
class Decay:
    """When masks close, by shares `begin` and `end` of the steps, every `frequency` steps (0: so
    often that there are RISES of them).
    """

    begin: float
    end: float
    frequency: int
    steps: int

    @property
    def span(self) -> tuple[int, int]:
        """First and last step at which the masks are drawn anew."""
        last = max(self.steps - 1, 0)
        return min(round(self.begin * self.steps), last), min(round(self.end * self.steps), last)

    def is_due(self, step: int) -> bool:
        """Whether the masks are drawn anew before that step."""
        first, last = self.span
        every = self.frequency or max(1, (last - first) // RISES)
        return first <= step <= last and ((step - first) % every == 0 or step == last)

    def progress(self, step: int) -> float:
        """Share of the final sparsity in force from that step on (Zhu & Gupta 2017, eq. 1, from
        an initial sparsity of 0): 1 - (1 - (t - t0) / (n dt))^3.
        """
        first, last = self.span
        done = (step - first) / (last - first) if last > first else 1.0
        return float(1 - (1 - np.clip(done, 0, 1)) ** 3)


def gradual(trainer: Any, masks: Mapping[str, MaskOf], decay: Decay) -> Hooks:
    """Hooks that mask the trainer's kernels of these names as `decay` says."""
    import tensorflow as tf

    weights = named_weights(trainer)
    closing = [
        (weight, tf.Variable(np.ones(weight.shape, np.bool_), trainable=False), mask)
        for name, mask in masks.items()
        for weight in weights_of(name, weights)
    ]
    step = iter(range(decay.steps + 1))

    def before_batch(batch: int, logs: Any = None) -> None:
        now = next(step)
        if not decay.is_due(now):
            return
        for weight, open_, mask in closing:
            open_.assign(mask(np.asarray(weight), decay.progress(now)))
            weight.assign(_rule(open_)(weight))

    callback = backend.keras().callbacks.LambdaCallback(on_train_batch_begin=before_batch)
    return Hooks(
        rules=tuple((weight, _rule(open_)) for weight, open_, _ in closing), callbacks=(callback,)
    )


def _rule(open_: Any) -> Rule:
    """Zero where the mask is closed."""

    def rule(weight: Any) -> Any:
        ops = backend.keras().ops
        return ops.where(open_, weight, ops.zeros((), weight.dtype))

    return rule
