"""Structured pruning: the weakest channels go, and the model is rebuilt without them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, Workshop
from edgehone.graph.groups import analyse
from edgehone.graph.importance import channel_importance, strongest
from edgehone.graph.rebuild import keep_channels
from edgehone.graph.widths import scaled_channels
from edgehone.values import NOTHING


@dataclass(frozen=True)
class PruneChannels(Technique):
    """Keep the most important channels of every group (see `edgehone.graph.importance`).

    How many: what `channels` says (group -> count; groups not named stay whole); else with a
    `threshold` all whose importance is at least that share of their group's mean; else all but
    the share `ratio`. Counts snap to the nearest `multiple` and never fall below `minimum`.
    """

    channels: Mapping[str, int] = NOTHING
    ratio: float = 0.25
    threshold: float = 0.0
    importance: Literal["l1", "l2"] = "l2"
    multiple: int = 1
    minimum: int = 1

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "ratio": (0.125, 0.25, 0.375, 0.5, 0.625, 0.75),
        "importance": ("l2", "l1"),
        "multiple": (1, 4, 8),
    }

    def __post_init__(self) -> None:
        _checks.number("ratio", self.ratio, 0, 1)
        _checks.number("threshold", self.threshold, 0, float("inf"))
        _checks.known("importance", self.importance, ("l1", "l2"))
        _checks.integer("multiple", self.multiple, 1)
        _checks.integer("minimum", self.minimum, 1)
        for group, count in self.channels.items():
            _checks.integer(f"channels of {group!r}", count, 1)

    def apply(self, model: Any, workshop: Workshop) -> Outcome:
        """A smaller model; detail: {"kept": {group: [kept, of]}, "frozen": {group: reason}}.

        Raises ConfigError for an unknown group, ModelError for a model without a graph.
        """
        graph = analyse(model)
        for name in self.channels:
            _checks.known("channel group", name, (group.name for group in graph.groups))
        importances = channel_importance(model, graph, self.importance)
        counts = {name: self.count(name, found) for name, found in importances.items()}
        frozen = {group.name: group.reason for group in graph.groups if not group.prunable}
        sizes = {name: len(found) for name, found in importances.items()}
        cut = {name: count for name, count in counts.items() if count < sizes[name]}
        detail = {
            "kept": {name: [count, sizes[name]] for name, count in counts.items()},
            "frozen": frozen,
        }
        if not cut:
            return Outcome(model, "no channel group gets smaller", detail)
        kept = {name: strongest(importances[name], count) for name, count in cut.items()}
        return Outcome(keep_channels(model, graph, kept), detail=detail)

    def count(self, group: str, importances: NDArray[np.float64]) -> int:
        """How many channels of a group stay; importances: (channels,)."""
        channels = len(importances)
        if self.channels:
            share = self.channels.get(group, channels) / channels
        elif self.threshold:
            share = float((importances >= self.threshold * importances.mean()).mean())
        else:
            share = 1 - self.ratio
        if share >= 1:
            return channels
        return scaled_channels(channels, share, self.multiple, max(self.minimum, self.multiple))
