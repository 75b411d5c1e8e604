"""Inputs that two files are compared on bit by bit: their edges, and random ones."""

from collections.abc import Sequence

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats._base import Array
from edgehone.values import Plain

RANDOM = 3
"""Runs with random numbers, beside one with the least and one with the greatest."""

_BATCHES = (1, 3)
"""How many samples a run takes where the file leaves that free."""

_LARGEST_FLOAT = 8.0
"""Random floats are normal with variance 1; this is the edge."""

_UNBOUNDED = {"low": (0,), "high": (1,)}
"""What whole numbers are where nothing says which may come: indices and counts are often few."""


def proof_inputs(audit: Plain, seed: int = 0) -> tuple[tuple[Array, ...], ...]:
    """For each run an array of every input, as the file stores it: the least numbers it can take,
    the greatest, random ones; with another batch in turn where that is free.

    audit: of the file. Raises ConversionError for inputs of no known shape or type.
    """
    random = np.random.default_rng(seed)
    kinds = ["low", "high", *["random"] * RANDOM]
    ports = audit["inputs"]
    return tuple(
        tuple(_numbers(port, kind, _BATCHES[turn % len(_BATCHES)], random) for port in ports)
        for turn, kind in enumerate(kinds)
    )


def stored_inputs(
    audit: Plain, samples: Sequence[Array], most: int
) -> tuple[tuple[Array, ...], ...]:
    """The first samples as runs: floats as they are for float inputs, quantized for others.

    samples: an array (n, *shape) for each input. Nothing where the file's batch is not 1 or free.
    """
    ports = audit["inputs"]
    fits = all(port["shape"] and port["shape"][0] in (1, None) for port in ports)
    if not fits or len(samples) != len(ports):
        return ()
    count = min(most, *(len(array) for array in samples))
    return tuple(
        tuple(_stored(port, array[n : n + 1]) for port, array in zip(ports, samples, strict=True))
        for n in range(count)
    )


def _numbers(port: Plain, kind: str, batch: int, random: np.random.Generator) -> Array:
    shape, dtype = _shape(port, batch), _dtype(port)
    size = int(np.prod(shape, dtype=np.int64))
    if dtype.kind == "f" and not port.get("takes"):
        edges = {"low": -_LARGEST_FLOAT, "high": _LARGEST_FLOAT}
        drawn = random.normal(size=size) if kind == "random" else np.full(size, edges[kind])
        return drawn.astype(dtype).reshape(shape)
    low, high = (np.resize(np.asarray(end), size) for end in _bounds(port, dtype))
    if kind == "random":
        drawn = low + np.floor(random.random(size) * (high.astype(float) - low + 1))
        return np.asarray(np.clip(drawn, low, high), dtype).reshape(shape)
    return np.asarray(low if kind == "low" else high, dtype).reshape(shape)


def _bounds(port: Plain, dtype: np.dtype[np.generic]) -> tuple[Sequence[int], Sequence[int]]:
    takes = port.get("takes")
    if takes is None and port.get("scale") and dtype.kind in "iu":
        limits = np.iinfo(str(dtype))
        return (int(limits.min),), (int(limits.max),)
    found = takes or _UNBOUNDED
    return found["low"], found["high"]


def _stored(port: Plain, values: Array) -> Array:
    scale, zero_point, dtype = port.get("scale"), port.get("zero_point"), _dtype(port)
    if scale and dtype.kind in "iu":
        limits = np.iinfo(str(dtype))
        values = np.clip(np.round(values / scale) + zero_point, limits.min, limits.max)
    return np.asarray(values, dtype)


def _shape(port: Plain, batch: int) -> tuple[int, ...]:
    first, *rest = [*port["shape"]] or [()]
    if first == ():
        return ()
    if not all(isinstance(size, int) and size > 0 for size in rest):
        raise ConversionError(
            f"Input {port['name']!r} has no fixed shape: {[first, *rest]}.",
            "Make the file of a model whose input shape is fixed but for the batch.",
        )
    return (first if isinstance(first, int) else batch, *rest)


def _dtype(port: Plain) -> "np.dtype[np.generic]":
    try:
        found: np.dtype[np.generic] = np.dtype(str(port["dtype"]))
    except TypeError:
        found = np.dtype(object)
    if found.kind not in "fiub":
        raise ConversionError(
            f"Input {port['name']!r} is {port['dtype']}, for which no numbers can be made up.",
            "Leave the file as it is.",
        )
    return found
