"""A Keras model as a format converts it: traced, its layers and inputs called by tokens."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

INPUT_PREFIX = "edgehone_input_"
"""Traced inputs are named this and their number, so that their order survives a converter."""


@dataclass(frozen=True)
class KerasLayer:
    """A layer of the Keras model that was converted, with its kernels (weights of rank >= 2)."""

    name: str
    kernels: tuple[NDArray[Any], ...] = ()


@dataclass(frozen=True)
class KerasNames:
    """What the Keras model calls its layers, its inputs, and the layers its outputs come from."""

    layers: tuple[KerasLayer, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TracedModel:
    """What a format makes a float file of.

    model: the Keras model with lists for inputs and outputs, nothing in it trains; its layers are
    called by tokens (`token`), and by `names` in the file. batch: of every input, None for any.
    repeats: whether a layer runs a loop. trace(batch): the model as a tf.function whose inputs are
    called INPUT_PREFIX and their number.
    """

    model: Any
    names: KerasNames
    batch: int | None
    repeats: bool
    trace: Callable[[int | None], Any]


def token(index: int) -> str:
    """What the layer at `index` is called while it is traced. TensorFlow makes scopes unique with
    "_<number>", so that of layers "conv" and "conv_1" neither could be known from the other.
    """
    return f"keras{index}layer"


def input_number(name: str) -> int:
    """Which of the model's inputs a traced input is, by its name."""
    found = re.search(INPUT_PREFIX + r"(\d+)", name)
    return int(found[1]) if found else 0


def layer_of_tensor(tensor: str, layers: Sequence[KerasLayer]) -> str | None:
    """The layer that a tensor's or node's name points to by its token, or None.

    TensorFlow joins the names of fused operations with ";", the first computed one last, and
    those of nested models with "/", the innermost last: "keras7layer_1/Relu;keras2layer_1/add".
    """
    found = re.findall(token(0).replace("0", r"(\d+)"), tensor)
    index = int(found[-1]) if found else len(layers)
    return layers[index].name if index < len(layers) else None
