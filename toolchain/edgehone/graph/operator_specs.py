"""Operators without weights as a device runs them: what lies between the layers of a model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from edgehone.graph.costs import _is_relu, _pair
from edgehone.graph.roles import is_linear
from edgehone.graph.wiring import Call, calls, consumers, is_model
from edgehone.values import LayerSpec

_KINDS: Mapping[str, str] = {
    "Add": "add",
    "Subtract": "add",
    "Multiply": "mul",
    "Concatenate": "concat",
    "MaxPooling1D": "max_pool",
    "MaxPooling2D": "max_pool",
    "AveragePooling1D": "average_pool",
    "AveragePooling2D": "average_pool",
    "GlobalAveragePooling1D": "mean",
    "GlobalAveragePooling2D": "mean",
    "ZeroPadding1D": "pad",
    "ZeroPadding2D": "pad",
    "Softmax": "softmax",
    "Rescaling": "mul",
}
"""Layers, by what `LayerSpec.kind` calls their operator."""

_FUNCTIONS: Mapping[str, str] = {
    "softmax": "softmax",
    "sigmoid": "logistic",
    "tanh": "tanh",
    "hard_silu": "hard_swish",
}
"""Activations that are an operator of their own."""

_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
"""Layers whose activation is computed within their steps."""

_FUSING = ("add", "mul")
"""Operators that a ReLU after them is computed with."""

Readers = Mapping[int, tuple[Call, ...]]


@dataclass(frozen=True)
class Operator:
    """One operator: the call of the model that it comes from, and its shape."""

    call: str
    spec: LayerSpec
    weighted: bool

    @property
    def name(self) -> str:
        """The call's; of what comes after weights, one of its own."""
        return f"{self.call}/{self.spec.kind}" if self.weighted else self.call


def operator_specs(model: Any) -> tuple[Operator, ...]:
    """The operators in the order they are computed: those of known kinds and shapes. What runtimes
    fold into the layer before (batch norms, ReLUs) or that moves no values has none.
    """
    readers = consumers(model)
    made_by = {id(tensor): call for call in calls(model) for tensor in call.outputs}
    return tuple(
        Operator(call.name, spec, bool(getattr(call.operation, "weights", ())))
        for call in calls(model)
        if call.inputs and not is_model(call.operation)
        for spec in _specs(call, readers, made_by)
        if _known(call)
    )


def _known(call: Call) -> bool:
    """Whether all sizes are known, channels last."""
    sizes = [size for tensor in (*call.inputs, *call.outputs) for size in tensor.shape[1:]]
    last = getattr(call.operation, "data_format", "channels_last") == "channels_last"
    return None not in sizes and last and all(len(t.shape) <= 4 for t in call.outputs)


def _specs(call: Call, readers: Readers, made_by: Mapping[int, Call]) -> Iterator[LayerSpec]:
    """What one call is computed by, beside an operator with weights."""
    if kind := _KINDS.get(call.kind):
        yield from _of_kind(call, kind, readers)
    elif call.kind == "BatchNormalization" and not is_linear(made_by[id(call.inputs[0])].operation):
        relu = _relu_is_next(call, readers)
        yield _plain("mul", call)
        yield replace(_plain("add", call), relu=relu)
    elif call.kind == "ReLU" and not _folded(call, readers, made_by):
        yield _plain("relu", call)
    own = call.kind not in _RECURRENT
    name = getattr(getattr(call.operation, "activation", None), "__name__", "") if own else ""
    if name in _FUNCTIONS:
        yield _plain(_FUNCTIONS[name], call)
    elif name == "relu" and call.kind == "Activation" and not _folded(call, readers, made_by):
        yield _plain("relu", call)


def _of_kind(call: Call, kind: str, readers: Readers) -> Iterator[LayerSpec]:
    spec = _plain(kind, call)
    before = sizes_of(call.inputs[0])
    shaped: Mapping[str, Callable[[], LayerSpec]] = {
        "max_pool": lambda: _pooled(call, spec),
        "average_pool": lambda: _pooled(call, spec),
        "mean": lambda: replace(spec, height=before[0], width=before[1]),
        "pad": lambda: replace(
            spec,
            height=before[0],
            width=before[1],
            kernel=(spec.height - before[0], spec.width - before[1]),
        ),
        "concat": lambda: replace(spec, in_channels=before[2]),
    }
    if kind in shaped:
        yield shaped[kind]()
        return
    relu = kind in _FUSING and _relu_is_next(call, readers)
    others = max(len(call.inputs) - 1, 1)
    yield from [spec] * (others - 1)
    yield replace(spec, relu=relu)


def _pooled(call: Call, spec: LayerSpec) -> LayerSpec:
    height, width, _ = sizes_of(call.inputs[0])
    layer = call.operation
    return replace(
        spec,
        height=height,
        width=width,
        kernel=_pair(layer.pool_size),
        strides=_pair(layer.strides),
        padding=layer.padding,
    )


def _plain(kind: str, call: Call) -> LayerSpec:
    """An operator whose output is shaped as the call's."""
    height, width, channels = sizes_of(call.outputs[0])
    return LayerSpec(kind, height, width, channels, channels)


def sizes_of(tensor: Any) -> tuple[int, int, int]:
    """Height, width and channels of a value; sizes that are left open count as 1, and what has more
    axes is as high as all others together.
    """
    *rest, width, channels = [1, 1, *(size or 1 for size in tensor.shape[1:])]
    return prod(rest), width, channels


def _relu_is_next(call: Call, readers: Readers) -> bool:
    after = readers.get(id(call.outputs[0]), ())
    return len(after) == 1 and after[0].operation is not None and _is_relu(after[0].operation)


def _folded(call: Call, readers: Readers, made_by: Mapping[int, Call]) -> bool:
    """Whether a ReLU is computed with what comes before it."""
    before = made_by[id(call.inputs[0])]
    alone = len(readers.get(id(call.inputs[0]), ())) == 1
    fusing = _KINDS.get(before.kind) in _FUSING or before.kind == "BatchNormalization"
    return alone and (fusing or is_linear(before.operation))
