"""Which files below a folder are images, and which folders count."""

import os
from collections import Counter
from pathlib import Path
from typing import NoReturn

from edgehone.errors import DataError
from edgehone.system.files import reading

IMAGE_SUFFIXES = (
    ".png",
    ".apng",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".bmp",
    ".dib",
    ".gif",
    ".webp",
    ".tif",
    ".tiff",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
    ".tga",
)

OTHER_IMAGES = (
    *(".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".svg", ".psd", ".ico", ".exr", ".hdr"),
    *(".pfm", ".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"),
    *(".dcm", ".nii", ".mha", ".fits", ".fit", ".npy", ".npz", ".mat", ".mp4", ".avi", ".mov"),
)
"""Suffixes of samples that are not read: to leave them out would leave out part of a class."""

_NO_DATA = ("__macosx", "thumbs.db", "desktop.ini")
"""What systems leave beside data."""


def folders_of(folder: Path) -> list[Path]:
    """The folders in a folder by name, without hidden ones and those that systems leave."""
    with reading(folder):
        children = sorted(folder.iterdir(), key=lambda child: child.name)
        return [child for child in children if _counts(child.name) and child.is_dir()]


def files_of(folder: Path, *, deep: bool = True) -> tuple[list[Path], Counter[str]]:
    """Images in a folder, and below it if `deep`, in Keras's order; other files by suffix.

    Hidden files (a Mac leaves a "._" copy of each) are neither. Raises DataError for images of a
    kind that is not read.
    """
    images: list[Path] = []
    others: Counter[str] = Counter()
    with reading(folder):
        for place, names in _walked(folder) if deep else [(folder, _names(folder))]:
            for name in filter(_counts, names):
                suffix = Path(name).suffix.lower()
                if suffix in OTHER_IMAGES and deep:
                    raise DataError(
                        f"{place / name} is of a kind that is not read ({suffix}).",
                        "Convert it to .png or .jpg, or move it away; arrays go into one .npz.",
                    )
                if suffix in IMAGE_SUFFIXES:
                    images.append(place / name)
                else:
                    others[suffix] += 1
    return images, others


def _names(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir() if child.is_file())


def _walked(folder: Path) -> list[tuple[Path, list[str]]]:
    """Every folder with its files, both by name."""
    found = []
    for place, folders, names in os.walk(folder, onerror=_fail):
        folders[:] = filter(_counts, folders)
        found.append((Path(place), sorted(names)))
    return sorted(found, key=lambda each: str(each[0]))


def _fail(error: OSError) -> NoReturn:
    raise error


def _counts(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NO_DATA
