"""Samples for every input of a model: from the data that was named, or random ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.data import DataSet, DataSettings, Wanted, load, load_samples, samples_of
from edgehone.data.sources import arrays_of
from edgehone.errors import DataError, ModelError, UsageError
from edgehone.export.ports import Port
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE
from edgehone.values import Task

Array = NDArray[Any]

_RANDOM_SAMPLES = 64
_BYTE_VALUES = 256


def random_samples(ports: Sequence[Port], seed: int) -> tuple[Array, ...]:
    """(64, *shape) for each input: numbers in [0, 1), identifiers that all embeddings know, bytes
    in [0, 255].
    """
    random = np.random.default_rng(seed)
    found = []
    for port in ports:
        kind, shape = _kind(port), (_RANDOM_SAMPLES, *port.shape)
        if kind.kind in "iub":
            most = _BYTE_VALUES if kind == np.uint8 else port.known
            found.append(random.integers(0, most, shape).astype(kind))
        else:
            found.append(random.random(shape).astype(np.float32))
    return tuple(found)


def _kind(port: Port) -> np.dtype[Any]:
    """The port's type; numpy has none for text, which no device takes, nor for short floats."""
    if port.dtype == "string":
        raise ModelError(
            f"Input {port.name!r} takes text, and the runtimes of devices have no layers for text.",
            "Turn text into token numbers in the app, and make the file of a model that takes "
            "these.",
        )
    return np.dtype("float32" if "float" in port.dtype else port.dtype)


def loader(source: str, port: Port, seed: int, about: DataSettings) -> Callable[[Task], DataSet]:
    """How the data of a model with one input are loaded for a task; about: how they are read."""

    def found(task: Task) -> DataSet:
        return load(
            source,
            replace(
                about,
                seed=seed,
                task=task,
                limit=None,
                input_shape=port.shape,
                input_dtype=port.dtype,
            ),
        )

    return found


@dataclass(frozen=True)
class Fed:
    """Samples (n, *shape) for each input, in the model's order, of the `given` ones in `source`;
    split: they are of its training split, and it has others. source "": made up.
    """

    inputs: tuple[Array, ...]
    given: int
    source: str = ""
    split: bool = False
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any] | None:
        """{"source", "given", "used", "split", "classes", "notes"}; None: they were made up."""
        if not self.source:
            return None
        return {
            "source": self.source,
            "given": self.given,
            "used": len(self.inputs[0]),
            "split": "train" if self.split else None,
            "classes": list(self.classes),
            "notes": list(self.notes),
        }


def samples(source: str, ports: Sequence[Port], count: int, seed: int, about: DataSettings) -> Fed:
    """Up to `count` samples for each input, drawn from all that the source has, or from all of its
    training split where it has splits.

    One input: any DATA. Several: an .npz with an array for each, called like the input, and none
    is scaled. Raises DataError, StorageError, UsageError.
    """
    if len(ports) > 1:
        _require_unscaled(about, len(ports))
        arrays = _named(Path(source), ports)
        picked = np.sort(_picked(len(arrays[0]), count, seed))
        return Fed(tuple(array[picked] for array in arrays), len(arrays[0]), source)
    found = load_samples(
        source,
        replace(about, input_shape=ports[0].shape, input_dtype=ports[0].dtype),
    )
    given = len(found.x)
    x = found.x[_picked(given, count, seed)]
    return Fed((x,), given, source, found.split, found.classes, found.notes)


def _require_unscaled(about: DataSettings, inputs: int) -> None:
    if (about.scale, about.offset) != (1.0, 0.0):
        raise UsageError(
            f"The model has {inputs} inputs, and one scale and offset cannot be those of all.",
            f"Save every array as the model takes it, and leave out {all_named((SCALE, OFFSET))}.",
        )


def _picked(given: int, count: int, seed: int) -> Array:
    """Which samples are drawn, without replacement."""
    return np.random.default_rng(seed).permutation(given)[:count]


def _named(path: Path, ports: Sequence[Port]) -> tuple[Array, ...]:
    arrays = _arrays(path, [port.name for port in ports])
    for port, array in zip(ports, arrays, strict=True):
        if tuple(array.shape[1:]) != port.shape or len(array) != len(arrays[0]) or not len(array):
            raise DataError(
                f"{port.name} in {path} is of shape {array.shape}, and the model takes samples of "
                f"{port.shape}, as many as of {ports[0].name} ({len(arrays[0])}).",
                "Give every input the same number of samples, in the shape that it takes.",
            )
    return tuple(
        np.asarray(
            samples_of(array, f"{port.name} in {path}", Wanted(port.shape, port.dtype)), port.dtype
        )
        for array, port in zip(arrays, ports, strict=True)
    )


def _arrays(path: Path, names: Sequence[str]) -> list[Array]:
    hint = f"Save it with numpy.savez({path.name!r}, {', '.join(f'{name}=…' for name in names)})."
    if path.suffix != ".npz":
        raise DataError(f"Models of several inputs take an .npz file, and {path} is none.", hint)
    found = arrays_of(path, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"{path} has no array for the inputs {', '.join(missing)}.", hint)
    return [found[name] for name in names]
