"""A Keras 3 model built from the plain description that the child process made of an old one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.legacy.operations import Function, function
from edgehone.graph.legacy.settings import renewed
from edgehone.graph.rewrite import set_weights
from edgehone.system.library_errors import sentence

Arrays = Mapping[str, NDArray[Any]]
Plain = Mapping[str, Any]

_RECURRENT = ("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM", "Bidirectional")
_HINT = (
    "Replace this layer by one that Keras 3 has, or build the model in Keras 3 yourself and give "
    'it as "python:module:function".'
)


class Assembly:
    """One model: `model` itself, and in `probes` the output of every call, in their order."""

    def __init__(self, plain: Plain, arrays: Arrays, *, trust: bool = False) -> None:
        self.arrays = arrays
        self.trust = trust
        self.probes: list[tuple[str, Any]] = []
        self._tensors: dict[int, Any] = {}
        self._taken: set[str] = set()
        self._layers: dict[str, Any] = {}
        self._described: Mapping[str, Plain] = plain["layers"]
        keras = backend.keras()
        for number, port in plain["ports"].items():
            self._tensors[int(number)] = keras.Input(
                batch_shape=tuple(port["shape"]),
                dtype=port["dtype"],
                name=self._free(port["name"]),
            )
        for call in plain["calls"]:
            self._call(call)
        self.model = keras.Model(
            self._value(plain["inputs"]), self._value(plain["outputs"]), name=_plain(plain["name"])
        )
        for name, described in self._described.items():
            self._fill(name, described)

    def _call(self, call: Plain) -> None:
        name = call["layer"]
        described = self._described[name]
        arguments, settings = self._value(call["args"]), self._value(call["kwargs"])
        try:
            if "function" in described:
                given = _tensors((arguments, settings))
                result = _function(described["function"])(*arguments, **settings)
                self._named(result, given, name)
            else:
                layer = self._layer(name, described)
                if _is_recurrent(described) and isinstance(arguments[0], list):
                    # Keras 2 took states as further inputs.
                    first, *states = arguments[0]
                    arguments, settings = (first,), {**settings, "initial_state": states}
                result = layer(*arguments, **settings)
        except ModelError:
            raise
        except Exception as error:  # layers raise whatever they raise
            raise _unfit(name, described, error) from error
        self._note(call["outputs"], result)
        self.probes.append((name, backend.keras().tree.flatten(result)[0]))

    def _layer(self, name: str, described: Plain) -> Any:
        if name not in self._layers:
            self._layers[name] = self._made(name, described)
        return self._layers[name]

    def _made(self, name: str, described: Plain) -> Any:
        if "model" in described:
            return self._inner(described["model"])
        if "each_step" in described:
            inner = self._inner(described["each_step"])
            return backend.keras().layers.TimeDistributed(inner, name=self._free(name))
        part = renewed({k: v for k, v in described.items() if k != "weights"})
        part["config"]["name"] = self._free(name)
        keras = backend.keras()
        return keras.saving.deserialize_keras_object(part, safe_mode=not self.trust)

    def _inner(self, plain: Plain) -> Any:
        return Assembly(plain, self.arrays, trust=self.trust).model

    def _fill(self, name: str, described: Plain) -> None:
        """Give a layer its weights: for each name, the first to the first, and so on."""
        if not described.get("weights"):
            return
        layer = self._layers[name]
        wanted = [weight.name for weight in layer.weights]
        waiting: dict[str, list[NDArray[Any]]] = {}
        for weight, key in described["weights"]:
            waiting.setdefault(weight if weight in wanted else "", []).append(self.arrays[key])
        try:
            # Keras 3 has other names for some; these take what is left over, in order.
            set_weights(layer, [waiting.get(each, waiting.get("", [])).pop(0) for each in wanted])
        except Exception as error:  # layers raise whatever they raise
            raise _unfit(name, described, error) from error

    def _note(self, numbers: Any, result: Any) -> None:
        """Keep a call's outputs under their numbers."""
        flat = [int(number) for number in _numbers(numbers)]
        self._tensors.update(zip(flat, backend.keras().tree.flatten(result), strict=True))

    def _named(self, result: Any, given: list[Any], name: str) -> None:
        """Give the operations of one function its layer's name, so that all names differ."""
        pending, known = [result], {id(tensor) for tensor in given}
        while pending:
            tensor = pending.pop()
            if id(tensor) in known or not hasattr(tensor, "_keras_history"):
                continue
            known.add(id(tensor))
            operation = tensor._keras_history.operation
            operation.name = self._free(name)
            pending += operation._inbound_nodes[0].input_tensors

    def _free(self, name: str) -> str:
        found = plain_name = _plain(name)
        number = 1
        while found in self._taken:
            found, number = f"{plain_name}_{number}", number + 1
        self._taken.add(found)
        return found

    def _value(self, value: Any) -> Any:
        """The value that a description marks with its kind."""
        if not isinstance(value, dict):
            return value
        ((kind, held),) = value.items()
        match kind:
            case "tensor":
                return self._tensors[held]
            case "array":
                return np.asarray(self.arrays[held])
            case "list":
                return [self._value(each) for each in held]
            case "tuple":
                return tuple(self._value(each) for each in held)
            case "dict":
                return {key: self._value(each) for key, each in held.items()}
            case "slice":
                return slice(*(self._value(each) for each in held))
            case "ellipsis":
                return Ellipsis
            case _:  # "dtype"
                return held


def _function(name: str) -> Function:
    found = function(name)
    if found is None:
        raise ValueError(f"nothing in Keras 3 is known to stand for tf.{name}")
    return found


def _plain(name: str) -> str:
    """A name as Keras 3 allows them."""
    return name.replace("/", "_")


def _is_recurrent(described: Plain) -> bool:
    return str(described.get("class_name", "")).startswith(_RECURRENT)


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [value["tensor"]] if "tensor" in value else _numbers(list(value.values()))
    if isinstance(value, list):
        return [number for each in value for number in _numbers(each)]
    return []


def _tensors(value: Any) -> list[Any]:
    keras = backend.keras()
    return [each for each in keras.tree.flatten(value) if isinstance(each, keras.KerasTensor)]


def _unfit(name: str, described: Plain, error: Exception) -> ModelError:
    kind = described.get("class_name") or described.get("function") or "model"
    return ModelError(
        f"Layer {name!r} ({kind}) cannot be carried over to Keras 3: {sentence(error)}", _HINT
    )
