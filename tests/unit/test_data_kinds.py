"""Targets of several labels, and of one for each place: split, named, and judged by."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.data import DataSettings, load, load_evaluation
from edgehone.errors import DataError
from edgehone.tasks.kinds import task_of

Array = NDArray[Any]
LABELS = np.stack([np.arange(800) % 2, np.arange(800) % 40 == 0, np.arange(800) % 5 == 0], axis=1)
MASKS = np.random.default_rng(0).integers(0, 3, (40, 4, 5))


def saved(folder: Path, y: Array, **more: Any) -> str:
    np.savez(folder / "data.npz", x=np.ones((len(y), 2)), y=y, **more)
    return str(folder / "data.npz")


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_labels_that_do_not_exclude_each_other_keep_their_shares(tmp_path: Path, kind: Any) -> None:
    source = saved(tmp_path, LABELS.astype(kind), class_names=np.array(["a", "b", "c"]))
    found = load(source, DataSettings(task=task_of("multilabel"), output_shape=(3,)))
    assert (found.class_count, found.classes) == (3, ("a", "b", "c"))
    for split in (found.train, found.validation, found.test):
        assert split.y.dtype == np.int64
        expected = LABELS.mean(axis=0) * len(split)
        assert np.abs(split.y.sum(axis=0) - expected).max() <= 2


def test_one_label_is_a_column(tmp_path: Path) -> None:
    found = load(
        saved(tmp_path, LABELS[:, 0]), DataSettings(task=task_of("multilabel"), output_shape=(1,))
    )
    assert found.test.y.shape == (120, 1)


def test_names_must_be_as_many_as_labels(tmp_path: Path) -> None:
    source = saved(tmp_path, LABELS, class_names=np.array(["a", "b"]))
    with pytest.raises(DataError, match=r"2 classes \(a, b\), but the model has 3"):
        load(source, DataSettings(task=task_of("multilabel"), output_shape=(3,)))


@pytest.mark.parametrize(
    "y",
    [MASKS, MASKS[..., None], np.eye(3)[MASKS], MASKS.astype(np.float32)],
    ids=lambda y: y.shape,
)
def test_a_mask_comes_in_several_forms(tmp_path: Path, y: Array) -> None:
    found = load(
        saved(tmp_path, y), DataSettings(task=task_of("segmentation"), output_shape=(4, 5, 3))
    )
    assert found.class_count == 3
    assert found.train.y.shape == (28, 4, 5)
    assert found.train.y.dtype == np.int64


@pytest.mark.parametrize(
    ("kind", "y", "output"), [("multilabel", LABELS, (3,)), ("segmentation", MASKS, (4, 5, 3))]
)
def test_finished_files_are_judged_on_all_samples(
    tmp_path: Path, kind: str, y: Array, output: Any
) -> None:
    source = saved(tmp_path, y)
    found = load_evaluation(source, DataSettings(task=task_of(kind), output_shape=output))
    assert np.array_equal(found.split.y, y)
    few = load_evaluation(source, DataSettings(task=task_of(kind), output_shape=output, limit=20))
    assert len(few.split) == 20


@pytest.mark.parametrize(
    ("kind", "y", "output", "message"),
    [
        ("multilabel", LABELS, (4,), r"shape \(800, 3\), but .* need \(n, 4\)"),
        ("multilabel", LABELS * 2, (3,), "has 2 as a target"),
        ("multilabel", LABELS * np.nan, (3,), "NaN or infinity"),
        ("multilabel", LABELS * 0 + 1, (3,), "has every label in every sample"),
        ("multilabel", np.full((800, 3), "cat"), (3,), "has texts"),
        ("segmentation", MASKS, (4, 5, 2), "Label 2 in the .* out of range"),
        ("segmentation", MASKS, (5, 5, 3), r"shape \(40, 4, 5\), but the model's outputs"),
        ("segmentation", MASKS + 0.5, (4, 5, 3), "not an integer"),
        ("segmentation", MASKS * 0, (4, 5, 3), "one class only"),
        ("segmentation", MASKS[:, 0, 0], (3,), "gives scores for each place"),
    ],
)
def test_targets_that_the_model_cannot_have_are_refused(
    tmp_path: Path, kind: str, y: Array, output: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(saved(tmp_path, y), DataSettings(task=task_of(kind), output_shape=output))
    assert caught.value.hint
