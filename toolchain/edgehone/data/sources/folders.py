"""Folders of class folders of images, alone or one for each split, as archives have them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgehone.data.sources import _splits
from edgehone.data.sources._base import HINT, Array, Raw, Shape
from edgehone.data.sources._files import IMAGE_SUFFIXES, files_of, folders_of
from edgehone.data.sources.decoding import decoded
from edgehone.data.sources.pixels import Picture, picture_of
from edgehone.data.sources.resizing import resized
from edgehone.errors import DataError
from edgehone.system.files import reading

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Look:
    """How a model takes images: height and width (None: as they come), 1, 3 or 4 channels, which
    come first or last; whole: as integers, so that what resizing makes is cut to whole numbers,
    as Keras casts it.
    """

    height: int | None
    width: int | None
    channels: int
    first: bool = False
    whole: bool = False

    @classmethod
    def of(cls, shape: Shape | None, dtype: str) -> "Look":
        """The look of a model's input; None: images as they come, in RGB."""
        sizes = shape or ()
        whole = "int" in dtype
        if len(sizes) == 3 and sizes[2] not in (*_CHANNELS, None) and sizes[0] in _CHANNELS:
            return cls(sizes[1], sizes[2], int(sizes[0] or 3), first=True, whole=whole)
        height, width, channels = (*sizes, None, None, None)[:3]
        usual = 1 if len(sizes) == 2 else 3
        return cls(height, width, channels if channels in _CHANNELS else usual, whole=whole)

    def __call__(self, picture: Picture) -> Array:
        """One picture in the size wanted: bytes where it had it, else float32 (or cut bytes)."""
        found = picture.values
        if self.height and self.width and found.shape[:2] != (self.height, self.width):
            found = resized(found, self.height, self.width)
            found = found.astype(np.uint8) if self.whole else found
        return np.moveaxis(found, -1, 0) if self.first else found


def read_folder(folder: Path, shape: Shape | None, dtype: str, order: Sequence[str] = ()) -> Raw:
    """Images of the class folders in `folder`, or in folders for training, validation and test in
    it. Labels count the class folders of the training images by name, or in the `order` given, as
    `class_names` of `image_dataset_from_directory` does.

    Raises DataError for a class without images, and for anything that cannot be read.
    """
    look = Look.of(shape, dtype)
    splits = _splits.splits_of(folder)
    if not splits:
        classes = _classes(folder, order)
        return _Reader(look, folder, classes).read({"": folder})
    classes = _classes(splits["train"], order)
    return _Reader(look, folder, classes).read({f"_{name}": splits[name] for name in splits})


def read_images(folder: Path, shape: Shape | None, dtype: str) -> Raw:
    """All images in a folder and below it as "x", whatever their folders say of them.

    Raises DataError where there are none, and for anything that cannot be read.
    """
    files, left = files_of(folder)
    reader = _Reader(Look.of(shape, dtype), folder, ())
    marks: Counter[str] = Counter()
    images = reader.images(files, folder, marks)
    return Raw({"x": images}, (), (*_not_images(folder, left), *_read_in_part(marks)))


def _classes(folder: Path, order: Sequence[str]) -> list[str]:
    found = [child.name for child in folders_of(folder)]
    if not found:
        raise DataError(f"Folder {folder} has no class folders of images.", HINT)
    return list(order) if sorted(order) == sorted(found) else found


@dataclass(frozen=True)
class _Reader:
    look: Look
    folder: Path
    classes: Sequence[str]

    def read(self, folders: Mapping[str, Path]) -> Raw:
        """All splits, by the suffix of their arrays."""
        arrays: dict[str, Array] = {}
        notes: list[str] = []
        marks: Counter[str] = Counter()
        for suffix, folder in folders.items():
            files, text = self._files(folder, train=suffix in ("", "_train"))
            notes += text
            images = self.images([file for of_class in files for file in of_class], folder, marks)
            labels = np.repeat(np.arange(len(files)), [len(of_class) for of_class in files])
            arrays |= {f"x{suffix}": images, f"y{suffix}": labels}
        return Raw(arrays, tuple(self.classes), (*notes, *_read_in_part(marks)))

    def images(self, files: Sequence[Path], folder: Path, marks: Counter[str]) -> Array:
        """All of them in one array (n, ...); `marks` counts what was read in part."""
        return decoded(files, self._image, repr(self.look), folder, marks)

    def _image(self, file: Path) -> Picture:
        picture = picture_of(file, self.look.channels)
        return replace(picture, values=self.look(picture))

    def _files(self, folder: Path, *, train: bool) -> tuple[list[list[Path]], list[str]]:
        """The images of each class, and what was left out. Raises DataError for an empty class."""
        unknown = [child for child in folders_of(folder) if child.name not in self.classes]
        if unknown:
            raise DataError(
                f"Class folder {unknown[0]} has no counterpart among the training images.",
                f"Their classes: {', '.join(self.classes)}.",
            )
        found, notes = [], []
        left: Counter[str] = Counter()
        for name in self.classes:
            of_class = folder / name
            with reading(of_class):
                there = of_class.is_dir()
            if not there and not train:
                notes.append(f"Class {name!r} has no images in {folder}.")
            images, others = files_of(of_class) if there else ([], Counter[str]())
            if there and not images:
                raise DataError(
                    f"Class folder {of_class} has no images that are read.",
                    f"Put some into it or remove it; known: {', '.join(IMAGE_SUFFIXES)}.",
                )
            found.append(images)
            left += others
        return found, [*notes, *_left_out(folder, left)]


def _left_out(folder: Path, left: Counter[str]) -> list[str]:
    """What lies in a folder of class folders and is not a part of the data."""
    notes = _not_images(folder, left)
    loose, _ = files_of(folder, deep=False)
    if loose:
        notes.append(f"Left out of {folder}, as in no class folder: {_images(len(loose))}.")
    return notes


def _not_images(folder: Path, left: Counter[str]) -> list[str]:
    if not left:
        return []
    text = ", ".join(f"{n} {suffix or 'without a suffix'}" for suffix, n in left.items())
    return [f"Left out of {folder}, as no images: {text}."]


def _read_in_part(marks: Mapping[str, int]) -> list[str]:
    notes = []
    if turned := marks["turned"]:
        notes.append(
            f"Read as stored, though marked as turned (EXIF): {_images(turned)}. Keras's "
            "image_dataset_from_directory does the same."
        )
    if several := marks["several"]:
        notes.append(f"Read the first frame or page only of {_images(several)} that have more.")
    return notes


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
