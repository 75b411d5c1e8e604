"""A slimmable parent: one set of weights of which every prefix of every channel group works."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress._copies import trainable_copy
from edgehone.compress._masked_network import MaskedNetwork
from edgehone.compress._statistics import remeasure
from edgehone.compress._views import View, view_of
from edgehone.compress.importances import importance_of, scores_of
from edgehone.compress.training import teacher_outputs
from edgehone.compress.training.fitting import columns_of, targets_of
from edgehone.compress.training.sandwich import SUBNETWORKS, Lesson, Sandwich, train
from edgehone.data import Array, Split
from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.prefixes import Prefixes, Widths
from edgehone.graph.rebuild import keep_channels
from edgehone.values import Plain

RANKED_ON = 512
"""Training samples that importances look at, where they do."""


@dataclass(frozen=True, eq=False)
class Parent:
    """model: Keras model with the trained weights, the channels where they were; prefixes: the
    order in which they go; losses: of the widest network by epoch; epochs: passes of a network over
    the training data that it cost, in all (its bill); seconds: the same by the clock.
    """

    model: Any
    prefixes: Prefixes
    losses: tuple[float, ...] = ()
    epochs: int = 0
    seconds: float = 0.0

    @classmethod
    def restored(cls, model: Any, kept: Plain) -> "Parent":
        """A parent from its model and what `plain` said of it; JSON has None for a loss that is
        not finite.
        """
        losses = tuple(float("nan") if loss is None else float(loss) for loss in kept["losses"])
        prefixes = Prefixes(analyse(model), kept["order"])
        return cls(model, prefixes, losses, int(kept["epochs"]), float(kept["seconds"]))

    @property
    def diverged(self) -> bool:
        """Whether the training ended with a loss that is not finite: the weights are of no use."""
        return bool(self.losses) and not np.isfinite(self.losses[-1])

    def plain(self) -> Plain:
        """What is to be known of the parent beside its model."""
        return {
            "order": {name: list(order) for name, order in self.prefixes.order.items()},
            "losses": list(self.losses),
            "epochs": self.epochs,
            "seconds": round(self.seconds, 1),
        }

    def slice(self, widths: Widths, split: Split, samples: int = 1024, seed: int = 0) -> Any:
        """The sub-network as a Keras model of its own, which shares nothing with the parent; its
        batch norms measure their statistics on up to `samples` of the split.
        """
        kept = self.prefixes.kept(widths)
        narrow = keep_channels(self.model, self.prefixes.graph, kept)
        remeasure(narrow, split, samples, seed)
        return narrow

    def outputs(self, widths: Sequence[Widths], x: Array) -> list[Array]:
        """Outputs (n, ...) of each sub-network on samples x (n, *shape), none of them built; their
        batch norms have the statistics of x.
        """
        places = self.prefixes.places(self.model)
        return MaskedNetwork.of(self.model, self.prefixes, places).outputs(widths, x)


def orders_of(
    model: Any, graph: ChannelGraph, importance: Any, context: TrainingContext
) -> Mapping[str, tuple[int, ...]]:
    """Prunable group -> indices of its channels, the most important first."""
    scores = scores_of(importance_of(importance), model, graph, context, RANKED_ON)
    return {
        name: tuple(int(index) for index in np.argsort(-values, kind="stable"))
        for name, values in scores.items()
    }


def trained(model: Any, sandwich: Sandwich, importance: Any, context: TrainingContext) -> Parent:
    """The parent that a model becomes; the model stays as it is. Where the training diverged, its
    last loss is not finite.

    Raises ModelError for a model with several inputs or outputs, or without a graph.
    """
    backend.seed(context.seed)
    started, data = time.monotonic(), context.data.train
    student = trainable_copy(model, "train")  # every width of every layer must learn
    graph = analyse(student)
    prefixes = Prefixes(graph, orders_of(student, graph, importance, context))
    view = view_of(student, context.task, data.x)
    trainer = backend.keras().Model(view.inputs, view.tensor)
    network = MaskedNetwork.of(trainer, prefixes, _with_twin(prefixes.places(student), view))
    teaches = context.teacher is not None and sandwich.soft > 0
    targets = targets_of(data, view.tensor, context.task)
    lesson = Lesson(data.x, targets, columns=columns_of(model))
    if teaches and context.options.augment:
        lesson = replace(lesson, live=teacher_outputs.live(context))
    elif teaches:
        lesson = replace(lesson, teacher=teacher_outputs.answers(context))
    losses = train(network, lesson, sandwich, context)
    view.write_back()
    remeasure(student, data, seed=context.seed)
    seconds = time.monotonic() - started
    return Parent(student, prefixes, losses, SUBNETWORKS * len(losses), seconds)


def _with_twin(places: Mapping[int, Any], view: View) -> dict[int, Any]:
    """The places of a last layer's weights for the twin that trains instead of it as well."""
    found = dict(places)
    if view.twin is not None:
        for own, instead in zip(view.head.weights, view.twin.weights, strict=True):
            found[id(instead)] = places.get(id(own), ())
    return found
