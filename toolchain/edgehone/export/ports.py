"""The inputs of a model: what one sample of each is."""

from dataclasses import dataclass
from typing import Any

from edgehone.values import Plain


@dataclass(frozen=True)
class Port:
    """An input: its name, the shape of one sample, its data type, and, where it takes identifiers,
    how many there are.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    known: int = 2


def ports_of_model(model: Any) -> tuple[Port, ...]:
    """The inputs of a Keras model."""
    known = [layer.input_dim for layer in model.layers if hasattr(layer, "input_dim")]
    return tuple(
        Port(
            str(tensor._keras_history.operation.name),
            tuple(tensor.shape[1:]),
            str(tensor.dtype),
            min(known, default=2),
        )
        for tensor in model.inputs
    )


def ports_of_file(audit: Plain) -> tuple[Port, ...]:
    """The inputs of a .tflite or .onnx file."""
    return tuple(
        Port(each["name"], tuple(each["shape"][1:]), each["dtype"], _known(each))
        for each in audit["inputs"]
    )


def _known(port: Plain) -> int:
    """How many identifiers an input takes, by what its audit says."""
    takes = port.get("takes")
    return max(min(takes["high"]) + 1, 1) if takes else 2
