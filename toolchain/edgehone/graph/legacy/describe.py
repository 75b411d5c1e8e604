"""A tf_keras model put into plain data: layers, calls and weights; runs in the child."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ModelError
from edgehone.graph.legacy import wrappers

Arrays = dict[str, NDArray[Any]]
Plain = dict[str, Any]


class Description:
    """What `model` is, as JSON (`plain`) and arrays by name; nested models are described alike.

    plain: {"name", "inputs", "outputs", "layers": {name: layer}, "calls": [call]}. Tensors are
    numbers; `probes` holds the name of the layer and the tensor of every call, in their order.
    """

    def __init__(self, model: Any, arrays: Arrays, prefix: str = "") -> None:
        self.model = model
        self.arrays = arrays
        self.prefix = prefix
        self.probes: list[tuple[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []
        self._names: dict[int, str] = {}
        self._layers: dict[str, Plain] = {}
        self._calls: list[Plain] = []
        _require_graph(model)
        for node in _nodes(model):
            self._add(node)
        self.plain: Plain = {
            "name": model.name,
            "inputs": self._value(model._nested_inputs),
            "outputs": self._value(model._nested_outputs),
            "ports": {str(self._number(each)): _port(each) for each in model.inputs},
            "layers": self._layers,
            "calls": self._calls,
        }

    def _add(self, node: Any) -> None:
        layer = node.layer
        if node.is_input:
            return
        if wrappers.kind(layer) in wrappers.DROPPED:
            self._numbers[id(node.outputs)] = self._number(node.call_args[0])
            self._kept.append(node.outputs)
            return
        call = {
            "layer": self._layer(wrappers.inner(layer)),
            "args": self._value(node.call_args),
            "kwargs": self._value(
                {k: v for k, v in node.call_kwargs.items() if v is not None and k != "name"}
            ),
            "outputs": self._value(node.outputs),
        }
        self._calls.append(call)
        self.probes.append((call["layer"], _first(node.outputs)))

    def _number(self, tensor: Any) -> int:
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self._kept)
            self._kept.append(tensor)  # an id() is unique only while the object lives
        return self._numbers[id(tensor)]

    def _layer(self, layer: Any) -> str:
        if id(layer) in self._names:
            return self._names[id(layer)]
        name = str(layer.name)
        while name in self._layers:
            name += "_"
        self._names[id(layer)] = name
        self._kept.append(layer)
        self._layers[name] = self._described(layer, f"{self.prefix}{name}")
        return name

    def _described(self, layer: Any, key: str) -> Plain:
        import tf_keras

        if isinstance(layer, tf_keras.Model):
            return {"model": Description(layer, self.arrays, f"{key}|").plain}
        if type(layer) is tf_keras.layers.TimeDistributed and isinstance(
            layer.layer, tf_keras.Model
        ):
            return {"each_step": Description(layer.layer, self.arrays, f"{key}|").plain}
        if type(layer).__name__ in ("TFOpLambda", "SlicingOpLambda"):
            return {"function": layer.get_config()["function"]}
        try:
            described = tf_keras.saving.serialize_keras_object(layer)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise ModelError(
                f"Layer {layer.name!r} ({type(layer).__name__}) does not give its settings "
                f"({error}).",
                "Give the layer a get_config method that returns all its settings.",
            ) from error
        return {**described, "weights": self._weights(layer, key)}

    def _weights(self, layer: Any, key: str) -> list[list[str]]:
        """[weight's name, array's name] in the order the weights were made, also frozen ones."""
        frozen = [part for part in layer._flatten_layers() if not part.trainable]
        for part in frozen:
            part._trainable = True
        found = []
        for number, weight in enumerate(layer.weights):
            name = weight.name.split(":")[0].split("/")[-1]
            self.arrays[f"{key}/{number}"] = np.asarray(weight)
            found.append([name, f"{key}/{number}"])
        for part in frozen:
            part._trainable = False
        return found

    def _value(self, value: Any) -> Any:
        """A value of any kind that calls have, marked with its kind where JSON has none."""
        import tensorflow as tf

        if value is None or isinstance(value, bool | int | float | str):
            return value
        if hasattr(value, "_keras_history"):
            return {"tensor": self._number(value)}
        if isinstance(value, tf.TensorShape):
            return {"tuple": value.as_list()}
        if isinstance(value, tf.DType):
            return {"dtype": value.name}
        if value is Ellipsis:
            return {"ellipsis": True}
        if isinstance(value, slice):
            return {"slice": [self._value(v) for v in (value.start, value.stop, value.step)]}
        if isinstance(value, dict):
            if set(value) == {"start", "stop", "step"}:
                return {"slice": [self._value(value[k]) for k in ("start", "stop", "step")]}
            return {"dict": {str(k): self._value(v) for k, v in value.items()}}
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [self._value(each) for each in value]}
        key = f"{self.prefix}constant {len(self.arrays)}"
        self.arrays[key] = np.asarray(value)
        return {"array": key}


def _require_graph(model: Any) -> None:
    if not getattr(model, "_is_graph_network", False):
        raise ModelError(
            f"Model {model.name!r} ({type(model).__name__}) has no graph of layers: it is a "
            "subclassed model, or does not know the shape of its input.",
            "Build it with keras.Input(shape) first, as keras.Model(inputs, outputs).",
        )


def _nodes(model: Any) -> list[Any]:
    """The nodes of a model in the order they are computed."""
    depths = model._nodes_by_depth
    return [node for depth in sorted(depths, reverse=True) for node in depths[depth]]


def _port(tensor: Any) -> Plain:
    layer = tensor._keras_history.layer
    return {"name": layer.name, "shape": list(tensor.shape), "dtype": tensor.dtype.name}


def _first(outputs: Any) -> Any:
    import tensorflow as tf

    return tf.nest.flatten(outputs)[0]
