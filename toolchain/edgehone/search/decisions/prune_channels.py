"""How many channels of every group stay."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

import numpy as np

from edgehone.graph.groups import ChannelGraph
from edgehone.graph.importance import channel_importance
from edgehone.graph.rebuild import masked
from edgehone.search.decisions._base import Decision, Facts
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import Step

FRACTIONS = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125)
"""Shares of a group's channels worth trying, before they snap to the target's multiple."""


@dataclass(frozen=True)
class PruneChannels(Decision):
    """Subjects are groups of tied channels; an option is how many stay. A choice costs what the
    narrower layers cost; it is probed with the weakest channels masked.
    """

    NAME: ClassVar[str] = "prune_channels"
    ORDER: ClassVar[int] = 10
    SHARED: ClassVar[bool] = True

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Groups that some layer's cost depends on: of others, no cost would say that fewer
        channels are better.
        """
        concerned = {group for layer in facts.layers for group in layer.groups}
        outputs = [layer for layer in reversed(facts.layers) if layer.output]
        times = {layer.output: layer.output_times for layer in outputs}
        return cls(
            {
                group.name: channel_options(
                    group.channels, max(1, facts.multiple // times.get(group.name, 1))
                )
                for group in facts.graph.groups
                if group.prunable and group.name in concerned
            }
        )

    @classmethod
    def frees(cls, graph: ChannelGraph) -> tuple[str, ...]:
        """All groups whose channels can be removed."""
        return tuple(group.name for group in graph.groups if group.prunable)

    def concerns(self, layer: LayerChoice) -> tuple[str, ...]:
        """The layer's channel groups."""
        return tuple(group for group in layer.groups if group in self.subjects)

    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """The layer with fewer channels."""
        return replace(piece, parts=(layer.cut(cast("Mapping[str, int]", options)),))

    def smallest(self, subject: str) -> Option:
        """The fewest channels."""
        return self.subjects[subject][-1]

    def losses(self, probing: Probing) -> Table:
        """The weakest channels masked, in the order in which pruning takes them."""
        importance = channel_importance(probing.model, probing.graph)
        order = {g: np.argsort(-v, kind="stable").tolist() for g, v in importance.items()}

        def changed(group: str, count: Option) -> AbstractContextManager[None]:
            return masked(probing.model, probing.graph, {group: order[group][int(count) :]})

        return probing.losses("sensitivity of channels", self.subjects, changed)

    def taken(self, subject: str, option: Option) -> float:
        """By the group's channels."""
        return int(self.subjects[subject][0]) / int(option) - 1

    def further(self, plan: Plan, graph: ChannelGraph) -> Self | None:
        """Fewer channels, of the groups that are as wide as the plan says."""
        widths = {group.name: group.channels for group in graph.groups if group.prunable}
        chosen = plan.of(self.NAME)
        left = {
            name: tuple(option for option in options if int(option) <= int(chosen[name]))
            for name, options in self.subjects.items()
            if widths.get(name) == chosen[name]
        }
        return replace(self, subjects={name: some for name, some in left.items() if len(some) > 1})

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """Pruning to these counts."""
        chosen = plan.of(self.NAME)
        cut = {g: chosen[g] for g, options in self.subjects.items() if chosen[g] != options[0]}
        return (Step("prune_channels", {"channels": cut}),) if cut else ()


def channel_options(channels: int, multiple: int) -> tuple[int, ...]:
    """Counts worth keeping of `channels`, largest first: shares snapped to the multiple.

    Groups narrower than four multiples snap to 4, 2 or single channels instead.
    """
    step = next((m for m in (multiple, 4, 2, 1) if channels >= 4 * m), 1)
    snapped = {max(step, round(channels * share / step) * step) for share in FRACTIONS}
    return tuple(sorted({channels, *(n for n in snapped if n < channels)}, reverse=True))
