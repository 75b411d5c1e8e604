"""A slimmable parent: trained once so that networks of all widths work, then cut to one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._parent import Parent, trained
from edgehone.compress.importances import Importance, importance_of
from edgehone.compress.training.fitting import Schedule
from edgehone.compress.training.sandwich import Sandwich
from edgehone.errors import ConfigError
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.widths import scaled_channels
from edgehone.system.bounds import WEIGHT
from edgehone.values import NOTHING, Plain

TRAINED_BY = (
    "narrowest",
    "epochs",
    "batch_size",
    "learning_rate",
    "temperature",
    "soft",
    "hard",
    "importance",
)
"""Settings that the parent depends on; the others say what is cut out of it."""


@dataclass(frozen=True)
class Slimmable(Technique):
    """Train the model so that any number of its channels, the most important first, works in every
    group (the sandwich rule and in-place distillation, Yu & Huang 2019, "Universally slimmable
    networks"; "AutoSlim"); then keep as many as are asked for. Worth its training for deep cuts;
    steps of one run that differ in `channels` alone share it.

    channels: group -> how many stay; groups not named stay whole. Without it `ratio` decides.
    ratio: this share of the channels of every group goes; counts snap to the nearest `multiple`.
    narrowest: the least share of a group's channels that is trained; a step trains the widest
    network, the narrowest, one of equal shares and one of any shares.
    epochs, batch_size, learning_rate: of the training; it costs four passes an epoch.
    temperature, soft, hard: of the loss of the widest network, as for `distill`; the others learn
    its answers.
    importance: how channels are ranked before, as for `prune_channels`.
    samples: training samples that batch norms then measure their statistics on.
    """

    channels: Mapping[str, int] = NOTHING
    ratio: float = 0.5
    multiple: int = 1
    narrowest: float = 0.125
    epochs: int = 4
    batch_size: int = 64
    learning_rate: float = 1e-3
    temperature: float = 4.0
    soft: float = 0.7
    hard: float = 0.3
    importance: str | type[Importance] | Importance = "l2"
    samples: int = 1024

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "ratio": (0.25, 0.5, 0.75),
        "narrowest": (0.125, 0.25),
        "epochs": (2, 4, 8),
    }

    def __post_init__(self) -> None:
        self.sandwich  # noqa: B018 - checks epochs, batch size and learning rate
        _checks.number("ratio", self.ratio, 0, 1)
        _checks.number("narrowest", self.narrowest, 0, 1, above=True)
        _checks.number("temperature", self.temperature, 0, 1000, above=True)
        for name in ("soft", "hard"):
            _checks.number(name, getattr(self, name), 0, WEIGHT)
        if self.soft + self.hard == 0:
            raise ConfigError("soft and hard are both 0.", "Give one of them a weight.")
        importance_of(self.importance)
        for name in ("multiple", "samples"):
            _checks.integer(name, getattr(self, name), 1)
        for group, count in self.channels.items():
            _checks.integer(f"channels of {group!r}", count, 1)

    @property
    def sandwich(self) -> Sandwich:
        """How the parent is trained."""
        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate)
        return Sandwich(schedule, self.narrowest, self.temperature, self.soft, self.hard)

    @property
    def trained_by(self) -> Plain:
        """The settings that the parent depends on."""
        return {name: getattr(self, name) for name in TRAINED_BY}

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A smaller, trained model; detail: {"kept": {group: [kept, of]}, "losses": of the widest
        network by epoch, "epochs": passes over the training data that the parent cost}.

        Raises ConfigError for an unknown group, ModelError for several inputs or outputs.
        """
        graph = analyse(model)
        widths = self.widths(graph)
        sizes = _sizes(graph)
        detail: dict[str, Any] = {
            "kept": {name: [widths.get(name, size), size] for name, size in sizes.items()}
        }
        if not widths:
            return Outcome(model, "no channel group gets smaller", detail)
        parent = self._parent(model, context)
        detail |= {"losses": list(parent.losses), "epochs": parent.epochs}
        if parent.diverged:
            reason = f"training diverged in epoch {len(parent.losses)}"
            return Outcome(model, f"{reason}; a smaller learning_rate may help")
        narrow = parent.slice(widths, context.data.train, self.samples, context.seed)
        return Outcome(narrow, detail=detail)

    def widths(self, graph: ChannelGraph) -> Mapping[str, int]:
        """Group -> how many channels stay, for groups that get smaller."""
        sizes = _sizes(graph)
        for name in self.channels:
            _checks.known("channel group that can get smaller", name, sizes)
        wanted = self.channels or {
            name: scaled_channels(size, 1 - self.ratio, self.multiple, self.multiple)
            for name, size in sizes.items()
        }
        return {name: count for name, count in wanted.items() if count < sizes[name]}

    def key(self, model: Any) -> tuple[Any, ...]:
        """What the parent of a model is kept under in a context."""
        return (id(model), *map(repr, self.trained_by.items()))

    def _parent(self, model: Any, context: TrainingContext) -> Parent:
        """The parent of this model, trained once for as long as the context lives."""
        key = self.key(model)  # kept with the model, so that nothing else can take its identity
        if key not in context.parents:
            made = trained(model, self.sandwich, self.importance, context)
            context.parents[key] = (made, model)
        found: Parent = context.parents[key][0]
        return found


def _sizes(graph: ChannelGraph) -> Mapping[str, int]:
    return {group.name: group.channels for group in graph.groups if group.prunable}
