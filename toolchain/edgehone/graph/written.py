"""How a model is written to a file, and whether what is read back computes what was written."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ModelError
from edgehone.graph import backend, saved
from edgehone.graph.wiring import Call, calls, functional
from edgehone.system.rows import Rows
from edgehone.system.settings import CUSTOM

Arrays = Sequence[NDArray[Any]]

TOLERANCE = 2e-5
"""Largest error, relative to the largest value: sums may be taken in another order, no more."""
BESIDE = 1e-2
"""Share of the largest value of all columns that a column of smaller ones is judged with."""
SAMPLES = 8
FREE_SIZE = 64
"""Given to dimensions without a size."""
_HINT = (
    "Let the layer keep its state in weights (add_weight) or settings (get_config), or write it in "
    "save_own_variables and read it in load_own_variables."
)


def write(model: Any, path: Path) -> None:
    """Write a model to a .keras file without optimizer and date: equal models make equal files.

    Raises ModelError for layers that no other process could read back.
    """
    functional(model).save(path)
    unknown = saved.unregistered(saved.read_config(path))
    if unknown:
        raise ModelError(
            f"Keras cannot read these layers or parts back: {', '.join(unknown)}.",
            "Put @keras.saving.register_keras_serializable() above their classes or functions, "
            f"at the top level of a module, and name it: {CUSTOM.set('python:module')}.",
        )
    saved.make_reproducible(path)


def require_portable(model: Any, what: str) -> None:
    """Refuse a model of any inputs of fixed size that a file does not keep: ModelError, as in
    `require_kept`. Layers of classes that nobody registered are left to `write`.
    """
    source = functional(model)
    described = backend.keras().saving.serialize_keras_object(source)
    sizes = [size for port in source.inputs for size in port.shape[1:]]
    if None not in sizes and not saved.unregistered(described):
        require_kept(model, None, what)


def require_kept(model: Any, x: Rows | None, what: str) -> None:
    """Refuse a model that a file does not keep: ModelError, which begins with `what` and names the
    first layer that computes something else once it is read back.

    x: samples (n, *shape) to compare on, of which a few are taken; made up where they are missing
    or the model does not take them.
    """
    inputs = _inputs(model, x)
    again = _read_back(model, what)
    error = _difference(_graph(model), _graph(again), inputs)
    if error > TOLERANCE:
        raise ModelError(
            f"{what} is not what its file holds: read back, its outputs differ by {error:.2g} of "
            f"the largest. {_culprit(model, again, inputs)}",
            _HINT,
        )


def _read_back(model: Any, what: str) -> Any:
    with TemporaryDirectory(prefix="edgehone-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder, "model.keras")
        write(model, path)
        try:
            # Whatever code is in it has run before: this process has just written it.
            return backend.keras().saving.load_model(path, compile=False, safe_mode=False)
        except Exception as error:  # layers raise whatever they raise
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                f"{what} cannot be read back from its file: {reason[0][:300]}", _HINT
            ) from error


def _graph(model: Any) -> Any:
    """The model with lists for inputs and outputs, whatever structure it was built with."""
    source = functional(model)
    return backend.keras().Model(list(source.inputs), list(source.outputs))


def _inputs(model: Any, x: Rows | None) -> list[Any]:
    ports = functional(model).inputs
    if x is not None and len(ports) == 1 and _takes(ports[0], x):
        return [x[: ports[0].shape[0] or SAMPLES]]
    random = np.random.default_rng(0)
    return [_drawn(port, random) for port in ports]


def _takes(port: Any, x: Rows) -> bool:
    batch, *sample = port.shape
    sizes = zip(sample, x.shape[1:], strict=False)
    fits = len(sample) == x.ndim - 1 and all(size in (None, given) for size, given in sizes)
    return fits and len(x) >= (batch or 1) and str(port.dtype) != "string"


def _drawn(port: Any, random: np.random.Generator) -> Any:
    """Numbers an input can take: of both signs, or 0 and 1 where they are whole."""
    batch, *sample = port.shape
    shape = (batch or SAMPLES, *(size or FREE_SIZE for size in sample))
    kind = str(port.dtype)
    if kind == "string":
        return backend.keras().ops.convert_to_tensor(np.full(shape, "a"))
    if "float" in kind:
        return random.uniform(-1, 1, shape).astype(np.float32)
    return random.integers(0, 2, shape).astype(kind)


def _difference(graph: Any, again: Any, inputs: list[Any]) -> float:
    """The largest relative error of the second graph's outputs; random layers of both draw the
    same. 0 where the first one does not even repeat itself.
    """
    start = _seeds(graph)
    _restore_seeds(again, start)
    found = _computed(graph, inputs)
    error = _largest(found, _computed(again, inputs))
    if error > TOLERANCE:
        _restore_seeds(graph, start)
        if _largest(found, _computed(graph, inputs)) > TOLERANCE:
            return 0.0
    return error


def _computed(graph: Any, inputs: list[Any]) -> list[NDArray[Any]]:
    return [
        np.asarray(each) for each in backend.keras().tree.flatten(graph(inputs, training=False))
    ]


def _largest(expected: Arrays, found: Arrays) -> float:
    pairs = zip(expected, found, strict=True)
    return max((_error(a, b) for a, b in pairs), default=0.0)


def _error(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """Largest difference (n, ..., columns) over the column's largest value, worst column; infinite
    for other shapes, and where only one of the two is a number.
    """
    if expected.shape != found.shape or not np.array_equal(
        np.isfinite(expected), np.isfinite(found)
    ):
        return float("inf")
    columns = expected.shape[-1] if expected.ndim > 1 else 1
    left, right = (
        np.nan_to_num(each.astype(np.float64), posinf=0, neginf=0).reshape(-1, max(columns, 1))
        for each in (expected, found)
    )
    largest = np.abs(left).max(axis=0, initial=0.0)
    scale = largest + BESIDE * largest.max(initial=0.0)
    difference = np.abs(left - right).max(axis=0, initial=0.0)
    return float(np.where(scale > 0, difference / np.where(scale > 0, scale, 1), difference).max())


def _seeds(model: Any) -> list[NDArray[Any]]:
    return [np.asarray(each) for each in _generators(model)]


def _restore_seeds(model: Any, states: Arrays) -> None:
    for variable, state in zip(_generators(model), states, strict=False):
        variable.assign(state)


def _generators(model: Any) -> Iterator[Any]:
    """The states of random layers."""
    for layer in model._flatten_layers():
        yield from (generator.state for generator in layer._seed_generators)


def _culprit(model: Any, again: Any, inputs: list[Any]) -> str:
    """The first layer whose results differ, in a sentence."""
    original, rebuilt = ([call for call in calls(each) if call.inputs] for each in (model, again))
    if [call.name for call in original] != [call.name for call in rebuilt]:
        return "It is not even of the same layers."
    probe, other = _probe(model, original), _probe(again, rebuilt)
    _restore_seeds(other, _seeds(probe))
    results = zip(original, _computed(probe, inputs), _computed(other, inputs), strict=True)
    for call, expected, found in results:
        if _error(expected, found) > TOLERANCE:
            kind = type(call.operation).__name__
            return f"The first layer that differs is {call.name!r} ({kind}), whose state is lost."
    return "No single layer differs by as much."


def _probe(model: Any, found: Sequence[Call]) -> Any:
    """What every call gives first, beside the model's inputs."""
    return backend.keras().Model(
        list(functional(model).inputs), [call.outputs[0] for call in found]
    )
