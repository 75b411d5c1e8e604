"""Equal samples in two splits are found and counted."""

from pathlib import Path
from typing import Any

import numpy as np

from edgehone.data import DataSettings, Split, load
from edgehone.data.leakage import leaks

X = np.random.default_rng(0).integers(0, 256, (60, 4, 4)).astype(np.uint8)
Y = np.arange(60) % 2


def test_equal_samples_are_counted_with_an_example() -> None:
    test = np.concatenate([X[:3], X[50:]])
    parts = {"train": Split(X[:50], Y[:50]), "test": Split(test, Y[:13])}
    (note,) = leaks(parts)
    assert "3 of 13 test samples are equal to train samples" in note
    assert "sample 0 of test is sample 0 of train" in note
    assert leaks({"train": parts["train"], "test": Split(X[50:], Y[:10])}) == ()


def test_samples_of_one_value_are_no_leak() -> None:
    blank = np.zeros((4, 8))
    assert leaks({"train": Split(blank, Y[:4]), "test": Split(blank, Y[:4])}) == ()


def test_leaks_are_noted_whether_samples_are_in_memory_or_not(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"x_train": X, "y_train": Y, "x_test": X[10:20], "y_test": Y[10:20]}
    np.savez(tmp_path / "data.npz", allow_pickle=False, **arrays)
    found = [load(str(tmp_path / "data.npz"), DataSettings(memory=m)) for m in (2**31, 100)]
    assert found[0].notes == found[1].notes
    assert any("of 10 test samples are equal to train samples" in note for note in found[0].notes)
