"""What of a bit plan can be had for a float .tflite file, layer by layer, and why not all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgehone.formats import _flatbuffer
from edgehone.formats._base import Array
from edgehone.formats._exact import NOTHING_KEPT, Kept
from edgehone.formats._tflite.algorithms import (
    ALGORITHMS,
    INTEGER,
    Kernel,
    block_refusal,
    kernel_refusal,
)
from edgehone.precisions import FLOAT32, named
from edgehone.values import NOTHING, PrecisionPlan

FOUR_BIT_OPERATORS = ("CONV_2D", "FULLY_CONNECTED")
"""Operators whose kernels litert-quantizer writes in 4 bits."""


@dataclass(frozen=True)
class Choice:
    """What a layer gets: a precision, the algorithm for its weights, the size of blocks, and
    whether the zero of its 8-bit activations is 0.
    """

    precision: str
    algorithm: str = "min_max"
    block: int = 0
    symmetric: bool = False


@dataclass(frozen=True)
class Grant:
    """The plan as it can be had: the default, layers that differ from it, and reasons.

    refused: of layers with another precision than asked; stand_ins: of layers where min_max, or
    one scale for a channel, stands in. inputs: the precision of the model's inputs, which is that
    of the layers that read them when these agree, else the default one. io: as in
    `PrecisionPlan`, but int8 for uint8. kernels: the choices of all layers with integer weights.
    kept: what stays float in spite of the plan. per_tensor: layers whose weights share one scale.
    """

    default: Choice
    layers: Mapping[str, Choice] = NOTHING
    refused: Mapping[str, str] = NOTHING
    stand_ins: Mapping[str, str] = NOTHING
    inputs: str = ""
    io: str = ""
    kernels: tuple[Choice, ...] = ()
    kept: Kept = NOTHING_KEPT
    per_tensor: tuple[str, ...] = ()

    def precision(self, layer: str) -> str:
        """What a layer gets by the plan."""
        return self.layers.get(layer, self.default).precision

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The default's and every differing layer's."""
        return (self.default, *self.layers.values())

    @property
    def is_float32(self) -> bool:
        """Whether nothing is to be quantized."""
        return {choice.precision for choice in self.choices} == {FLOAT32} and self.io != "int8"

    @property
    def is_static(self) -> bool:
        """Whether activation ranges are needed."""
        return self.io == "int8" or any(named(each.precision).static for each in self.choices)

    @property
    def needs_moments(self) -> bool:
        """Whether second moments of what layers read are needed."""
        return any(ALGORITHMS[each.algorithm].moments for each in self.kernels)


@dataclass(frozen=True)
class _Layer:
    """A layer's operators as the quantizer spells them; the one with a kernel, if any, and that
    kernel, (out, …, in); the last size of what it reads.
    """

    kinds: tuple[str, ...]
    kernel: Array | None = None
    kernel_kind: str = ""
    reads: int = 0


@dataclass(frozen=True)
class _Layers:
    """Layers by name, and those that read an input."""

    found: Mapping[str, _Layer]
    first: frozenset[str]


def grant(content: bytes, plan: PrecisionPlan, name: str) -> Grant:
    """What of `plan` can be had for the float .tflite file with this content."""
    layers = _layers(content, name)
    precisions, refused = _precisions(plan, layers)
    default = Choice(_everywhere(plan.default), plan.algorithm, 0, plan.symmetric)
    differing, stand_ins, kernels = {}, {}, []
    for layer, found in layers.found.items():
        wanted = replace(
            default, precision=precisions.get(layer, default.precision), block=plan.block
        )
        choice, reason = _choice(wanted, found)
        if reason:
            stand_ins[layer] = reason
        if found.kernel_kind and choice.precision in INTEGER:
            kernels.append(choice)
        if choice.precision != default.precision or (found.kernel_kind and choice != default):
            differing[layer] = choice
    at_inputs = {precisions.get(layer, default.precision) for layer in layers.first}
    inputs = at_inputs.pop() if len(at_inputs) == 1 else default.precision
    io = "int8" if plan.io == "uint8" else plan.io  # whose sign is changed at the end
    return Grant(default, differing, refused, stand_ins, inputs, io, tuple(kernels))


def _everywhere(precision: str) -> str:
    """The precision that every operator has kernels for."""
    return named(precision).fallback or precision


def _precisions(plan: PrecisionPlan, layers: _Layers) -> tuple[dict[str, str], dict[str, str]]:
    """Precisions of layers that the plan or 4 bits make differ, and reasons of refusals."""
    default = _everywhere(plan.default)
    asked = dict(plan.layers)
    if default != plan.default:
        everywhere = [layer for layer, found in layers.found.items() if found.kernel_kind]
        asked = dict.fromkeys(everywhere, plan.default) | asked
    granted, refused = {}, {}
    for layer, precision in asked.items():
        reason = _refusal(layer, precision, layers)
        if reason:
            refused[layer] = reason
        if layer in layers.found:
            granted[layer] = _everywhere(precision) if reason else precision
    return granted, refused


def _choice(wanted: Choice, layer: _Layer) -> tuple[Choice, str]:
    """What of `wanted` suits a layer's kernel, and why not all of it."""
    if not layer.kernel_kind or wanted.precision not in INTEGER:
        return replace(wanted, algorithm="min_max", block=0), ""
    algorithm, block, reasons = wanted.algorithm, wanted.block, []
    kernel = Kernel(layer.kernel_kind, layer.kernel, layer.reads)
    reason = kernel_refusal(algorithm, wanted.precision, kernel)
    if reason:
        algorithm, reasons = "min_max", [f"{reason}; it has min_max"]
    if block:
        reason = block_refusal(wanted.precision, kernel, block)
        if reason:
            block, reasons = 0, [*reasons, f"{reason}; it has one scale a channel"]
    return replace(wanted, algorithm=algorithm, block=block), "; ".join(reasons)


def _refusal(layer: str, precision: str, layers: _Layers) -> str:
    if layer not in layers.found:
        return "no operator of the file is named after this layer; it was fused or removed"
    kinds = layers.found[layer].kinds
    fallback = named(precision).fallback
    if fallback and not set(FOUR_BIT_OPERATORS) & set(kinds):
        return (
            f"4-bit weights exist for {' and '.join(FOUR_BIT_OPERATORS)} only, "
            f"this is {' and '.join(sorted(set(kinds)))}; it is {fallback}"
        )
    return ""


def _layers(content: bytes, name: str) -> _Layers:
    model = _flatbuffer.parse(content, name)
    graph = model.subgraphs[0]
    found: dict[str, _Layer] = {}
    first = set()
    for operator in graph.operators:
        if not len(operator.outputs):
            continue
        label = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]]).split("/")[0]
        kind = _flatbuffer.operator_name(model, operator)
        before = found.get(label, _Layer(()))
        kinds = (*before.kinds, kind)
        if kind in _flatbuffer.KERNEL_OPERATORS:
            kernel = _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])
            spelled = "CONV_2D_TRANSPOSE" if kind == "TRANSPOSE_CONV" else kind
            shape = graph.tensors[operator.inputs[2 if kind == "TRANSPOSE_CONV" else 0]].shape
            reads = int(shape[-1]) if shape is not None and len(shape) else 0
            found[label] = _Layer(kinds, kernel, spelled, reads)
        else:
            found[label] = replace(before, kinds=kinds)
        if set(operator.inputs) & set(graph.inputs):
            first.add(label)
    return _Layers(found, frozenset(first))
