"""The first layer where an artifact leaves the model it was made of, and by how much each does."""

import math
from pathlib import Path

from edgehone import precisions
from edgehone.errors import ExecutionError
from edgehone.export.layer_parity import layer_snr
from edgehone.formats._base import Array, Format
from edgehone.values import Plain

SAMPLES = 16
"""Layers are compared on this many samples at most: every one runs without fused kernels."""


def divergence(
    float_file: Path,
    file: Path,
    samples: tuple[Array, ...],
    precision: str,
    form: Format | None = None,
) -> Plain:
    """Layers of `file` against those of the float file, which computes what the Keras model does.

    precision: the file's default one, which chooses the bound. form: the format, by the file's
    ending if None. Returns {"first_divergence":
    {"layer", "snr_db"} of the first layer below the bound, or null; "bound_db"; "layers_db":
    {layer: dB in the order of computation, null where there is no error}, or null with "reason"
    where layers cannot be compared}. A ratio of -inf (no signal, or not finite) is given as -999.
    """
    bound = precisions.named(precision).bound_db
    try:
        found = layer_snr(float_file, file, tuple(array[:SAMPLES] for array in samples), form)
    except ExecutionError as error:
        nothing = {"first_divergence": None, "bound_db": bound, "layers_db": None}
        return {**nothing, "reason": error.message}
    left = next((layer for layer, snr_db in found.items() if snr_db < bound), None)
    layers_db = {layer: _finite(snr_db) for layer, snr_db in found.items()}
    first = None if left is None else {"layer": left, "snr_db": layers_db[left]}
    return {"first_divergence": first, "bound_db": bound, "layers_db": layers_db}


def _finite(snr_db: float) -> float | None:
    """A ratio as JSON can hold it."""
    if math.isinf(snr_db):
        return None if snr_db > 0 else -999.0
    return round(snr_db, 2)
