"""Images in another size, as `tf.image.resize` and `image_dataset_from_directory` make them."""

import numpy as np

from edgehone.data.sources._base import Array


def resized(pixels: Array, height: int, width: int) -> Array:
    """Bilinear with half-pixel centres and no antialiasing: (h, w, c) -> (height, width, c)
    float32, not rounded. As the kernel ResizeBilinear of TensorFlow, operation by operation.
    """
    top, bottom, down = _places(pixels.shape[0], height)
    left, right, across = _places(pixels.shape[1], width)
    down, across = down[:, None, None], across[None, :, None]
    rows = []
    for row in (top, bottom):
        start, end = (pixels[row[:, None], column].astype(np.float32) for column in (left, right))
        rows.append(start + (end - start) * across)
    return np.asarray(rows[0] + (rows[1] - rows[0]) * down)


def _places(before: int, after: int) -> tuple[Array, Array, Array]:
    """The two pixels that each new one lies between, and how far along: (after,) each."""
    scale = np.float32(before) / np.float32(after)
    centres = (np.arange(after, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    floors = np.floor(centres)
    low = np.maximum(floors.astype(np.int64), 0)
    high = np.minimum(np.ceil(centres).astype(np.int64), before - 1)
    return np.minimum(low, high), high, centres - floors
