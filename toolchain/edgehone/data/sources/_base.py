"""What every source gives: arrays by name, the names of the classes, and what was left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from edgehone.values import NOTHING

Array = NDArray[Any]
Shape = tuple[int | None, ...]

SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Suffixes of the array names x_train, y_train, … and the splits they are."""

NAMES = ("x", "y", *(f"{axis}_{split}" for split in SPLITS for axis in "xy"))

BESIDE = {"group": ("group", "groups"), "time": ("time", "times")}
"""What samples may have beside targets, for drawing splits, and what arrays of it are called."""

BESIDE_NAMES = tuple(
    f"{name}{suffix}"
    for names in BESIDE.values()
    for name in names
    for suffix in ("", *(f"_{split}" for split in SPLITS))
)

CLASS_NAMES = ("class_names", "classes")
"""Names of an array of texts that says what the classes are called; the first found is taken."""

TRAINING = ("x", "x_train")
"""Arrays of which a source for training needs one."""

HINT = (
    "Data is an .npz file with x_train, y_train, x_val, y_val, x_test, y_test (or just x, y), "
    "a folder of .npy files called so, a table (.csv, .parquet), a folder of class folders of "
    'images or of WAV audio, TFRecord files, or "python:module:function".'
)


@dataclass(frozen=True)
class Feature:
    """One feature of the examples in a TFRecord file: its type, and its shape in one sample."""

    dtype: str
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a source is read, where it needs to be said.

    target: the columns, or the feature, of the targets; features: columns of the samples, in this
    order; group, time, split: columns of that; described: features of a TFRecord file by name.
    classes: the names of the classes in the order of the model's outputs. front_end: what makes
    samples of audio; audio: its settings by their keys. limit: most
    samples that are taken of what never ends.
    """

    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    split: str = ""
    described: Mapping[str, Feature] = field(default_factory=lambda: NOTHING)
    classes: tuple[str, ...] = ()
    front_end: str = ""
    audio: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    limit: int | None = None


PLAIN = Reading()
"""For a source that says everything itself."""


@dataclass(frozen=True)
class Raw:
    """arrays: "x", "y", or "x_train", "y_train", "x_val", …, and "group", "time" likewise;
    classes: what label 0, 1, … is called, where the source says so; notes: a sentence on everything
    that was left out or read in part.
    """

    arrays: Mapping[str, Array]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
