"""Folders of images as archives have them: which split, which class, and what is left out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.image_files import folders

from edgehone.data import DataSet, DataSettings, load, load_samples
from edgehone.data.sources._splits import split_named
from edgehone.data.sources.folders import read_folder
from edgehone.errors import DataError


def sizes(found: DataSet) -> list[int]:
    return [len(split) for split in (found.train, found.validation, found.test)]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "valid", "test"),
        ("Training", "Validation", "Testing"),
        ("TRAIN", "dev", "eval_"),
        ("training_set", "val", "test_set"),
        ("seg_train", "eval", "seg_test"),
        ("train-images", "valset", "testset"),
    ],
)
def test_splits_are_known_by_what_archives_call_them(
    tmp_path: Path, train: str, validation: str, test: str
) -> None:
    test = test.replace("eval_", "Test")
    for name, count in ((train, 9), (validation, 5), (test, 3)):
        folders(tmp_path / name, "a", "b", count=count)
    found = load(str(tmp_path))
    assert sizes(found) == [18, 10, 6]
    assert found.classes == ("a", "b")
    assert found.notes == ()


def test_a_class_may_be_called_like_a_split(tmp_path: Path) -> None:
    folders(tmp_path, "bicycle", "bus", "train")
    found = load(str(tmp_path))
    assert found.classes == ("bicycle", "bus", "train")
    assert sum(sizes(found)) == 18


@pytest.mark.parametrize("suffix", [".TIF", ".tiff", ".bmp", ".WebP", ".JPG", ".jfif", ".tga"])
def test_images_have_many_suffixes_in_any_case(tmp_path: Path, suffix: str) -> None:
    folders(tmp_path, "a", count=8)
    (tmp_path / "b").mkdir()
    for number in range(8):
        image = Image.new("L", (4, 4), 200)
        image.save(tmp_path / "b" / f"{number}{suffix.lower()}")
        (tmp_path / "b" / f"{number}{suffix.lower()}").rename(tmp_path / "b" / f"{number}{suffix}")
    assert sum(sizes(load(str(tmp_path)))) == 16


def test_images_in_deeper_folders_belong_to_the_class_above(tmp_path: Path) -> None:
    folders(tmp_path, "a", "b")
    folders(tmp_path / "b", "session 1", count=3)
    folders(tmp_path / "b", ".hidden", "__MACOSX", count=3)
    found = load(str(tmp_path))
    labels = np.concatenate([found.train.y, found.validation.y, found.test.y])
    assert np.bincount(labels).tolist() == [6, 9]


def test_what_is_left_out_is_told_with_numbers(tmp_path: Path) -> None:
    folders(tmp_path / "train", "a", "b")
    folders(tmp_path / "test", "a", count=3)
    for name in ("notes.txt", "more.TXT", "list", ".hidden", "Thumbs.db"):
        (tmp_path / "train" / "a" / name).write_text("no image")
    Image.new("L", (4, 4)).save(tmp_path / "train" / "loose.png")
    exif = Image.Exif()
    exif[0x0112] = 3
    for number in range(2):
        Image.new("L", (4, 4), 9).save(tmp_path / "train" / "b" / f"t{number}.png", exif=exif)
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 90)]
    frames[0].save(tmp_path / "train" / "b" / "film.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "labels").mkdir()
    folders(tmp_path / "test", "b", count=2)
    train = tmp_path / "train"
    found = load(str(tmp_path))
    assert found.notes == (
        f"Left out of {train}, as no images: 1 without a suffix, 2 .txt.",
        f"Left out of {train}, as in no class folder: 1 image.",
        "Read as stored, though marked as turned (EXIF): 2 images. Keras's "
        "image_dataset_from_directory does the same.",
        "Read the first frame or page only of 1 image that have more.",
    )


def test_a_class_that_one_split_lacks_is_told_and_keeps_its_label(tmp_path: Path) -> None:
    folders(tmp_path / "train", "a", "b", "c")
    folders(tmp_path / "valid", "a", "c")
    folders(tmp_path / "test", "b", "c")
    found = load(str(tmp_path))
    assert found.notes == (
        f"Class 'b' has no images in {tmp_path / 'valid'}.",
        f"Class 'a' has no images in {tmp_path / 'test'}.",
    )
    assert set(found.test.y.tolist()) == {1, 2}
    assert set(found.validation.y.tolist()) == {0, 2}


def _twice(place: Path) -> None:
    folders(place / "valid", "a", "b")


def _unknown(place: Path) -> None:
    folders(place / "holdout", "a", "b")


def _flat(place: Path) -> None:
    folders(place, "test1", count=3)
    (place / "test1").rename(place / "Test")


def _empty(place: Path) -> None:
    (place / "train" / "c").mkdir()
    (place / "train" / "c" / "a.txt").write_text("no image")


def _phone(place: Path) -> None:
    (place / "train" / "a" / "photo.HEIC").write_bytes(b"x")


def _other_class(place: Path) -> None:
    folders(place / "val", "A")


WRONG: dict[str, tuple[Any, str, str]] = {
    "twice": (_twice, "both hold validation images", "Join them"),
    "unknown": (_unknown, "holdout is not a split that is known, beside train and val", "testing"),
    "flat": (_flat, "Test has no class folders of images, beside train and val", "Put its images"),
    "empty class": (_empty, r"train.c has no images that are read", r"\.tiff"),
    "a phone's": (_phone, r"photo\.HEIC is of a kind that is not read", "Convert"),
    "other class": (_other_class, "val.A has no counterpart among the training", "Their classes"),
}


def test_folders_that_all_hold_the_classes_are_no_classes(tmp_path: Path) -> None:
    for fold in ("fold1", "fold2"):
        folders(tmp_path / fold, "a", "b")
    with pytest.raises(DataError, match=r"fold1 and fold2 .* all hold the same folders \(a, b\)"):
        read_folder(tmp_path, (8, 8, 1), "float32")
    folders(tmp_path / "fold2", "c")  # now they are of different contents, as classes are
    found = read_folder(tmp_path, (8, 8, 1), "float32")
    assert found.classes == ("fold1", "fold2")


@pytest.mark.parametrize("case", WRONG)
def test_folders_that_cannot_be_understood_are_refused(tmp_path: Path, case: str) -> None:
    folders(tmp_path / "train", "a", "b")
    folders(tmp_path / "val", "a", "b")
    make, message, hint = WRONG[case]
    make(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        load(str(tmp_path))
    assert hint.replace("\\", "") in caught.value.hint


def test_splits_without_training_images_are_refused(tmp_path: Path) -> None:
    folders(tmp_path / "Testing", "a", "b")
    with pytest.raises(DataError, match="has Testing, and no training images beside"):
        load(str(tmp_path))


@pytest.mark.parametrize("below", ["archive", "cat"])
def test_splits_below_a_folder_are_not_taken_for_a_class(tmp_path: Path, below: str) -> None:
    folders(tmp_path / below / "train", "a", "b")
    folders(tmp_path / below / "test", "a", "b")
    with pytest.raises(DataError, match=f"{below} stands where classes are looked for") as caught:
        load(str(tmp_path))
    assert "itself as data" in caught.value.hint


def test_classes_that_are_not_all_there_are_refused(tmp_path: Path) -> None:
    """Labels count the folders, so that one that is missing shifts the others."""
    folders(tmp_path, "b", "c")
    with pytest.raises(DataError, match=r"has 2 classes \(b, c\), but the model has 3"):
        load(str(tmp_path), DataSettings(output_shape=(3,)))
    assert load(str(tmp_path), DataSettings(output_shape=(1,))).class_count == 2
    assert len(load_samples(str(tmp_path)).x) == 12


def test_calibration_samples_are_all_there_are_or_all_for_training(tmp_path: Path) -> None:
    folders(tmp_path / "a", "x", "y", count=10)
    found = load_samples(str(tmp_path / "a"), DataSettings(input_shape=(4, 4, 1)))
    assert (found.x.shape, found.split, found.classes) == ((20, 4, 4, 1), False, ("x", "y"))
    folders(tmp_path / "b" / "train", "x", "y", count=10)
    folders(tmp_path / "b" / "test", "x", "y", count=4)
    found = load_samples(str(tmp_path / "b"), DataSettings(input_shape=(4, 4, 1)))
    assert (len(found.x), found.split) == (20, True)


def test_years_and_numbers_are_no_part_of_a_splits_name() -> None:
    names = {"train2017": "train", "val2017": "val", "Test_2": "test", "trainset1": "train"}
    assert {name: split_named(name) for name in names} == names
    assert split_named("class7") == ""
