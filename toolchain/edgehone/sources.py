"""Where data comes from: an .npz file, a folder of class folders of images, or a function."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import DataError
from edgehone.files import reading
from edgehone.references import call, is_reference

Array = NDArray[Any]
Shape = tuple[int | None, ...]

SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Suffixes of the array names x_train, y_train, … and the splits they are."""

NAMES = ("x", "y", *(f"{axis}_{split}" for split in SPLITS for axis in "xy"))
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm")
SPLIT_FOLDERS = {"train": "train", "val": "val", "validation": "val", "test": "test"}

_HINT = (
    "Data is an .npz file with x_train, y_train, x_val, y_val, x_test, y_test (or just x, y), "
    'a folder of class folders of images, or "python:module:function".'
)
_DAMAGED = "Copy or download the file again, or save it anew with numpy.savez_compressed."


def read(source: str, shape: Shape | None = None) -> Mapping[str, Array]:
    """The arrays of a source by name: "x", "y", or "x_train", "y_train", "x_val", ….

    shape: of one sample as the model takes it, which images are resized to.
    Raises DataError when the source is missing, damaged or holds no such arrays.
    """
    if is_reference(source):
        return _named(_from_function(call(source, (), DataError), source), source)
    path = Path(source).expanduser()
    if path.is_dir():
        return _images(path, shape)
    if not path.exists():
        raise DataError(f"There is no data at {source!r}.", _HINT)
    if path.suffix != ".npz":
        raise DataError(f"{source!r} is neither an .npz file nor a folder.", _HINT)
    return _named(_npz(path), source)


def _npz(path: Path) -> dict[str, Array]:
    if not _is_archive(path):
        raise DataError(f"{path} is no .npz file, or is damaged or cut short.", _DAMAGED)
    try:
        with reading(path), np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in NAMES}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise DataError(f"{path} is damaged or cut short ({error}).", _DAMAGED) from error
    except ValueError as error:
        raise DataError(
            f"{path} holds something else than plain arrays ({error}).",
            "Save numbers with numpy.savez_compressed; arrays of Python objects are not read.",
        ) from error


def _is_archive(path: Path) -> bool:
    with reading(path), path.open("rb") as stream:
        return zipfile.is_zipfile(stream)


def _from_function(found: Any, source: str) -> dict[str, Any]:
    """A function's result by name: a mapping, (x, y), or two or three (x, y) pairs."""
    if isinstance(found, Mapping):
        return {str(name): value for name, value in found.items() if name in NAMES}
    if isinstance(found, Sequence) and 1 <= len(found) <= 3:
        if all(isinstance(part, tuple | list) and len(part) == 2 for part in found):
            order = ("train", "test") if len(found) == 2 else ("train", "val", "test")
            pairs = zip(order, found, strict=False)
            return {f"{a}_{split}": v for split, p in pairs for a, v in zip("xy", p, strict=True)}
        if len(found) <= 2:
            return dict(zip("xy", found, strict=False))
    raise DataError(
        f"{source!r} returned {type(found).__name__}, not arrays by name.",
        "Return a dict of x, y (or x_train, y_train, …), or (x, y), or pairs of them.",
    )


def _named(found: Mapping[str, Any], source: str) -> dict[str, Array]:
    if "x" not in found and "x_train" not in found:
        raise DataError(f"{source!r} has neither an array 'x' nor 'x_train'.", _HINT)
    try:
        return {name: np.asarray(value) for name, value in found.items() if value is not None}
    except ValueError as error:
        raise DataError(f"{source!r} has arrays of ragged rows ({error}).", _HINT) from error


def _images(folder: Path, shape: Shape | None) -> dict[str, Array]:
    """Images of class folders, directly in `folder` or in its train, val and test folders."""
    with reading(folder):
        children = {child.name: child for child in sorted(folder.iterdir()) if child.is_dir()}
    if "train" not in children:
        return _class_folders(folder, shape, _classes(folder), "")
    classes = _classes(children["train"])
    found: dict[str, Array] = {}
    for name, split in SPLIT_FOLDERS.items():
        if name in children:
            found |= _class_folders(children[name], shape, classes, f"_{split}")
    return found


def _classes(folder: Path) -> list[str]:
    with reading(folder):
        children = sorted(folder.iterdir())
    found = [child.name for child in children if child.is_dir() and not child.name.startswith(".")]
    if not found:
        raise DataError(f"Folder {folder} has no class folders of images.", _HINT)
    return found


def _class_folders(
    folder: Path, shape: Shape | None, classes: Sequence[str], suffix: str
) -> dict[str, Array]:
    unknown = [name for name in _classes(folder) if name not in classes]
    if unknown:
        raise DataError(f"Class folder {folder / unknown[0]} has no counterpart in train.", _HINT)
    images, labels = [], []
    for label, name in enumerate(classes):
        files = _image_files(folder / name) if (folder / name).is_dir() else []
        for file in files:
            images.append(_image(file, shape))
            labels.append(label)
    if not images:
        raise DataError(f"Folder {folder} has no images.", f"Known: {', '.join(IMAGE_SUFFIXES)}.")
    if len({image.shape for image in images}) > 1:
        raise DataError(
            f"The images in {folder} have different sizes and nothing says which is wanted.",
            "Give a model whose input has a fixed size, or resize the images.",
        )
    return {f"x{suffix}": np.stack(images), f"y{suffix}": np.asarray(labels)}


def _image_files(folder: Path) -> list[Path]:
    """The images of one class; hidden files (a Mac leaves a "._" copy of each) are none."""
    with reading(folder):
        inside = sorted(folder.iterdir())
    images = [file for file in inside if file.suffix.lower() in IMAGE_SUFFIXES]
    return [file for file in images if not file.name.startswith(".") and file.is_file()]


def _image(file: Path, shape: Shape | None) -> Array:
    """One image as (height, width, channels) bytes, in the size and channels of `shape`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    height, width, channels = (*(shape or ()), None, None, None)[:3]
    try:
        with Image.open(file) as opened:
            image = ImageOps.exif_transpose(opened)
            mode = {1: "L", 4: "RGBA"}.get(channels or 3, "RGB")
            if channels is None and shape is not None and len(shape) == 2:
                mode = "L"
            image = image.convert(mode)
            if height and width and image.size != (width, height):
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            pixels = np.asarray(image)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(
            f"Image {file} cannot be read ({error}).", "Replace it or remove it."
        ) from error
    return pixels if pixels.ndim == 3 else pixels[..., None]
