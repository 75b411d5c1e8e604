"""A model as it trains for integers: its own layers, with kernels and activations rounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehone import precisions
from edgehone.compress._fake_quantization import Kept
from edgehone.compress._quantization_sites import Site, activation_of, fuses, sites
from edgehone.compress._rounding_layers import rounding, with_rounded_weights
from edgehone.data import Array
from edgehone.graph import backend
from edgehone.graph.copying import State, copied
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.roles import AXES, OUTPUT
from edgehone.graph.wiring import calls, functional, kind_of

FOUR_BITS = frozenset(["Dense", "Conv1D", "Conv2D"])
"""Kinds whose kernels TFLite keeps in 4 bits."""


def trainable() -> tuple[str, ...]:
    """Precisions whose rounding can be trained for, and float32 for layers that have none."""
    return (*precisions.static(), precisions.FLOAT32)


def rounds_activations(precision: str) -> bool:
    """Whether training rounds activations; not to 16 bits, whose steps are 256 times finer."""
    return precisions.named(precision).activation_bits <= 8


@dataclass(frozen=True)
class Settings:
    """How a graph rounds. precisions: of the layers that differ from `default`; learned: ranges
    train, instead of following the batches' extremes with `momentum`.
    """

    default: str
    precisions: Mapping[str, str]
    learned: bool
    momentum: float

    def precision(self, layer: str) -> str:
        """The precision of a layer."""
        return self.precisions.get(layer, self.default)


@dataclass(frozen=True)
class QuantizedGraph:
    """inputs, tensor: symbolic, of the rounded model, whose kernels are those of the model it was
    made from. roundings: layers that round activations, by the name of the tensor in the file.
    """

    inputs: Any
    tensor: Any
    roundings: Mapping[str, Any] = field(default_factory=dict)

    def calibrate(self, x: Array, percentile: float, batch: int) -> None:
        """Start all ranges from what samples (n, *shape) give, the kernels rounded already."""
        model = backend.keras().Model(self.inputs, self.tensor)
        layers = [layer for layer in model.layers if hasattr(layer, "settle")]
        for layer in layers:
            layer.watching, layer.percentile = True, percentile
        for begin in range(0, len(x), batch):
            model(x[begin : begin + batch], training=False)
        for layer in layers:
            layer.settle()

    def ranges(self) -> dict[str, list[float]]:
        """Tensor name -> [low, high], as they are now."""
        return {
            name: list(layer.range)
            for name, layer in self.roundings.items()
            if layer.fixed is None and np.isfinite(layer.range).all()
        }


def with_open_activations(model: Any) -> tuple[Any, Mapping[str, str]]:
    """A copy in which activations that no kernel runs itself (softmax, silu) are layers of their
    own, and whose they were. Everything else keeps its name.
    """
    owners: dict[str, str] = {}
    layers = backend.keras().layers

    def replace(layer: Any) -> Replacement:
        if "bias" not in AXES.get(kind_of(layer), ()) or fuses(activation_of(layer)):
            return None
        name = f"{layer.name}_{activation_of(layer)}"
        owners[name] = layer.name
        linear = copied(layer, lambda settings: {**settings, "activation": "linear"})
        opened = layers.Activation(layer.activation, name=name)
        return ((linear, State(layer)), (opened, None))

    return rewrite(model, replace), owners


def quantized_graph(
    student: Any, inputs: Any, tensor: Any, owners: Mapping[str, str], settings: Settings
) -> QuantizedGraph:
    """The graph from `inputs` to `tensor`, rounded where a file of these precisions rounds.

    student: the model that both are part of; what else stands between them is left alone.
    """
    source = functional(backend.keras().Model(inputs, tensor))
    known = {call.name for call in calls(student)}
    work = _Rounding(settings, iter(sites(source, owners)), known)
    fresh = [
        backend.keras().Input(batch_shape=t.shape, dtype=t.dtype, name=t.name)
        for t in source.inputs
    ]
    for tensor, original in zip(fresh, source.inputs, strict=True):
        work.names[id(tensor)] = original._keras_history.operation.name
    made = source._run_through_graph(fresh, call_fn=work.call)
    bare = backend.keras().tree.flatten(made)
    return QuantizedGraph(fresh[0], bare[0], work.named)


class _Rounding:
    """What is asked about every call, in order."""

    def __init__(self, settings: Settings, order: Iterator[Site], known: set[str]) -> None:
        self.settings = settings
        self.order = order
        self.known = known
        self.named: dict[str, Any] = {}
        self.wrapped: dict[int, Any] = {}
        self.rounded: dict[int, Any] = {}
        """Tensors on the steps of a rounding layer; None for those whose ReLU comes later."""
        self.edges: dict[int, Any] = {}
        """Tensors of float layers and inputs, rounded for those that want them so."""
        self.names: dict[int, str] = {}
        self.kept: list[Any] = []
        self.count = 0

    def call(self, operation: Any, *arguments: Any, **options: Any) -> Any:
        """The operation's result for rounded arguments, rounded."""
        site = next(self.order)
        if operation.name not in self.known:
            return operation(*arguments, **options)
        exact = not rounds_activations(self.settings.precision(site.layer))
        if not exact:
            arguments, options = backend.keras().tree.map_structure(
                self._on_steps, (arguments, options)
            )
        before = next(iter(_tensors(arguments)), None)
        result = self._rounded_weights(operation, site)(*arguments, **options)
        if not _is_tensor(result) or not _is_float(result):
            return result
        self.kept.append(result)
        if exact:
            self.names[id(result)] = site.name
            return result
        return self._placed(result, site, before)

    def _placed(self, result: Any, site: Site, before: Any) -> Any:
        """A result on the steps its site asks for; before: the call's first argument."""
        steps = self.rounded.get(id(before))
        match site.kind:
            case "later":
                self.rounded[id(result)] = None
            case "none":
                if id(before) in self.rounded:
                    self.rounded[id(result)] = steps
            case "same" if steps is not None:
                return self._noted(steps(result), steps)
            case _:
                return self._round(result, site)
        return result

    def _round(self, tensor: Any, site: Site) -> Any:
        self.count += 1
        layer = rounding(
            f"rounding_{self.count}",
            learned=self.settings.learned,
            momentum=self.settings.momentum,
            fixed=site.range,
        )
        if site.name:
            self.named[site.name] = layer
        return self._noted(layer(tensor), layer)

    def _noted(self, result: Any, layer: Any) -> Any:
        self.kept.append(result)  # an id() is unique only while the object lives
        self.rounded[id(result)] = layer
        return result

    def _on_steps(self, value: Any) -> Any:
        """A tensor that comes from a float layer, rounded for all that want it so."""
        if not _is_tensor(value) or not _is_float(value) or id(value) in self.rounded:
            return value
        if id(value) not in self.edges:
            site = Site("own", "", self.names.get(id(value), ""))
            self.edges[id(value)] = self._round(value, site)
        return self.edges[id(value)]

    def _rounded_weights(self, operation: Any, site: Site) -> Any:
        if id(operation) not in self.wrapped:
            kernels = kernels_of(operation, self.settings.precision(site.layer))
            self.wrapped[id(operation)] = (
                with_rounded_weights(operation, kernels) if kernels else operation
            )
        return self.wrapped[id(operation)]


def kernels_of(layer: Any, precision: str) -> dict[str, tuple[Kept, int]]:
    """Which of a layer's weights are rounded: the axes whose scales differ, and the bits."""
    kind = kind_of(layer)
    if precision == precisions.FLOAT32:
        return {}
    if kind == "Embedding":
        return {"embeddings": ((-2,), 8)}
    bits = 4 if precisions.named(precision).four_bits and kind in FOUR_BITS else 8
    found: dict[str, tuple[Kept, int]] = {}
    for name, axes in AXES.get(kind, {}).items():
        if "kernel" not in name:
            continue
        kept = tuple(axis for axis, role in axes.items() if role == OUTPUT)
        if not kept:  # depthwise kernels end in (channels, multiplier), which are the outputs
            kept = (-2, -1)
        found[name] = (kept, bits)
    return found


def _tensors(arguments: Any) -> list[Any]:
    return [item for item in backend.keras().tree.flatten(arguments) if _is_tensor(item)]


def _is_tensor(value: Any) -> bool:
    return isinstance(value, backend.keras().KerasTensor)


def _is_float(tensor: Any) -> bool:
    return "float" in str(tensor.dtype)
