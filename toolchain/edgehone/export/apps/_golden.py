"""Golden samples: what an app gives in, and what the model must answer, within a tolerance."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.documents.app_model import AppModel, InputEntry
from edgehone.formats._base import Array
from edgehone.system.rows import Rows

SAMPLES = 8

_RAW = {"uint8": "u1", "float32": "<f4", "int32": "<i4"}


@dataclass(frozen=True)
class Golden:
    """inputs: (8, values) for each input, of its raw type, in the app's order; outputs: (8, values)
    float32 for each output.
    """

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def content(self) -> bytes:
        """Little-endian numbers, sample by sample: of every input, then float32 of every output."""
        parts = []
        for sample in range(SAMPLES):
            parts += [_bytes(array[sample]) for array in self.inputs]
            parts += [_bytes(array[sample]) for array in self.outputs]
        return b"".join(parts)

    @property
    def values(self) -> float:
        """How far the answers to the samples are apart, at most over all values."""
        return max(float(np.ptp(each, axis=0).max(initial=0)) for each in self.outputs)

    def to_json(self, app: AppModel) -> dict[str, Any]:
        """What is where in the numbers' file."""
        place = 0
        rows: list[dict[str, Any]] = []
        for array, entry in zip((*self.inputs, *self.outputs), app.ports, strict=True):
            one = array[0]
            rows.append(
                {
                    "name": entry.name,
                    "role": "input" if isinstance(entry, InputEntry) else "output",
                    "dtype": str(one.dtype),
                    "values": int(one.size),
                    "offset": place,
                }
            )
            place += one.nbytes
        return {
            "schema": 1,
            "sha256": app.model.sha256,
            "samples": SAMPLES,
            "bytes_per_sample": place,
            "arrays": rows,
            "tolerance": {each.name: each.tolerance for each in app.outputs},
        }

    def text(self, app: AppModel) -> str:
        """`golden.json` (schema "app_golden")."""
        return json.dumps(self.to_json(app), indent=2) + "\n"


def _bytes(array: Array) -> bytes:
    return array.astype(_RAW[str(array.dtype)]).tobytes()


def as_model_takes(raw: Array, entry: InputEntry) -> Array:
    """(n, *shape) float32 that the model sees, of the app's values (n, values): (value - mean) /
    deviation by channel, in doubles, then as float32; channels first where the model has it so.
    """
    if entry.kind == "identifiers":
        return np.asarray(raw.astype(np.int64).reshape(len(raw), *entry.shape[1:]))
    values = raw.astype(np.float64).reshape(len(raw), -1, len(entry.mean))
    scaled = (values - np.asarray(entry.mean)) / np.asarray(entry.deviation)
    found = scaled.astype(np.float32)
    if entry.layout == "NCHW":
        laid = found.reshape(len(raw), entry.height, entry.width, entry.channels)
        found = laid.transpose(0, 3, 1, 2)
    return np.asarray(found.reshape(len(raw), *entry.shape[1:]))


def random_inputs(entries: Sequence[InputEntry], seed: int) -> tuple[Array, ...]:
    """(8, values) for each input, drawn evenly between the least and largest value of the app.

    Images are drawn in blocks of a quarter of their size, for noise looks the same to a model that
    averages.
    """
    random = np.random.default_rng(seed)
    return tuple(_random(entry, random) for entry in entries)


def _random(entry: InputEntry, random: np.random.Generator) -> Array:
    if entry.kind == "image":
        coarse = random.random((SAMPLES, 4, 4, entry.channels))
        rows = np.arange(entry.height) * 4 // entry.height
        columns = np.arange(entry.width) * 4 // entry.width
        shares = coarse[:, rows][:, :, columns].reshape(SAMPLES, -1)
    else:
        shares = random.random((SAMPLES, entry.size))
    values = entry.low + shares * (entry.high - entry.low)
    if entry.raw == "float32":
        return np.asarray(values.astype(np.float32))
    return np.asarray(np.round(values).astype(entry.raw))


def chosen(samples: Rows, entry: InputEntry, seed: int) -> Array:
    """Eight of the samples (n, ...) as the app has them, drawn without replacement while they
    last.
    """
    order = np.random.default_rng(seed).permutation(len(samples))
    picked = np.resize(order, SAMPLES)
    return np.asarray(samples[picked].reshape(SAMPLES, -1).astype(entry.raw))
