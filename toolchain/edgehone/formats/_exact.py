"""Which numbers of a model index, count or encode classes, so that rounding them changes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgehone.formats._dataflow import Flow, Node, Role

REASON = "its values index, count or encode classes, which 256 steps would change"

_COUNTING: tuple[Role, ...] = ("counts", "converts")

_HANDED_ON: tuple[Role, ...] = ("layout", "arithmetic")

_PASSED_ON: tuple[Role, ...] = ("counts", "layout", "arithmetic")
"""Roles whose results are as exact as what they read."""


@dataclass(frozen=True)
class Kept:
    """What stays float in a file of integers, by name, each with its reason.

    nodes: operators that compute in float. inputs, outputs: of the model.
    """

    nodes: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.nodes or self.inputs or self.outputs)

    def __or__(self, other: "Kept") -> "Kept":
        """Both; where both name a thing, the reason is this one's."""
        return Kept(
            {**other.nodes, **self.nodes},
            {**other.inputs, **self.inputs},
            {**other.outputs, **self.outputs},
        )

    @property
    def reasons(self) -> Mapping[str, str]:
        """Inputs, layers and outputs with reasons, a layer once."""
        layers = {layer_of(name): reason for name, reason in self.nodes.items()}
        return {**self.inputs, **layers, **self.outputs}


NOTHING_KEPT = Kept()


def layer_of(name: str) -> str:
    """The layer that an operator is named after; its own name where there is none."""
    return name if name.startswith("#") else name.split("/")[0]


def exact(flow: Flow, reason: str = REASON) -> Kept:
    """What must stay float because it counts: every tensor that is counted, whatever it is made of
    by layout and arithmetic, and what is cut out of such a tensor.

    A table of which some columns are identifiers stays float up to where it is cut; a branch that
    computes with identifiers reads them in float. A remainder, the small difference of a number and
    its rounded multiple, is computed in float.
    """
    remainders = _remainders(flow)
    counted = _counted(flow, remainders)
    made = {node.name for node in remainders}
    nodes = {
        node.name: reason
        for node in flow.nodes
        if counted & {*node.writes} or (node.role == "counts" and node.reads) or node.name in made
    }
    nodes |= {node.name: reason for node in _cut_from(flow, counted)}
    return Kept(
        nodes,
        {name: reason for name in flow.inputs if name in counted},
        {name: reason for name in flow.outputs if name in counted},
    )


def _remainders(flow: Flow) -> list[Node]:
    """Nodes that join a number with what rounding to whole numbers made of it, as x - floor(x / n)
    n does, in which formats without a remainder write one.
    """
    rounding = [node for node in flow.nodes if node.role == "counts"]
    if not rounding:
        return []
    found = []
    for node in flow.nodes:
        if node.role != "arithmetic" or len({*node.reads}) < 2:
            continue
        for name in node.reads:
            rounded = flow.sources(name, _HANDED_ON)
            before = [
                flow.sources(n, _PASSED_ON)
                for r in rounding
                if rounded & {*r.writes}
                for n in r.reads
            ]
            others = [flow.sources(other, _PASSED_ON) for other in node.reads if other != name]
            if any(one & other for one in before for other in others):
                found.append(node)
                break
    return found


def _counted(flow: Flow, remainders: list[Node]) -> frozenset[str]:
    """Every tensor whose values must be what they are in float."""
    found: set[str] = set()
    pending = [name for node in flow.nodes if node.role in _COUNTING for name in node.reads]
    pending += [name for node in remainders for name in node.reads]
    pending += [
        name
        for node in flow.nodes
        if node.role == "compares"
        for name in node.reads
        if flow.sources(name, _PASSED_ON) & {*flow.inputs}
    ]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        node = flow.maker.get(name)
        if node is not None and (node.role in _PASSED_ON or node.whole):
            pending.extend(node.reads)
    return frozenset(found)


def _cut_from(flow: Flow, counted: frozenset[str]) -> list[Node]:
    """Nodes that only lay out anew what is counted, one after another."""
    found: dict[str, Node] = {}
    pending = list(counted)
    while pending:
        for node in flow.readers.get(pending.pop(), ()):
            if node.role == "layout" and len({*node.reads}) == 1 and node.name not in found:
                found[node.name] = node
                pending.extend(node.writes)
    return list(found.values())
