"""Labels by the names of their classes: one order holds for folders, arrays and tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.source_files import CLASSES, X, Y, images

from edgehone.data import DataSettings, Reading, load_evaluation, text_labels
from edgehone.errors import DataError

OWL_FIRST = ("owl", "cat", "dog")
AGAIN = np.array([1, 2, 0])[Y]
"""The labels in that order."""


def read(source: str, classes: tuple[str, ...] = OWL_FIRST) -> Any:
    reading = Reading(classes=classes)
    return load_evaluation(source, DataSettings(input_shape=(6,), reading=reading)).split


def saved(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "data.npz", allow_pickle=False, x=X, **arrays)
    return str(folder / "data.npz")


@pytest.mark.parametrize("form", ["numbers", "one-hot", "texts", "bytes", "numbers alone"])
def test_labels_are_counted_in_the_order_that_is_named(tmp_path: Path, form: str) -> None:
    names = np.array(CLASSES)
    arrays: dict[str, Any] = {
        "numbers": {"y": Y, "class_names": names},
        "one-hot": {"y": np.eye(3, dtype=int)[Y], "class_names": names},
        "texts": {"y": names[Y]},
        "bytes": {"y": names[Y].astype("S")},
        "numbers alone": {"y": AGAIN},
    }[form]
    assert np.array_equal(read(saved(tmp_path, **arrays)).y, AGAIN)


def test_folders_follow_the_order_too(tmp_path: Path) -> None:
    found = read(images(tmp_path).source)
    assert np.array_equal(found.y, np.sort(AGAIN))
    assert np.array_equal(found.x[:22], X[Y == 2])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"y": Y, "class_names": np.array(["cat", "dog", "cow"])},
            "The classes of .* cat, dog, cow",
        ),
        ({"y": np.array(["cat", "emu", "owl"])[Y]}, "has the label 'emu', which is not a class"),
    ],
)
def test_other_classes_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(saved(tmp_path, **arrays))
    assert "classes under [data]" in caught.value.hint


def test_texts_without_an_order_are_named_in_the_hint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has texts") as caught:
        read(saved(tmp_path, y=np.array(CLASSES)[Y]), ())
    assert 'classes = ["cat", "dog", "owl"]' in caught.value.hint


def test_labels_of_tables_that_are_texts_are_found(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,label\n1,owl\n2,cat\n3,owl\n")
    assert text_labels(str(path)) == ("cat", "owl")
    path.write_text("a,label\n1,1\n2,0\n")
    assert text_labels(str(path)) == ()
    assert text_labels("digits") == ()
