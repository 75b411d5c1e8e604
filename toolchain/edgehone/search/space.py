"""All that the search may decide about one model, technique by technique."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.graph.costs import layer_specs, total_params
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.lifetimes import LiveValue
from edgehone.precisions import leading
from edgehone.search.carried import CarriedWeight, carried_weights
from edgehone.search.decisions import PACKAGE
from edgehone.search.decisions._base import Decision, Facts, Tie
from edgehone.search.plan import Chosen, LayerChoice, Option, Piece, Plan
from edgehone.search.shapes import weights
from edgehone.system import variants
from edgehone.values import LayerSpec

PRECISION = "precision"
"""The technique that always takes part: every file has a precision."""


@dataclass(frozen=True)
class Space:
    """All that the search may decide about one model.

    decisions: in the order in which they are applied; precisions: those to choose from, the one the
    target likes best first; covered: the share in [0, 1] of the model's weights in these layers.
    """

    layers: tuple[LayerChoice, ...]
    decisions: tuple[Decision, ...]
    precisions: tuple[str, ...]
    covered: float = 1.0
    operators: tuple[LayerChoice, ...] = ()
    """What a file has beside its layers, as wide as the channels that are left; it has costs."""
    values: tuple[LiveValue, ...] = ()
    """What one inference computes, where that is known: memory follows from it."""
    carried: tuple[CarriedWeight, ...] = ()
    """Weights of layers that have no cost, by channel groups: bytes follow from them."""

    @property
    def defaults(self) -> tuple[str, ...]:
        """Precisions that a whole file can have."""
        return tuple(precision for precision in self.precisions if precision in leading())

    @property
    def sums(self) -> frozenset[str]:
        """Sums over a plan's layers that the space tells apart."""
        own = (name for decision in self.decisions for name in decision.SUMS)
        return frozenset({"cost", "size_bytes", "memory_bytes", *own})

    def made(self, layer: LayerChoice, choices: Chosen, default: str) -> Piece:
        """What the choices make of a layer in a file of a default precision."""
        piece = Piece((layer.spec,), default)
        for decision in self.decisions:
            chosen = choices[decision.NAME]
            if piece.parts and (names := decision.concerns(layer)):
                piece = decision.applied(piece, layer, {name: chosen[name] for name in names})
        return piece

    def effective(self, plan: Plan) -> Plan:
        """The plan without the choices that change nothing beside the others, such as a rank at
        which a narrowed layer would not get smaller, or one of a layer that is gone: what is left
        is what gets built.
        """
        plan = self._tied(plan)
        choices = self._without(plan, {name for _, tie in self._active(plan) for name in tie.pair})
        for layer in self.layers:
            piece = Piece((layer.spec,), plan.default)
            for decision in self.decisions:
                chosen = choices[decision.NAME]
                names = decision.concerns(layer)
                if not names or not piece.parts:
                    continue
                made = decision.applied(piece, layer, {name: chosen[name] for name in names})
                if made is piece and not decision.SHARED:
                    chosen.update({name: decision.subjects[name][0] for name in names})
                piece = made
        return Plan(choices, plan.default)

    def gone(self, plan: Plan) -> frozenset[str]:
        """Layers, and channel groups, that a model made by the plan no longer has."""
        return frozenset().union(*(decision.gone(plan) for decision in self.decisions))

    def widths(self, plan: Plan) -> Mapping[str, int]:
        """Channel group -> channels that are left of it, as far as that is decided."""
        found: dict[str, int] = {}
        for decision in self.decisions:
            found.update(decision.widths(plan))
        return found

    def built(self, plan: Plan) -> Plan:
        """The plan with nothing left chosen about what is gone: what steps of a recipe say."""
        return Plan(self._without(plan), plan.default)

    def ties(self) -> tuple[tuple[Decision, Tie], ...]:
        """What ties two subjects of this space, and whose it is."""
        subjects = {decision.NAME: decision.subjects for decision in self.decisions}
        return tuple(
            (decision, tie)
            for decision in self.decisions
            for tie in decision.ties()
            if {*tie.pair} <= {*subjects.get(tie.technique, {})}
        )

    def _active(self, plan: Plan) -> list[tuple[Decision, Tie]]:
        """The ties that hold for this plan."""
        return [(d, t) for d, t in self.ties() if plan.of(d.NAME).get(t.subject) == t.option]

    def _tied(self, plan: Plan) -> Plan:
        """The plan with subjects that are tied at the option of them that takes more away."""
        active = self._active(plan)
        choices = {technique: dict(chosen) for technique, chosen in plan.choices.items()}
        decisions = {decision.NAME: decision for decision in self.decisions}
        for _ in active:  # from one to the next in a row, as many as there are
            for _, tie in active:
                chosen, decision = choices[tie.technique], decisions[tie.technique]
                rungs = {chosen[name]: decision.ladder(name).index(chosen[name])
                         for name in tie.pair}  # fmt: skip
                chosen.update(dict.fromkeys(tie.pair, max(rungs, key=lambda each: rungs[each])))
        return Plan(choices, plan.default)

    def _without(self, plan: Plan, tied: Collection[str] = ()) -> dict[str, dict[str, Option]]:
        """A plan's choices, those about what is gone as in the plan that changes nothing. tied:
        shared subjects that keep theirs, by which others are counted.
        """
        choices = {technique: dict(chosen) for technique, chosen in plan.choices.items()}
        gone = self.gone(plan)
        for decision in self.decisions if gone else ():
            if decision.WHOLE:
                continue
            for name in gone & {*decision.subjects}:
                if not decision.SHARED:
                    idle = plan.default if decision.NAME == PRECISION else None
                    choices[decision.NAME][name] = idle or decision.subjects[name][0]
                elif name not in tied:
                    choices[decision.NAME][name] = decision.subjects[name][0]
        return choices

    def unchanged(self, precision: str) -> Plan:
        """The plan that leaves the model alone and puts every layer in one precision."""
        choices = {
            decision.NAME: {name: options[0] for name, options in decision.subjects.items()}
            for decision in self.decisions
        }
        return Plan({**choices, PRECISION: {a.name: precision for a in self.layers}}, precision)

    def smallest(self, precision: str) -> Plan:
        """The plan thought to be the smallest and fastest in one precision."""
        choices = {
            decision.NAME: {name: decision.smallest(name) for name in decision.subjects}
            for decision in self.decisions
        }
        return Plan({**choices, PRECISION: {a.name: precision for a in self.layers}}, precision)


def space_of(
    model: Any,
    graph: ChannelGraph,
    *,
    multiple: int,
    precisions: Sequence[str],
    techniques: Sequence[str],
) -> Space:
    """The space of a Keras model.

    multiple: the channel multiple the target's kernels like; precisions: those to consider;
    techniques: names of decisions, or "python:module:Class" of the user's.
    """
    names = dict.fromkeys((*techniques, PRECISION))
    classes = sorted(
        (variants.load(PACKAGE, Decision, name) for name in names),
        key=lambda each: (each.ORDER, each.NAME),
    )
    groups = {g for each in classes for g in each.frees(graph)}
    layers = layers_of(model, graph, groups)
    carried = carried_weights(model, graph, groups, {layer.name for layer in layers})
    concerned = {group for layer in layers for group in layer.groups}
    concerned |= {group for weight in carried for group in weight.groups}
    facts = Facts(model, graph, layers, multiple, tuple(precisions), frozenset(concerned))
    reachable, every = sum(weights(layer.spec) for layer in layers), total_params(model)
    chosen = tuple(each.of(facts) for each in classes)
    covered = min(reachable / every, 1.0) if every else 1.0
    return Space(layers, chosen, tuple(precisions), covered, carried=carried)


def layers_of(model: Any, graph: ChannelGraph, free: set[str]) -> tuple[LayerChoice, ...]:
    """The layers whose costs a device can tell. free: channel groups that may shrink."""
    sizes = {group.name: group.channels for group in graph.groups if group.name in free}
    owner = {unit: name for unit, (name, _) in graph.owners().items() if name in sizes}
    return tuple(
        _layer(name, spec, graph, owner, sizes) for name, spec in layer_specs(model).items()
    )


def _layer(
    name: str,
    spec: LayerSpec,
    graph: ChannelGraph,
    owner: Mapping[int, str],
    sizes: Mapping[str, int],
) -> LayerChoice:
    """Which groups a layer's channels belong to. owner: units of groups that may shrink; sizes:
    theirs.
    """
    inputs = Counter(owner.get(int(unit), "") for unit in graph.inputs[name])
    outputs = Counter(owner.get(int(unit), "") for unit in graph.outputs[name])
    fixed = inputs.pop("", 0)
    tied = {group: count // sizes[group] for group, count in inputs.items()}
    output = next(iter(outputs)) if len(outputs) == 1 and "" not in outputs else None
    times = outputs[output] // sizes[output] if output else 1
    return LayerChoice(name, spec, tied, fixed, output, times)
