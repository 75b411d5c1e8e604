"""Network slimming: training that drives the batch norms' scales of needless channels to 0."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress.training.fitting import Hooks, Schedule, fit_hard
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.importance import gammas
from edgehone.system.bounds import WEIGHT


@dataclass(frozen=True)
class Slim(Technique):
    """Train on the labels and, with `strength` times the sum of |gamma|, towards channels that can
    go (Liu et al. 2017, eq. 1, by subgradient). Then prune_channels with importance = "bn_scale"
    takes those away, which costs less the nearer to 0 they are.

    strength: weight of the penalty beside the loss.
    epochs, batch_size, learning_rate: of the training, with Adam and a rate that falls to 0. No
    scale moves further than the sum of the rates, about learning_rate x steps / 2: below 1 it is
    too short to bring scales from 1 to 0.
    """

    strength: float = 3e-3
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 3e-3

    TRAINS: ClassVar[bool] = True
    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "strength": (3e-4, 1e-3, 3e-3, 1e-2),
        "epochs": (10, 20, 40),
        "learning_rate": (1e-3, 3e-3),
    }

    def __post_init__(self) -> None:
        _checks.number("strength", self.strength, 0, WEIGHT, above=True)
        self.schedule  # noqa: B018 - checks epochs, batch size and learning rate

    @property
    def schedule(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(self.epochs, self.batch_size, self.learning_rate)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A trained copy; detail: losses by epoch (penalty included), {"scales": [[least, quarter,
        half, largest] before, the same after]}: |gamma| at those places of their order. Skipped
        when no batch norm scales channels that can go. Raises ModelError for several inputs or
        outputs.
        """
        graph = analyse(model)
        names = [name for name, _, _ in gammas(model, graph)]
        if not names:
            return Outcome(model, "no batch norm scales channels that could go")

        def hooks(trainer: Any) -> Hooks:
            penalty = backend.keras().regularizers.L1(self.strength)
            for name in names:  # also where it is frozen: what does not train cannot shrink
                trainer.get_layer(name).trainable = True
            return Hooks(penalties=tuple((trainer.get_layer(n).gamma, penalty) for n in names))

        done = fit_hard(model, context, self.schedule, "slim", hooks)
        if done.skipped:
            return done
        scales = [_quartiles(net, names) for net in (model, done.model)]
        return replace(done, detail={**done.detail, "scales": scales})


def _quartiles(model: Any, names: list[str]) -> list[float]:
    """Least, a quarter, half, and largest of all |gamma| of these layers."""
    every = np.concatenate([np.asarray(model.get_layer(name).gamma) for name in names])
    return [float(each) for each in np.quantile(np.abs(every), (0, 0.25, 0.5, 1))]
