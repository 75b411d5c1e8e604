"""Images are the bytes that TensorFlow's decoder gives, or refused by name."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests import archive_files
from tests.image_files import picture, png16, tiff, wide

from edgehone.data.sources.pixels import picture_of
from edgehone.errors import DataError, StorageError

RGB, GREY, ALPHA = picture(3), picture(1, 2), picture(1, 3)


def seen(path: Path, channels: int = 3) -> Any:
    found = picture_of(path, channels).values
    assert found.dtype == np.uint8
    return found


def is_luma(grey: Any, colours: Any) -> bool:
    """ITU-R BT.601, cut to whole numbers as libpng does it, with weights of 15 bits."""
    exact = colours.astype(float) @ [0.299, 0.587, 0.114]
    lost = exact - grey[..., 0]
    return bool((lost > -0.01).all() and (lost < 1.01).all() and lost.max() > 0.5)


def saved(image: Any, path: Path, **settings: Any) -> Path:
    image.save(path, **settings)
    return path


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_give_their_high_byte(tmp_path: Path, channels: int) -> None:
    values = np.concatenate([GREY if channels < 3 else RGB, ALPHA], axis=2)[..., :channels]
    path = png16(tmp_path / "wide.png", wide(values))
    colours = values[..., :1] if channels < 3 else values[..., :3]
    assert np.array_equal(seen(path), np.broadcast_to(colours, RGB.shape))
    opacity = ALPHA if channels in (2, 4) else np.full_like(ALPHA, 255)
    assert np.array_equal(seen(path, 4)[..., 3:], opacity)


@pytest.mark.parametrize(
    ("bits", "photometric", "right"), [(16, 1, [0, 1, 15, 255]), (16, 0, [255, 254, 240, 0])]
)
def test_tiff_of_sixteen_bits_may_count_from_white(
    tmp_path: Path, bits: int, photometric: int, right: list[int]
) -> None:
    data = np.array([0, 256, 4095, 65535], "<u2").tobytes()
    path = tiff(tmp_path / "wide.tif", data, bits, photometric=photometric)
    assert seen(path, 1)[0, :, 0].tolist() == right


def test_tiff_of_twelve_bits_gives_the_highest_eight(tmp_path: Path) -> None:
    path = tiff(tmp_path / "medical.tif", bytes.fromhex("000fff800010"), 12)
    assert seen(path, 1)[0, :, 0].tolist() == [0, 255, 128, 1]


@pytest.mark.parametrize("greatest", [255, 1023, 65535])
def test_pgm_fills_the_byte_whatever_its_greatest_value(tmp_path: Path, greatest: int) -> None:
    path = tmp_path / "grey.pgm"
    path.write_text(f"P2 3 1 {greatest}\n0 {greatest // 2} {greatest}\n")
    assert seen(path, 1)[0, :, 0] == pytest.approx([0, 127, 255], abs=1)


def test_alpha_is_left_out_and_never_blended(tmp_path: Path) -> None:
    path = saved(Image.fromarray(np.concatenate([RGB, ALPHA], axis=2)), tmp_path / "a.png")
    assert np.array_equal(seen(path), RGB)
    assert np.array_equal(seen(path, 4)[..., 3:], ALPHA)
    path = saved(Image.fromarray(np.concatenate([GREY, ALPHA], axis=2)), tmp_path / "la.png")
    assert np.array_equal(seen(path, 1), GREY)


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(0, 256, 16))])
def test_palettes_are_colours_and_not_numbers(tmp_path: Path, transparency: Any) -> None:
    image = Image.fromarray(RGB).quantize(16)
    colours = np.asarray(image.convert("RGB"))
    settings = {} if transparency is None else {"transparency": transparency}
    path = saved(image, tmp_path / "palette.png", **settings)
    assert np.array_equal(seen(path), colours)
    assert is_luma(seen(path, 1), colours)
    opacity = seen(path, 4)[..., 3]
    places = np.asarray(image)
    table = {None: np.full(16, 255), 3: np.where(np.arange(16) == 3, 0, 255)}
    right = np.arange(0, 256, 16) if isinstance(transparency, bytes) else table[transparency]
    assert np.array_equal(opacity, right[places])


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    mask = GREY[..., 0] > 128
    for suffix in (".png", ".bmp", ".tif", ".pbm"):
        path = saved(Image.fromarray(mask), tmp_path / f"mask{suffix}")
        assert np.array_equal(seen(path, 1)[..., 0], np.where(mask, 255, 0))


def test_colours_turn_grey_as_in_libpng(tmp_path: Path) -> None:
    path = saved(Image.fromarray(RGB), tmp_path / "colour.png")
    assert is_luma(seen(path, 1), RGB)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_is_ink_on_white(tmp_path: Path, suffix: str) -> None:
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[:4, :, 0], ink[4:, :, 3] = 255, 100
    path = saved(Image.fromarray(ink, mode="CMYK"), tmp_path / f"ink{suffix}")
    assert seen(path)[1, 1] == pytest.approx([0, 255, 255], abs=3)
    assert seen(path)[6, 6] == pytest.approx([155, 155, 155], abs=3)


def test_ycbcr_is_read_as_its_colours(tmp_path: Path) -> None:
    path = saved(Image.fromarray(RGB).convert("YCbCr"), tmp_path / "video.tif")
    assert np.abs(seen(path).astype(int) - RGB).max() <= 3


def test_orientation_is_left_as_stored_and_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for suffix in (".png", ".jpg"):
        path = saved(Image.fromarray(RGB), tmp_path / f"photo{suffix}", exif=exif)
        found = picture_of(path, 3)
        assert found.turned
        assert found.values.shape == RGB.shape
    exif[0x0112] = 1
    assert not picture_of(saved(Image.fromarray(RGB), tmp_path / "b.png", exif=exif), 3).turned


@pytest.mark.parametrize("suffix", [".gif", ".tif", ".webp", ".png"])
def test_first_of_several_frames_is_read_and_told(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (200, 100, 0)]
    settings: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    path = tmp_path / f"film{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **settings)
    found = picture_of(path, 3)
    assert found.several
    assert found.values[0, 0] == pytest.approx([200, 0, 0], abs=4)
    assert not picture_of(saved(frames[0], tmp_path / f"still{suffix}"), 3).several


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(RGB).save(path, format="PNG")
    assert np.array_equal(seen(path), RGB)


NUMBERS = np.array([0, 1, 4095, 30000])
REFUSED: dict[str, Any] = {
    "signed": (lambda p: tiff(p, NUMBERS.astype("<i2").tobytes(), 16, kind=2), "32-bit integers"),
    "32 bits": (lambda p: tiff(p, NUMBERS.astype("<i4").tobytes(), 32, kind=2), "32-bit integers"),
    "unsigned": (lambda p: tiff(p, NUMBERS.astype("<u4").tobytes(), 32), "32-bit integers"),
    "float": (lambda p: tiff(p, NUMBERS.astype("<f4").tobytes(), 32, kind=3), "floating-point"),
    "LAB": (lambda p: Image.new("LAB", (4, 4)).save(p), "LAB colours"),
    "double": (lambda p: tiff(p, NUMBERS.astype("<f8").tobytes(), 64, kind=3), "cannot be read"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_numbers_that_are_no_bytes_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    make, message = REFUSED[kind]
    path = tmp_path / "odd.tif"
    make(path)
    with pytest.raises(DataError, match=rf"odd\.tif .*{message}") as caught:
        picture_of(path, 1)
    assert caught.value.hint


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".bmp", ".webp", ".tif", ".ppm"])
def test_damaged_files_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(np.tile(RGB, (9, 9, 1))).save(path)
    whole = path.read_bytes()
    for content in (b"", b"<html>not found</html>", whole[: len(whole) // 2], whole[:30]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"photo\{suffix} cannot be read"):
            picture_of(path, 3)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bytes_are_those_of_tensorflow(tmp_path: Path, channels: int) -> None:
    import tensorflow as tf

    colours, both = Image.fromarray(RGB), Image.fromarray(np.concatenate([RGB, ALPHA], axis=2))
    palette = colours.quantize(256)
    files = {
        "grey.png": Image.fromarray(GREY[..., 0]),
        "rgb.png": colours,
        "rgba.png": both,
        "la.png": Image.fromarray(np.concatenate([GREY, ALPHA], axis=2)),
        "palette.png": palette,
    }
    if channels != 1:  # what TensorFlow refuses in grey is read here
        files |= {"rgb.bmp": colours, "grey.bmp": files["grey.png"]}
    if channels == 3:
        files |= {"film.gif": palette, "rgb.webp": colours}
    for name, image in files.items():
        settings: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
        image.save(tmp_path / name, **settings)
    palette.save(tmp_path / "clear.png", transparency=bytes(range(256)))
    if channels == 3:
        palette.save(tmp_path / "clear.gif", transparency=5)
    for count, values in ((1, GREY), (3, RGB)):
        if channels >= count:  # TensorFlow's grey of 16 bits is rounded after it was weighed
            png16(tmp_path / f"wide{count}.png", wide(values))
    for path in sorted(tmp_path.iterdir()):
        content = tf.io.read_file(str(path))
        right = tf.image.decode_image(content, channels=channels, expand_animations=False).numpy()
        assert np.array_equal(seen(path, channels), right), path.name
    if channels == 4:
        return
    for name, image in (("a.jpg", colours), ("b.jpg", files["grey.png"])):
        path = saved(image, tmp_path / name)
        right = tf.image.decode_jpeg(
            tf.io.read_file(str(path)), channels=channels, dct_method="INTEGER_ACCURATE"
        ).numpy()
        assert np.array_equal(seen(path, channels), right)


def test_large_images_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    largest = archive_files.png(tmp_path / "a.png", 10_000, 10_001)
    for file in (largest, archive_files.png(tmp_path / "b.png", 30_000, 30_000)):
        with pytest.raises(DataError, match="more than 100 million pixels"):
            picture_of(file, 3)
    with pytest.raises(DataError, match="cannot be read"):  # as large as it may be, and cut short
        picture_of(archive_files.png(tmp_path / "c.png", 100, 100), 3)


def test_an_image_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(StorageError, match="is a pipe"):
        picture_of(tmp_path / "a.png", 3)
