"""What every source gives: arrays by name, the names of the classes, and what was left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int | None, ...]

SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Suffixes of the array names x_train, y_train, … and the splits they are."""

NAMES = ("x", "y", *(f"{axis}_{split}" for split in SPLITS for axis in "xy"))

CLASS_NAMES = ("class_names", "classes")
"""Names of an array of texts that says what the classes are called; the first found is taken."""

HINT = (
    "Data is an .npz file with x_train, y_train, x_val, y_val, x_test, y_test (or just x, y), "
    'a folder of class folders of images, or "python:module:function".'
)


@dataclass(frozen=True)
class Raw:
    """arrays: "x", "y", or "x_train", "y_train", "x_val", …; classes: what label 0, 1, … is called,
    where the source says so; notes: a sentence on everything that was left out or read in part.
    """

    arrays: Mapping[str, Array]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
