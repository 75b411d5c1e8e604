"""One image file as bytes by channel, as `tf.image.decode_image` reads it where it can."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.errors import DataError, EdgehoneError
from edgehone.system.bounds import PIXELS
from edgehone.system.files import opened

if TYPE_CHECKING:
    from PIL import Image

PLAIN = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
    "HSV": "RGB",
}
"""Modes of Pillow, and the one with 8 bits a channel that they are read as."""

LUMA = (9798, 19235, 3735)
"""Red, green and blue in grey, in units of 2**-15: ITU-R BT.601 as libpng rounds it."""

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0
"""Tags of EXIF and TIFF."""


@dataclass(frozen=True)
class Picture:
    """values: (height, width, channels) uint8. turned: EXIF asks for it to be turned, which has
    not been done; several: the file has more frames or pages than this first one.
    """

    values: Array
    turned: bool = False
    several: bool = False


def picture_of(file: Path, channels: int) -> Picture:
    """The first frame of a file with 1 (grey), 3 (RGB) or 4 (RGBA) channels.

    16 bits a channel give their high byte. Alpha is left out where it is not wanted, and nothing
    is blended. Raises DataError for what cannot be read, or has no such bytes, by its name.
    """
    try:
        with opened(file) as stream:
            return picture_in(stream, str(file), channels)
    except EdgehoneError:
        raise
    except OSError as error:
        raise _unreadable(file, error) from error


def picture_in(stream: IO[bytes], file: str, channels: int) -> Picture:
    """The same of an image in a stream, which errors call `file`."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what Pillow thinks of alpha in palettes
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is as strict
            with Image.open(stream) as image:
                _require_size(image, file)
                several = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
                turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
                if channels == 1 and image.mode == "RGB":
                    image.draft("L", image.size)  # a JPEG has its grey values as such
                values = _values(image, file, alpha=channels == 4)
    except EdgehoneError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(file) from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"Image {file} cannot be read (cannot identify image file).", "Replace it or remove it."
        ) from error
    except Exception as error:  # decoders fail in any way on damaged files
        raise _unreadable(file, error) from error
    return Picture(_with_channels(values, channels), turned, several)


def _unreadable(file: str | Path, error: Exception) -> DataError:
    text = str(error) or type(error).__name__
    return DataError(f"Image {file} cannot be read ({text}).", "Replace it or remove it.")


def _require_size(image: "Image.Image", file: str) -> None:
    """Refuse an image before its pixels are unpacked: DataError."""
    width, height = image.size
    if width * height > PIXELS:
        raise _too_large(file)


def _too_large(file: str) -> DataError:
    return DataError(
        f"Image {file} has more than {PIXELS // 10**6} million pixels.",
        "Make it smaller, or cut it into pieces.",
    )


def _values(image: "Image.Image", file: str, *, alpha: bool) -> Array:
    """The bytes (height, width, 1 to 4) of an image: grey, grey and alpha, RGB, or RGBA."""
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PNG", "PPM")):
        return _high_bytes(image)
    transparent = "transparency" in image.info
    if mode == "P":
        plain = "RGBA" if transparent else "RGB"
    elif mode in PLAIN:
        plain = "RGBA" if transparent and alpha else PLAIN[mode]
    else:
        raise DataError(
            f"Image {file} has {_KINDS.get(mode, 'pixels')} (mode {mode}), which are not read.",
            "Save it in grey or RGB with 8 or 16 bits a channel, or give its numbers as an .npz.",
        )
    found = np.asarray(image if plain == mode else image.convert(plain))
    found = found if found.ndim == 3 else found[..., None]
    if image.format == "GIF" and transparent:
        found = np.where(found[..., 3:] == 0, np.uint8(0), found)  # TensorFlow's are black
    return found


_KINDS = {"I": "signed or 32-bit integers", "F": "floating-point numbers", "LAB": "LAB colours"}


def _high_bytes(image: "Image.Image") -> Array:
    """The 8 highest of 16 bits, or of as many as a TIFF says that it has."""
    tags: Any = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]
    found = (np.asarray(image).astype(np.uint16) >> (bits - 8)).astype(np.uint8)[..., None]
    return np.asarray(255 - found if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else found)


def _with_channels(values: Array, channels: int) -> Array:
    """Bytes (height, width, 1 to 4) with as many channels as are wanted."""
    grey, alpha = values.shape[2] < 3, values.shape[2] % 2 == 0
    colours = values[..., : 1 if grey else 3]
    if channels == 1:
        return colours if grey else _grey(colours)
    colours = np.repeat(colours, 3, axis=2) if grey else colours
    if channels == 3:
        return colours
    opacity = values[..., -1:] if alpha else np.full_like(values[..., :1], 255)
    return np.concatenate([colours, opacity], axis=2)


def _grey(colours: Array) -> Array:
    found = colours.astype(np.int32) @ np.array(LUMA, np.int32) >> 15
    return np.asarray(found.astype(np.uint8)[..., None])
