"""How channels pass recurrent layers, and layers that wrap others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgehone.graph import roles
from edgehone.graph.ledger import MAKES, READS, IntArray
from edgehone.graph.rules._base import Array, Config, Cut, Rule, Use
from edgehone.graph.wiring import kind_of

GATES = {"GRU": 3, "LSTM": 4, "SimpleRNN": 1}
"""How many blocks of units lie side by side on the last axis of the kernels and the bias."""


class Recurrent(Rule):
    """A unit goes with its column in every gate and its row of the recurrent kernel.

    With its weights zero, a unit's state stays zero for ever.
    """

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The units, also as those of the states."""
        units = use.made(use.operation.units, "units")
        _hold_cell(use, use.operation, use.last(), units)
        _tie_states(use, units)
        return [use.on_last(units, number) for number in range(len(use.outputs))]

    def still(self, use: Use) -> bool:
        """If nothing comes of nothing, and nothing is there at the start."""
        return roles.keeps_zero(use.operation) and all(use.still[n] for n in _states(use))

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer units."""
        config["units"] = int(cut.after().sum())


class Bidirectional(Rule):
    """Two recurrent layers; unit i of one goes with unit i of the other."""

    def trace(self, use: Use) -> Sequence[IntArray]:
        """The units, twice where they are joined."""
        layer = use.operation
        parts = (layer.forward_layer, layer.backward_layer)
        kinds = {type(part).__name__ for part in parts}
        if len(kinds) > 1 or not kinds <= {*GATES} or len({part.units for part in parts}) > 1:
            use.refuse("wraps layers that are not understood")
        units = use.made(layer.forward_layer.units, "units")
        for part in parts:
            _hold_cell(use, part, use.last(), units)
        _tie_states(use, units)
        made = np.tile(units, 2) if layer.merge_mode == "concat" else units
        return [
            use.on_last(made if number == 0 else units, number)
            for number in range(len(use.outputs))
        ]

    def still(self, use: Use) -> bool:
        """If nothing comes of nothing, both ways."""
        layer = use.operation
        zero = roles.keeps_zero(layer.forward_layer) and roles.keeps_zero(layer.backward_layer)
        return zero and all(use.still[number] for number in _states(use))

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """Fewer units both ways."""
        kept = int(cut.after().sum()) // (2 if layer.merge_mode == "concat" else 1)
        for part in ("layer", "backward_layer"):
            config[part].pop("build_config", None)  # it would be built for the old width
            config[part]["config"]["units"] = kept


def _hold_cell(use: Use, layer: Any, reads: IntArray, units: IntArray) -> None:
    cell = layer.cell
    for name in ("activation", "recurrent_activation"):
        activation = getattr(layer, name, None)
        if activation is not None and not roles.is_elementwise_function(activation):
            use.freeze(units, "has an activation across channels")
    gates = np.tile(units, GATES[type(layer).__name__])
    use.hold(cell.kernel, 0, reads, READS)
    use.hold(cell.kernel, -1, gates, MAKES)
    use.hold(cell.recurrent_kernel, 0, units, READS)
    use.hold(cell.recurrent_kernel, -1, gates, MAKES)
    use.hold(cell.bias, -1, gates, MAKES)


def _states(use: Use) -> list[int]:
    """Numbers of the inputs that are initial states: all but sequences and their mask."""
    mask = use.input("mask", 2)
    return [number for number in range(1, len(use.found)) if number != mask]


def _tie_states(use: Use, units: IntArray) -> None:
    """Initial states have the units' channels."""
    for number in _states(use):
        if use.inputs[number] != (len(units),):
            use.refuse("takes more than sequences and states")
        use.ledger.tie(use.last(number), units)


class TimeDistributed(Rule):
    """A layer applied at every step: its own rule, one axis further in."""

    def __init__(self, rules: dict[str, Rule]) -> None:
        self.rules = rules

    def trace(self, use: Use) -> Sequence[IntArray]:
        """What the inner rule says."""
        if use.found[0].ndim < 2 or use.found[0].shape[0] > 1:
            use.refuse("goes through its channels one after the other")
        rule = self._rule(use.operation.layer)
        if rule is None or not rule.fits_inside:
            use.refuse(
                f"wraps a layer that is not understood ({type(use.operation.layer).__name__})"
            )
        return [channels[None] for channels in rule.trace(_inner(use))]

    def still(self, use: Use) -> bool:
        """What the inner rule says."""
        rule = self._rule(use.operation.layer)
        return rule is not None and rule.still(_inner(use))

    def shrink(self, layer: Any, config: Config, cut: Cut) -> None:
        """The inner layer's settings."""
        rule = self._rule(layer.layer)
        config["layer"].pop("build_config", None)  # it would be built for the old width
        if rule is not None:
            rule.shrink(layer.layer, config["layer"]["config"], cut)

    def weights(self, layer: Any, cut: Cut) -> list[Array]:
        """The inner layer's weights."""
        rule = self._rule(layer.layer)
        return super().weights(layer, cut) if rule is None else rule.weights(layer.layer, cut)

    def _rule(self, layer: Any) -> Rule | None:
        return self.rules.get(kind_of(layer))


def _inner(use: Use) -> Use:
    layer = use.operation.layer
    return replace(
        use,
        operation=layer,
        kind=kind_of(layer),
        found=(use.found[0][0],),
        still=use.still[:1],
        inputs=(use.inputs[0][1:],),
        outputs=tuple(shape[1:] for shape in use.outputs),
    )


RECURRENT: dict[str, Rule] = {
    **dict.fromkeys(GATES, Recurrent()),
    "Bidirectional": Bidirectional(),
}
"""Rules by kind of layer."""
