"""Images are resized as Keras's own reader of folders does it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.image_files import folders, picture

from edgehone.data import DataSettings, load_samples
from edgehone.data.sources.resizing import resized

SIZES = [(3, 4), (9, 11), (20, 31), (4, 40), (1, 1), (17, 5)]


def plainly(pixels: Any, height: int, width: int) -> Any:
    """Each new pixel between its four nearest old ones, centres half a pixel in, edges kept."""
    found = np.zeros((height, width, pixels.shape[2]))
    rows, columns = pixels.shape[:2]
    for i in range(height):
        for j in range(width):
            y = min(max((i + 0.5) * rows / height - 0.5, 0), rows - 1)
            x = min(max((j + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(y), int(x)
            below, beside = min(top + 1, rows - 1), min(left + 1, columns - 1)
            for row, weight in ((top, 1 - (y - top)), (below, y - top)):
                for column, share in ((left, 1 - (x - left)), (beside, x - left)):
                    found[i, j] += weight * share * pixels[row, column]
    return found


@pytest.mark.parametrize("size", SIZES)
def test_resizing_is_bilinear_without_antialiasing(size: tuple[int, int]) -> None:
    pixels = picture(3)
    found = resized(pixels, *size)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, plainly(pixels, *size), atol=1e-3)


def test_resized_images_keep_their_fractions_unless_the_model_takes_integers(
    tmp_path: Path,
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(picture(3)).save(tmp_path / name / "photo.png")
    found = load_samples(str(tmp_path), DataSettings(input_shape=(4, 5, 3))).x
    np.testing.assert_allclose(found[0], plainly(picture(3), 4, 5), atol=1e-3)
    whole = load_samples(str(tmp_path), DataSettings(input_shape=(4, 5, 3), input_dtype="uint8")).x
    assert whole.dtype == np.uint8
    assert np.array_equal(whole, np.trunc(found))
    first = load_samples(str(tmp_path), DataSettings(input_shape=(3, 5, 6))).x  # channels first
    np.testing.assert_allclose(np.moveaxis(first[0], 0, -1), plainly(picture(3), 5, 6), atol=1e-3)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("size", SIZES)
def test_resizing_is_that_of_tensorflow(size: tuple[int, int]) -> None:
    import tensorflow as tf

    for pixels in (picture(3), picture(1), np.tile(picture(4), (7, 5, 1))):
        right = tf.image.resize(pixels, size, method="bilinear", antialias=False).numpy()
        np.testing.assert_allclose(resized(pixels, *size), right, atol=1e-4)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize(("mode", "channels"), [("rgb", 3), ("grayscale", 1), ("rgba", 4)])
def test_folders_are_what_keras_reads(tmp_path: Path, mode: str, channels: int) -> None:
    from edgehone.graph import backend

    folders(tmp_path, "b", "a", "C", count=2)
    for number, shape in enumerate(((5, 7), (30, 40), (8, 6))):
        Image.fromarray(np.tile(picture(4), (4, 4, 1))[: shape[0], : shape[1]]).save(
            tmp_path / "b" / f"z{number}.png"
        )
    (tmp_path / "b" / "deeper").mkdir()
    Image.fromarray(picture(3)).save(tmp_path / "b" / "deeper" / "photo.png")
    keras = backend.keras()
    dataset = keras.utils.image_dataset_from_directory(
        str(tmp_path), image_size=(8, 6), color_mode=mode, shuffle=False, batch_size=99, verbose=0
    )
    ((right, labels),) = list(dataset.as_numpy_iterator())
    found = load_samples(str(tmp_path), DataSettings(input_shape=(8, 6, channels)))
    assert list(found.classes) == dataset.class_names == ["C", "a", "b"]
    assert labels.tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 2, 2]
    assert right.std() > 10
    np.testing.assert_allclose(found.x, right, atol=1e-4)
