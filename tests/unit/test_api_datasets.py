from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.actions.api.datasets import arrays_by_name, source_of
from edgehone.data.sources.datasets import is_batched
from edgehone.errors import DataError, UsageError

X, Y = np.arange(12, dtype=np.float32).reshape(6, 2), np.arange(6) % 3


class Table:
    """Like a frame of pandas: it can be made an array, and is none."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return X


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (X, ["x"]),
        (Table(), ["x"]),
        ((X, Y), ["x", "y"]),
        ([X.tolist(), Y.tolist()], ["x", "y"]),
        (((X, Y), (X, Y)), ["x_train", "y_train", "x_test", "y_test"]),
        ({"x_train": X, "y_train": Y, "x_val": X}, ["x_train", "y_train", "x_val"]),
        ({"train": (X, Y), "validation": (X, Y)}, ["x_train", "y_train", "x_val", "y_val"]),
        ({"left": X, "right": X}, ["left", "right"]),
        ({"x": X, "y": Y, "class_names": ["a", "b", "c"]}, ["x", "y", "class_names"]),
        ({"x": X, "y": Y, "group": ["ann", "bob"] * 3}, ["x", "y", "group"]),
        ({"x": X, "y": ["a", "b"] * 3, "time": np.arange(6).astype("M8[D]")}, ["x", "y", "time"]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_arrays_are_called_as_sources_call_them(data: Any, names: list[str]) -> None:
    assert list(arrays_by_name(data, "data")) == names


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ((X, Y[:5]), DataError, "6 samples, and y has 5"),
        ({"train": (X, Y), "test": (X, Y[1:])}, DataError, "x_test of data has 6"),
        ({"left": X, "right": X[1:]}, DataError, "left of data has 6"),
        ({"x": X, "y": Y, "groups": Y[1:]}, DataError, "x of data has 6 samples, and groups has 5"),
        (np.array(["a", "b"]), DataError, "not numbers"),
        ([[1.0, 2.0], [1.0]], DataError, "2 samples, and y has 1"),
        (iter([{"x": X}]), DataError, "1 values"),
        (3, UsageError, "is no data"),
        ({}, UsageError, "empty"),
        ({"x": None}, UsageError, "empty"),
        ("", UsageError, "is no data"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_data_that_do_not_fit_are_named(
    data: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        source_of(data, tmp_path)
    assert not list(tmp_path.iterdir())


def test_equal_arrays_are_one_file_and_paths_stay_as_they_are(tmp_path: Path) -> None:
    first, again = (source_of((X, Y), tmp_path) for _ in range(2))
    other = source_of((X + 1, Y), tmp_path)
    assert first == again != other
    with np.load(first) as kept:
        assert np.array_equal(kept["x"], X)
        assert np.array_equal(kept["y"], Y)
    assert source_of(tmp_path / "data.npz", tmp_path) == str(tmp_path / "data.npz")
    assert source_of("python:mine:data", tmp_path) == "python:mine:data"


@pytest.mark.slow
def test_data_sets_of_tensorflow_are_read_to_their_end() -> None:
    import tensorflow as tf

    whole = tf.data.Dataset.from_tensor_slices((X, Y))
    unknown = tf.data.Dataset.from_generator(
        lambda: zip(X, Y, strict=True),
        output_signature=(tf.TensorSpec((2,), tf.float32), tf.TensorSpec((), tf.int64)),
    )
    for data in (whole, whole.batch(4), whole.batch(3, drop_remainder=True), unknown):
        found = arrays_by_name(data, "data")
        assert np.array_equal(found["x"], X)
        assert np.array_equal(found["y"], Y)
    assert list(arrays_by_name((whole, whole.batch(2)), "data")) == [
        *("x_train", "y_train", "x_test", "y_test"),
    ]
    assert list(arrays_by_name(whole.map(lambda x, _: {"left": x, "right": x}), "data")) == [
        *("left", "right"),
    ]
    images = tf.data.Dataset.from_tensor_slices((np.zeros((4, 5, 5)), np.zeros((4, 3))))
    assert not is_batched(images.element_spec)
    with pytest.raises(DataError, match="never ends"):
        arrays_by_name(whole.repeat(), "data")
    with pytest.raises(DataError, match="3 values"):
        arrays_by_name(whole.map(lambda x, y: (x, y, 1.0)), "data")
    with pytest.raises(DataError, match="empty"):
        arrays_by_name(whole.take(0), "data")
    ragged = tf.data.Dataset.from_generator(
        lambda: (np.zeros(size) for size in (1, 2)),
        output_signature=tf.TensorSpec((None,), tf.float32),
    )
    assert arrays_by_name(ragged, "data")["x"].shape == (3,)
