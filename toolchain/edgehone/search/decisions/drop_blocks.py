"""Which blocks that keep the shape of what enters them stay, and which go as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from edgehone.graph.depth import Block, droppable, without_blocks
from edgehone.graph.groups import ChannelGraph
from edgehone.search.decisions._base import Decision, Facts, Tie
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import Event, Step

KEEP, DROP = "keep", "drop"


@dataclass(frozen=True)
class DropBlocks(Decision):
    """Subjects are blocks: residual ones, named by the layer that adds the shortcut, and all but
    the first of layers in a row that are alike. A dropped block costs nothing; it is probed by the
    model without it.

    layers: block -> the layers it takes along; groups: block -> the channel groups that begin in
    these; joined: block of layers in a row -> the groups of what comes in and of what goes out,
    which are one group without it.
    """

    NAME: ClassVar[str] = "drop_blocks"
    ORDER: ClassVar[int] = 5
    SHARED: ClassVar[bool] = True
    WHOLE: ClassVar[bool] = True

    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Blocks that hold a layer with a cost, and whose neighbours can be joined."""
        known = {layer.name for layer in facts.layers}
        subjects, joined, found = {}, {}, {}
        for block in droppable(facts.model):
            pair = None if block.residual else _pair(block, facts)
            if not known & {*block.layers} or (not block.residual and pair is None):
                continue
            subjects[block.name] = (KEEP, DROP)
            found[block.name] = block.layers
            if pair and pair[0] != pair[1]:
                joined[block.name] = pair
        return cls(subjects, found, _begun(facts.graph, found), joined)

    def concerns(self, layer: LayerChoice) -> tuple[str, ...]:
        """The block that the layer is part of."""
        return tuple(name for name in self.subjects if layer.name in self.layers[name])

    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """Nothing, where the block goes."""
        return replace(piece, parts=()) if DROP in options.values() else piece

    def smallest(self, subject: str) -> Option:
        """Without it."""
        return DROP

    def gone(self, plan: Plan) -> frozenset[str]:
        """All that the dropped blocks hold."""
        dropped = self._dropped(plan)
        names = (each for name in dropped for each in (*self.layers[name], *self.groups[name]))
        return frozenset(names)

    def ties(self) -> tuple[Tie, ...]:
        """Without a layer, as many channels come out of the one before as the next one takes."""
        pairs = self.joined.items()
        return tuple(Tie(name, DROP, "prune_channels", pair) for name, pair in pairs)

    def losses(self, probing: Probing) -> Table:
        """The model without the block."""
        found: dict[str, dict[Option, float]] = {}
        for number, name in enumerate(self.subjects):
            probing.progress(Event("sensitivity of blocks", name, number, len(self.subjects)))
            found[name] = {KEEP: 0.0, DROP: probing.loss_of(without_blocks(probing.model, [name]))}
        return found

    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """All blocks that go, in one step."""
        dropped = self._dropped(plan)
        return (Step(self.NAME, {"blocks": list(dropped)}),) if dropped else ()

    def row(self, plan: Plan, layer: LayerChoice) -> Mapping[str, object]:
        """The block that the layer went with."""
        dropped = self._dropped(plan)
        names = [name for name in self.concerns(layer) if name in dropped]
        return {"dropped": names[0]} if names else {}

    def _dropped(self, plan: Plan) -> Sequence[str]:
        chosen = plan.of(self.NAME)
        return [name for name in self.subjects if chosen.get(name) == DROP]


def _pair(block: Block, facts: Facts) -> tuple[str, str] | None:
    """The channel groups that enter and leave a block of layers in a row, "" for channels that
    stay as they are; None where only the one or the other can change.
    """
    concerned = {group for layer in facts.layers for group in layer.groups}
    ends = ((block.layers[0], "inputs"), (block.layers[-1], "outputs"))
    entering, leaving = (_group(facts.graph, name, way, concerned) for name, way in ends)
    if entering is None or leaving is None or bool(entering) != bool(leaving):
        return None
    return entering, leaving


def _group(graph: ChannelGraph, layer: str, way: str, concerned: set[str]) -> str | None:
    """The group of all channels that a layer takes or makes, in its order; "": none can go;
    None: they are of several groups, or not known.
    """
    if layer not in graph.traces:
        return None
    units = getattr(graph.traces[layer], way)[0].ravel().tolist()
    for group in graph.groups:
        if group.name in concerned and units == graph.units_of(group.name).tolist():
            return group.name
    owners = graph.owners()
    groups = {owners[unit][0] for unit in units if unit in owners}
    return None if groups & concerned else ""


def _begun(
    graph: ChannelGraph, blocks: Mapping[str, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Block -> the channel groups that a layer of it is the first to make."""
    return {
        name: tuple(group.name for group in graph.groups if group.layers[0] in layers)
        for name, layers in blocks.items()
    }
