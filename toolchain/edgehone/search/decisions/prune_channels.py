"""How many channels of every group stay, and how many more it gets where they are free."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self, cast

import numpy as np

from edgehone.graph import growth
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.importance import channel_importance
from edgehone.graph.rebuild import masked
from edgehone.search.decisions._base import Decision, Facts
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import Step

FRACTIONS = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125)
"""Shares of a group's channels worth trying, before they snap to the target's multiple."""


MOST_WIDE = 1.5
"""How many times its channels a group may get at most."""

NOISE = 0.1
"""By how much copies of a channel differ where they are read, so that they do not learn alike."""


@dataclass(frozen=True)
class PruneChannels(Decision):
    """Subjects are groups of tied channels; an option is how many stay. A choice costs what the
    narrower layers cost; it is probed with the weakest channels masked.

    wider: group -> more channels than it has, worth having where kernels compute in blocks that it
    does not fill. What they gain shows only after training, so they are no options of the program:
    a promotion gives them where the cost table says that they are free.
    """

    NAME: ClassVar[str] = "prune_channels"
    ORDER: ClassVar[int] = 10
    SHARED: ClassVar[bool] = True

    wider: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Groups that some cost or the bytes of some weight depend on: of others, nothing would say
        that fewer channels are better.
        """
        outputs = [layer for layer in reversed(facts.layers) if layer.output]
        times = {layer.output: layer.output_times for layer in outputs}
        groups = [g for g in facts.graph.groups if g.prunable and g.name in facts.groups]
        steps = {g.name: max(1, facts.multiple // times.get(g.name, 1)) for g in groups}
        frozen = growth.frozen(facts.model, facts.graph)
        wide = {g.name: wider_options(g.channels, steps[g.name]) for g in groups}
        return cls(
            {g.name: channel_options(g.channels, steps[g.name]) for g in groups},
            {name: more for name, more in wide.items() if more and not frozen[name]},
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

    def widths(self, plan: Plan) -> Mapping[str, int]:
        """As many as the plan leaves."""
        return {name: int(count) for name, count in plan.of(self.NAME).items()}

    def smallest(self, subject: str) -> Option:
        """The fewest channels."""
        return self.subjects[subject][-1]

    def priced(self, subject: str) -> tuple[Option, ...]:
        """Those that a promotion may give, and those that stay; the most first."""
        return (*self.wider.get(subject, ())[::-1], *self.subjects[subject])

    def gained(self, subject: str, option: Option) -> tuple[Option, ...]:
        """More channels, for a group that is whole; the fewest first."""
        return self.wider.get(subject, ()) if option == self.subjects[subject][0] else ()

    def above(self, subject: str, option: Option) -> tuple[Option, ...]:
        """More channels, up to all that there are."""
        return tuple(each for each in self.subjects[subject] if int(each) > int(option))

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
            name: (chosen[name], *(each for each in options if int(each) < int(chosen[name])))
            for name, options in self.subjects.items()
            if widths.get(name) == chosen[name]
        }
        return replace(self, subjects={name: some for name, some in left.items() if len(some) > 1})

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """Pruning to these counts, and then what is to be wider."""
        chosen = {name: int(count) for name, count in plan.of(self.NAME).items()}
        whole = {name: int(options[0]) for name, options in self.subjects.items()}
        cut = {name: chosen[name] for name in whole if chosen[name] < whole[name]}
        more = {name: chosen[name] for name in whole if chosen[name] > whole[name]}
        steps = [Step(self.NAME, {"channels": cut})] if cut else []
        if more:
            steps.append(Step("widen_channels", {"channels": more, "noise": NOISE}))
        return tuple(steps)


def channel_options(channels: int, multiple: int) -> tuple[int, ...]:
    """Counts worth keeping of `channels`, largest first: shares snapped to the multiple.

    Groups narrower than four multiples snap to 4, 2 or single channels instead.
    """
    step = next((m for m in (multiple, 4, 2, 1) if channels >= 4 * m), 1)
    snapped = {max(step, round(channels * share / step) * step) for share in FRACTIONS}
    return tuple(sorted({channels, *(n for n in snapped if n < channels)}, reverse=True))


def wider_options(channels: int, multiple: int) -> tuple[int, ...]:
    """Counts above `channels` that fill the blocks of one, two and four multiples in which kernels
    compute, fewest first: up to half as many again, none where the blocks are full.
    """
    blocks = (multiple * times for times in (1, 2, 4))
    filled = {-(-channels // block) * block for block in blocks}
    return tuple(sorted(n for n in filled if channels < n <= MOST_WIDE * channels))
