"""Which operator reads and writes which numbers in a float file, in terms that formats share."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

Role = Literal[
    "counts",
    "converts",
    "compares",
    "layout",
    "arithmetic",
    "weights",
    "softmax",
    "sigmoid",
    "other",
]
"""What an operator does with the numbers that it reads.

counts: they index, count or encode classes, so that the nearest of 256 steps is another one.
converts: it makes integers of them, which then count.
compares: it asks which one is larger, or where in a period they lie.
layout: it hands some or all of them on, at other places.
arithmetic: one result for each of them, or a sum. weights: it multiplies them by a kernel.
softmax, sigmoid: it makes probabilities of them. other: anything else.
"""

_LAYOUT: tuple[Role, ...] = ("layout",)


@dataclass(frozen=True)
class Node:
    """An operator. reads, writes: the float tensors that are computed or inputs, by name.

    name: how a format addresses it. whole: it has a kernel, and all its weights are whole numbers.
    """

    name: str
    role: Role
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    whole: bool = False


class Integers:
    """Which floats whole numbers were made of, so that a number cast to an integer and back
    is known as a rounded one. Nodes are followed in the order of computation.
    """

    def __init__(self) -> None:
        self._made_of: dict[Any, tuple[str, ...]] = {}

    def followed(
        self, node: Node, reads: Iterable[Any], writes: Iterable[Any], *, cast: bool
    ) -> Node:
        """The node; where it casts integers back to floats, one that counts the floats they were.

        reads, writes: all tensors of the node, as the format addresses them.
        """
        behind = [name for each in reads for name in self._made_of.get(each, ())]
        if node.role == "converts":
            behind += node.reads
        if behind and not node.writes:
            self._made_of |= dict.fromkeys(writes, tuple(dict.fromkeys(behind)))
        if behind and node.writes and cast:
            return replace(node, role="counts", reads=tuple(dict.fromkeys(behind)))
        return node


@dataclass(frozen=True)
class Flow:
    """A graph's nodes in the order of computation, and its float inputs and outputs by name."""

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @cached_property
    def maker(self) -> Mapping[str, Node]:
        """The node that writes a tensor; inputs have none."""
        return {name: node for node in self.nodes for name in node.writes}

    @cached_property
    def readers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read a tensor."""
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.reads):
                found[name] = (*found.get(name, ()), node)
        return found

    def sources(self, tensor: str, through: Collection[Role]) -> frozenset[str]:
        """The tensor, and those it is made of by nodes of these roles alone."""
        found: set[str] = set()
        pending = [tensor]
        while pending:
            name = pending.pop()
            if name in found:
                continue
            found.add(name)
            node = self.maker.get(name)
            if node is not None and node.role in through:
                pending.extend(node.reads)
        return frozenset(found)

    def ends(self, output: str) -> frozenset[Role]:
        """The roles of the nodes that make an output, those that lay it out anew left aside; an
        input that is handed out counts as "other".
        """
        makers = [self.maker.get(name) for name in self.sources(output, _LAYOUT)]
        roles: list[Role] = ["other" if node is None else node.role for node in makers]
        return frozenset(role for role in roles if role != "layout")
