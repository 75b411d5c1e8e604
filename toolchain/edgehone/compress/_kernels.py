"""Which weights of a model are kernels: the large ones, which are worth thinning out or sharing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._bytes import compressed_bytes, raw_bytes
from edgehone.compress.training.held import named_weights, owners_of
from edgehone.data import Array
from edgehone.errors import ConfigError
from edgehone.graph import roles
from edgehone.graph.wiring import kind_of


@dataclass(frozen=True)
class Kernel:
    """A kernel's name "layer/weight" or "layer/part/weight", its values, and the axes its inputs
    and outputs lie on.
    """

    name: str
    values: Array
    inputs: int
    outputs: int

    @property
    def layer(self) -> str:
        """The name of its layer, the outermost one."""
        return self.name.split("/", 1)[0]


def kernels_of(model: Any) -> Mapping[str, Kernel]:
    """The kernels of a model that trains as a whole, by name, in the order of its layers.

    A kernel has two axes or more and is called one (embeddings count, too). Those of depthwise
    convolutions are left out: they have few weights, each of which matters.
    """
    axes = {path: _sides(layer) for path, layer in owners_of(model)}
    found = {}
    for name, weights in named_weights(model).items():
        layer, weight = name.rsplit("/", 1)
        sides = axes[layer].get(weight, (-2, -1))
        called = "kernel" in weight or weight == "embeddings"
        if called and "depthwise" not in weight and len(weights[0].shape) > 1 and sides:
            found[name] = Kernel(name, np.asarray(weights[0]), *sides)
    return found


def chosen(kernels: Mapping[str, Kernel], skip: Collection[str]) -> Mapping[str, Kernel]:
    """Without the kernels of the layers in `skip`. Raises ConfigError for a layer without any."""
    layers = {kernel.layer for kernel in kernels.values()}
    for name in skip:
        _checks.known("layer with a kernel", name, layers)
    return {name: kernel for name, kernel in kernels.items() if kernel.layer not in skip}


def give(model: Any, values: Mapping[str, Array]) -> None:
    """Put values, by kernel name, into a model's weights."""
    weights = named_weights(model)
    for name, array in values.items():
        for weight in weights[name]:
            weight.assign(array)


def check_names(setting: str, names: Any) -> None:
    """Raise ConfigError unless `names` is a list of layers' names."""
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"{setting} = {names!r} is not a list of layers.", "Write a list of names."
        )


def bytes_detail(before: Any, after: Any) -> dict[str, list[int]]:
    """Bytes of all weights as float32, raw and compressed, of the models before and after."""
    return {
        "raw_bytes": [raw_bytes(before), raw_bytes(after)],
        "compressed_bytes": [compressed_bytes(before), compressed_bytes(after)],
    }


def _sides(layer: Any) -> Mapping[str, tuple[int, ...]]:
    """Weight name -> its axes over inputs and outputs; () for depthwise kernels."""
    if kind_of(layer) in roles.DEPTHWISE:
        return {weight.name: () for weight in layer.weights}
    found: dict[str, tuple[int, ...]] = {}
    for name, axes in (roles.axes_of(layer) or {}).items():
        inputs = [axis for axis, role in axes.items() if role in (roles.INPUT, roles.REPEATED)]
        outputs = [axis for axis, role in axes.items() if role == roles.OUTPUT]
        if len(inputs) == len(outputs) == 1:
            found[name] = (inputs[0], outputs[0])
    return found
