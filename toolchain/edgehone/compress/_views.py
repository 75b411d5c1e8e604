"""The part of a model that trains: up to its logits, or whole where it has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress._copies import single_tensors
from edgehone.data import Array
from edgehone.graph import backend
from edgehone.graph.copying import carry_state, copied
from edgehone.system.rows import Rows
from edgehone.tasks.kinds import Link, kind_of
from edgehone.values import Task

SMALLEST_PROBABILITY = 1e-30
"""Floor before a logarithm: float32 keeps normal numbers down to 1.2e-38."""

TWIN = "_logits"
"""What the name of a last layer's linear twin has after the layer's own."""


@dataclass(frozen=True)
class View:
    """`tensor` (n, ...): logits or plain outputs as a symbolic tensor that depends on `inputs`.

    Of classes a sigmoid column z becomes the two logits (0, z), whose softmax is the same; so that
    one loss serves all classifiers. `head` and `twin`: the model's fused last layer and its linear
    twin that trains in its place, or None.
    """

    inputs: Any
    tensor: Any
    head: Any = None
    twin: Any = None

    def write_back(self) -> None:
        """Give the model's own last layer what its twin has learned."""
        if self.twin is not None:
            carry_state(self.twin, self.head)


def bare(values: Sequence[Any]) -> Any:
    """One value as it is, several as a tuple: the structure Keras gives outputs and losses alike.

    Not a list or a dict: a Distiller wraps those that it keeps, and no longer finds them equal.
    """
    return values[0] if len(values) == 1 else tuple(values)


def view_of(model: Any, task: Task, samples: Rows) -> View:
    """What trains for this task; samples (n, *shape) as the model takes them.

    Raises ModelError for a model with several inputs or outputs.
    """
    inputs, output = single_tensors(model)
    link = kind_of(task).LINK
    return View(inputs, output) if link == "identity" else logits_of(model, samples, link)


def logits_of(model: Any, samples: Rows, link: Link = "softmax") -> View:
    """The logits of a model with one input and one output; it shares its layers except `head`.

    samples: (n, *shape), on which the outputs tell whether they are probabilities when the last
    layer does not say so. link: "softmax" over the last axis, where one column stands for two
    classes; "sigmoid" of each output. Raises ModelError for several inputs or outputs.
    """
    keras = backend.keras()
    inputs, output = single_tensors(model)
    last = output._keras_history.operation
    head = twin = None
    columns = link == "sigmoid" or output.shape[-1] == 1
    if not _squashes(last, link):
        outputs = np.asarray(keras.Model(inputs, output)(samples[:64], training=False))
        are_probabilities = _are_probabilities(outputs, columns=columns)
        tensor = _unsquashed(output, columns=columns) if are_probabilities else output
    elif isinstance(last, keras.layers.Activation | keras.layers.Softmax):
        tensor = last.input
    else:
        head, twin = last, _linear_twin(last)
        tensor = twin(last.input)
        carry_state(last, twin)
    if link == "softmax" and output.shape[-1] == 1:
        tensor = keras.layers.Concatenate(name="two_logits")([tensor * 0.0, tensor])
    return View(inputs, tensor, head, twin)


def _squashes(layer: Any, link: Link) -> bool:
    """Whether the layer ends in a sigmoid, or, of classes, in a softmax over the last axis."""
    keras = backend.keras()
    if isinstance(layer, keras.layers.Softmax):
        return bool(link == "softmax" and layer.axis == -1)
    ends = [keras.activations.sigmoid]
    if link == "softmax":
        ends.append(keras.activations.softmax)
    return any(getattr(layer, "activation", None) is end for end in ends)


def _linear_twin(layer: Any) -> Any:
    own = {"activation": "linear", "name": f"{layer.name}{TWIN}"}
    return copied(layer, lambda settings: {**settings, **own})


def _are_probabilities(outputs: Array, *, columns: bool) -> bool:
    inside = bool((outputs >= 0).all() and (outputs <= 1).all())
    return inside and (columns or np.allclose(outputs.sum(axis=-1), 1, atol=1e-3))


def _unsquashed(probabilities: Any, *, columns: bool) -> Any:
    """Logits (up to a constant) of probabilities, as a symbolic tensor. columns: each is of its
    own, and they do not add up to 1.
    """
    ops = backend.keras().ops
    logarithm = ops.log(ops.maximum(probabilities, SMALLEST_PROBABILITY))
    if not columns:
        return logarithm
    return logarithm - ops.log(ops.maximum(1.0 - probabilities, SMALLEST_PROBABILITY))
