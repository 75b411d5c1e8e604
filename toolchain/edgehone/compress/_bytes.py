"""What a model's weights take as float32 numbers, as they are and compressed."""

import zlib
from typing import Any

import numpy as np

LEVEL = 9
"""Of DEFLATE, as in `Artifact.compressed_bytes`."""


def raw_bytes(model: Any) -> int:
    """Bytes of all weights as float32."""
    return 4 * int(sum(np.prod(weight.shape, dtype=np.int64) for weight in model.weights))


def compressed_bytes(model: Any) -> int:
    """Bytes of all weights as float32, one after the other, after DEFLATE."""
    packer = zlib.compressobj(LEVEL)
    size = sum(
        len(packer.compress(np.ascontiguousarray(weight, np.float32).tobytes()))
        for weight in model.weights
    )
    return size + len(packer.flush())
