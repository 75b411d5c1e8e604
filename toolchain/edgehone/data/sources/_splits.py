"""Which folders hold images for training, validation and test, by what archives call them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgehone.data.sources._files import files_of, folders_of
from edgehone.errors import DataError

WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
    "test": "test",
    "testing": "test",
}

_FILLERS = ("set", "data", "dataset", "images", "imgs", "seg", "")
"""Words beside those, as in seg_train, test_set."""

_LONG_NAMES = {"train": "training", "val": "validation", "test": "test"}


def split_named(name: str) -> str:
    """The split ("train", "val", "test") that a folder is called by, in any case and whatever
    number follows, as in train2017; "": none.
    """
    words = [
        word.rstrip("0123456789").removesuffix("set")
        for word in re.split(r"[\W_]+", name.casefold())
    ]
    found = [WORDS.get(word, "") for word in words if word not in _FILLERS]
    return found[0] if len(found) == 1 else ""


def _has_images(folder: Path) -> bool:
    return bool(files_of(folder)[0])


@dataclass(frozen=True)
class Content:
    """What folders hold: what it is called, and whether a folder has any."""

    called: str = "images"
    inside: Callable[[Path], bool] = _has_images


IMAGES = Content()


def splits_of(folder: Path, content: Content = IMAGES) -> dict[str, Path]:
    """The splits of a folder that has any; {}: it holds class folders, or nothing.

    A folder counts as a split if it holds folders itself. Raises DataError for two of one split,
    for one that is unknown beside others, and for splits without training images.
    """
    children = folders_of(folder)
    found: dict[str, Path] = {}
    unknown = []
    for child in children:
        split = split_named(child.name)
        if not split or not folders_of(child):
            unknown.append(child)
        elif split in found:
            raise DataError(
                f"{found[split]} and {child} both hold {_LONG_NAMES[split]} {content.called}.",
                "Join them, or move one elsewhere.",
            )
        else:
            found[split] = child
    if not found:
        _require_no_splits_below(children)
        _require_unlike(children)
        return {}
    _require_known(unknown, found, content)
    if "train" not in found:
        raise DataError(
            f"Folder {folder} has {_names(found)}, and no training {content.called} beside.",
            f"Call their folder train, or give {next(iter(found.values()))} itself as data.",
        )
    return {split: found[split] for split in _LONG_NAMES if split in found}


def _require_known(unknown: list[Path], found: dict[str, Path], content: Content) -> None:
    """Refuse folders of content beside splits that are none themselves, or have no classes."""
    for child in unknown:
        if split_named(child.name):
            raise DataError(
                f"Folder {child} has no class folders of {content.called}, beside {_names(found)}.",
                f"Put its {content.called} into folders called like their classes, or move it "
                "elsewhere.",
            )
        if content.inside(child):
            raise DataError(
                f"Folder {child} is not a split that is known, beside {_names(found)}.",
                f"Known, in any case: {', '.join(WORDS)}. Rename it, or move it elsewhere.",
            )


def _require_no_splits_below(classes: list[Path]) -> None:
    """Refuse splits one folder further down, which would be taken for parts of a class."""
    for child in classes:
        inside = [below.name for below in folders_of(child) if split_named(below.name)]
        if inside:
            raise DataError(
                f"Folder {child} stands where classes are looked for, and holds {inside[0]}.",
                f"Give {child} itself as data if it holds the splits; if it is a class, put "
                "train, val and test above the classes.",
            )


def _require_unlike(classes: list[Path]) -> None:
    """Refuse folders that all hold the same folders: those are the classes, or images and labels,
    and theirs are folds or other parts of the data.
    """
    inside = [[below.name for below in folders_of(child)] for child in classes]
    if len(classes) < 2 or not inside[0] or any(each != inside[0] for each in inside[1:]):
        return
    raise DataError(
        f"Folders {classes[0].name} and {classes[1].name} stand where classes are looked for, and "
        f"all hold the same folders ({', '.join(inside[0][:3])}).",
        "If those are the classes: call the folders above train, val and test, or give one of them "
        "as data. If those are parts of a class, put their images into one folder.",
    )


def _names(found: dict[str, Path]) -> str:
    return " and ".join(path.name for path in found.values())
