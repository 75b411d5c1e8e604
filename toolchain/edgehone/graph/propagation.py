"""How channels travel from call to call: by the rule of each kind of layer, or they are frozen."""

from collections.abc import Sequence

from edgehone.graph.ledger import IntArray, Ledger, Trace, varying
from edgehone.graph.rules._base import FrozenError, Rule, Use
from edgehone.graph.rules.attention import ATTENTION
from edgehone.graph.rules.elementwise import ELEMENTWISE
from edgehone.graph.rules.kernels import KERNELS
from edgehone.graph.rules.moves import MOVES
from edgehone.graph.rules.norms import NORMS
from edgehone.graph.rules.recurrent import RECURRENT, TimeDistributed
from edgehone.graph.wiring import Call, is_model

__all__ = ["RULES", "IntArray", "Ledger", "finish", "propagate"]

RULES: dict[str, Rule] = {
    **KERNELS,
    **NORMS,
    **ELEMENTWISE,
    **MOVES,
    **ATTENTION,
    **RECURRENT,
}
"""The rule of every kind of layer, and of every function of keras.ops, that is understood."""

RULES["TimeDistributed"] = TimeDistributed(RULES)


def propagate(call: Call, ledger: Ledger) -> None:
    """Enter the channels of a call's outputs into the ledger, given those of its inputs."""
    use, mark = _use(call, ledger), len(ledger.producers)
    if use.masked or call.kind == "Masking" or getattr(call.operation, "mask_zero", False):
        ledger.masked |= {id(tensor) for tensor in call.outputs}
    try:
        made, still = _traced(call, use)
    except FrozenError as why:
        del ledger.producers[mark:]
        _freeze(call, ledger, str(why))
        return
    for tensor, channels in zip(call.outputs, made, strict=True):
        ledger.tensors[id(tensor)] = channels
        if still:
            ledger.still.add(id(tensor))


def finish(ledger: Ledger) -> None:
    """Freeze what layers hold of which any use was not understood."""
    for name, reason in ledger.refused.items():
        if name in ledger.traces:
            trace = ledger.traces[name]
            held = [each.units for each in trace.slices]
            for channels in (*trace.inputs, *trace.outputs, *held):
                ledger.freeze(channels, reason)


def _use(call: Call, ledger: Ledger) -> Use:
    return Use(
        call.operation,
        call.name,
        call.kind,
        call.operation,
        tuple(ledger.tensors[id(tensor)] for tensor in call.inputs),
        tuple(id(tensor) in ledger.still for tensor in call.inputs),
        tuple(tuple(tensor.shape[1:]) for tensor in call.inputs),
        tuple(tuple(tensor.shape[1:]) for tensor in call.outputs),
        call.inputs,
        call.arguments,
        ledger,
    )


def _traced(call: Call, use: Use) -> tuple[Sequence[IntArray], bool]:
    """Channels of the outputs, and whether removed ones are zero. Raises FrozenError."""
    rule = RULES.get(call.kind)
    if is_model(call.operation):
        use.refuse("is a model inside the model")
    if call.constants:
        use.refuse("combines channels with fixed numbers")
    if rule is None:
        use.refuse("is not understood")
    if getattr(call.operation, "data_format", None) == "channels_first":
        use.refuse("has its channels first")
    made = list(rule.trace(use))
    for channels, shape in zip(made, use.outputs, strict=True):
        fits = all(n in (1, size) for n, size in zip(channels.shape, shape, strict=False))
        if channels.ndim != len(shape) or not fits or len(varying(channels)) > 1:
            use.refuse("has channels on several axes")
    _remember(use, Trace(use.found, tuple(made), tuple(use.slices)), rule)
    return made, rule.still(use)


def _remember(use: Use, trace: Trace, rule: Rule) -> None:
    """Keep the first use's trace; tie those of others to it."""
    first = use.ledger.traces.setdefault(use.name, trace)
    if first is trace:
        return
    for one, other in zip(first.slices, trace.slices, strict=True):
        if len(one.units) != len(other.units):
            use.refuse("is used for different numbers of channels")
        use.ledger.tie(one.units, other.units)
    if rule.sized:
        pairs = [*zip(first.inputs, trace.inputs, strict=True)]
        pairs += zip(first.outputs, trace.outputs, strict=True)
        if any(one.shape != other.shape for one, other in pairs):
            use.refuse("is used for different numbers of channels")
        for left, right in pairs:
            use.ledger.tie(left, right)


def _freeze(call: Call, ledger: Ledger, reason: str) -> None:
    ledger.refused.setdefault(call.name, reason)
    for tensor in call.inputs:
        ledger.freeze(ledger.tensors[id(tensor)], reason)
    for tensor in call.outputs:
        ledger.fixed(tensor, reason)
        if len(tensor.shape) > 1 and tensor.shape[-1]:  # to be listed, in a group of their own
            channels = ledger.fresh(tensor.shape[-1])
            ledger.freeze(channels, reason)
            ledger.producers.append((call.name, "channels", channels))
