"""Data sets: what is accepted, how it is split and converted, and what is refused."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgehone.data import DataSettings, bundled_digits, load, load_evaluation
from edgehone.errors import DataError
from edgehone.system.rows import bounds
from edgehone.values import Task

Array = NDArray[Any]
REGRESSION = Task("regression", "mae")
RECONSTRUCTION = Task("reconstruction", "mse")


def saved(folder: Path, arrays: Mapping[str, Any]) -> str:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return str(path)


def blobs(n: int = 100, classes: int = 4) -> dict[str, Array]:
    y = np.arange(n) % classes
    return {"x": np.arange(n * 6, dtype=np.float32).reshape(n, 6), "y": y}


def test_digits_are_bundled() -> None:
    digits = bundled_digits()
    assert digits.x.shape == (1797, 8, 8)
    assert digits.x.dtype == np.uint8
    assert np.bincount(digits.y).min() > 170
    found = load("digits", DataSettings(scale=1 / 16, input_shape=(8, 8, 1)))
    assert found.class_count == 10
    assert found.train.x.shape[1:] == (8, 8, 1)
    assert bounds(found.train.x) == (0, 1)


def test_x_y_split_in_70_15_15_without_overlap(tmp_path: Path) -> None:
    found = load(saved(tmp_path, blobs(200)))
    assert [len(s) for s in (found.train, found.validation, found.test)] == [140, 30, 30]
    rows = np.concatenate([found.train.x, found.validation.x, found.test.x])
    assert len(np.unique(rows[:, 0])) == 200


def test_drawn_splits_keep_the_shares_of_classes(tmp_path: Path) -> None:
    y = np.repeat([0, 1, 2], [600, 300, 100])
    found = load(saved(tmp_path, {"x": np.ones((1000, 2)), "y": y}))
    for split in (found.validation, found.test):
        assert np.abs(np.bincount(split.y) - np.array([90, 45, 15])).max() <= 1


def test_split_depends_on_the_seed_alone(tmp_path: Path) -> None:
    source = saved(tmp_path, blobs())
    assert load(source, DataSettings(seed=1)).sha256 == load(source, DataSettings(seed=1)).sha256
    assert load(source, DataSettings(seed=1)).sha256 != load(source, DataSettings(seed=2)).sha256


def test_given_splits_are_kept_and_the_missing_one_is_drawn_from_train(tmp_path: Path) -> None:
    train, test = blobs(100), blobs(20)
    arrays = {
        "x_train": train["x"],
        "y_train": train["y"],
        "x_test": test["x"] + 5,
        "y_test": test["y"],
    }
    found = load(saved(tmp_path, arrays))
    assert np.array_equal(found.test.x, test["x"] + 5)
    assert (len(found.train), len(found.validation)) == (85, 15)


def test_other_arrays_in_the_file_do_not_matter(tmp_path: Path) -> None:
    assert load(saved(tmp_path, {**blobs(), "names": np.array(["a", "b"])})).class_count == 4


@pytest.mark.parametrize(
    ("shape", "wanted", "result"),
    [
        ((8, 8), (8, 8, 1), (8, 8, 1)),
        ((8, 8, 1), (8, 8), (8, 8)),
        ((1, 8, 8), (8, 8, 1), (8, 8, 1)),
        ((8, 8), (64,), (64,)),
        ((8, 8), (None, None), (8, 8)),
        ((8, 8), (None, None, 1), (8, 8, 1)),
        ((8, 8), None, (8, 8)),
    ],
)
def test_samples_take_the_shape_of_the_model(
    tmp_path: Path, shape: tuple[int, ...], wanted: Any, result: tuple[int, ...]
) -> None:
    x = np.random.default_rng(0).random((40, *shape))
    found = load(
        saved(tmp_path, {"x": x, "y": np.arange(40) % 2}), DataSettings(input_shape=wanted)
    )
    assert found.train.x.shape[1:] == result


@pytest.mark.parametrize("wanted", [(8, 8), (4, 16), (16, 4, 1), (63,)])
def test_shapes_that_need_guessing_are_refused(tmp_path: Path, wanted: Any) -> None:
    source = saved(tmp_path, {"x": np.zeros((40, 2, 32)), "y": np.arange(40) % 2})
    with pytest.raises(DataError, match=r"shape \(2, 32\), but the model takes"):
        load(source, DataSettings(input_shape=wanted))


def test_scale_and_offset_apply_in_float32(tmp_path: Path) -> None:
    x = np.full((40, 2), 255, dtype=np.uint8)
    found = load(
        saved(tmp_path, {"x": x, "y": np.arange(40) % 2}), DataSettings(scale=2 / 255, offset=-1)
    )
    assert found.train.x.dtype == np.float32
    assert found.train.x == pytest.approx(1.0)


def test_integers_stay_for_a_model_that_takes_integers(tmp_path: Path) -> None:
    source = saved(tmp_path, {"x": np.ones((40, 2), np.int32), "y": np.arange(40) % 2})
    assert load(source, DataSettings(input_dtype="int32")).train.x.dtype == np.int32
    assert load(source).train.x.dtype == np.float32


def test_limit_cuts_every_split(tmp_path: Path) -> None:
    found = load(saved(tmp_path, blobs(1000)), DataSettings(limit=100))
    assert [len(s) for s in (found.train, found.validation, found.test)] == [100, 100, 100]
    assert np.bincount(found.train.y).tolist() == [25] * 4


@pytest.mark.parametrize(
    "y",
    [
        np.eye(4)[np.arange(100) % 4],
        (np.arange(100) % 4).astype(np.float64),
        (np.arange(100) % 4)[:, None].astype(np.uint8),
    ],
)
def test_labels_come_in_several_forms(tmp_path: Path, y: Array) -> None:
    found = load(saved(tmp_path, {**blobs(), "y": y}))
    assert found.train.y.dtype == np.int64
    assert found.train.y.shape == (70,)
    assert set(found.train.y) == {0, 1, 2, 3}


def test_reconstruction_targets_are_the_samples(tmp_path: Path) -> None:
    for arrays in ({"x": blobs()["x"]}, blobs()):
        found = load(saved(tmp_path, arrays), DataSettings(task=RECONSTRUCTION, scale=0.5))
        assert np.array_equal(found.test.x, found.test.y)
        assert found.class_count == 0
    clean = {"x": blobs()["x"] + 1, "y": blobs()["x"]}
    found = load(saved(tmp_path, clean), DataSettings(task=RECONSTRUCTION, scale=0.5))
    assert found.test.x - found.test.y == pytest.approx(0.5)


def test_calibration_is_drawn_from_train(tmp_path: Path) -> None:
    found = load(saved(tmp_path, blobs()))
    drawn = found.calibration(20, seed=1)
    assert drawn.shape == (20, 6)
    assert set(drawn[:, 0]) <= set(found.train.x[:, 0])
    assert len(found.calibration(1000, seed=1)) == 70


X, Y = blobs()["x"], blobs()["y"]
NAN = np.where(np.arange(600).reshape(100, 6) == 32, np.nan, X)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no arrays": ({"a": X}, "neither an array 'x' nor 'x_train'"),
    "no targets": ({"x": X}, "no y"),
    "lengths": ({"x": X, "y": Y[:99]}, "100 samples, y has 99"),
    "nan": ({"x": NAN, "y": Y}, "NaN or infinity, first in sample 5"),
    "strings": ({"x": X, "y": np.array(["cat"] * 100)}, "not numbers"),
    "complex": ({"x": X.astype(complex), "y": Y}, "not numbers"),
    "fractions": ({"x": X, "y": Y + 0.5}, "not an integer"),
    "nan label": ({"x": X, "y": np.where(Y == 1, np.nan, Y)}, "NaN"),
    "negative": ({"x": X, "y": Y - 1}, "label -1, which is out of range"),
    "too high": ({"x": X, "y": Y + 7}, "out of range: the model has 10"),
    "one class": ({"x": X, "y": Y * 0}, "one class only"),
    "too small": ({"x": X[:4], "y": Y[:4]}, "too small"),
    "empty": ({"x": X[:0], "y": Y[:0]}, "empty"),
    "scalar": ({"x": np.array(1.0), "y": Y}, "empty"),
    "splits differ": (
        {"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y},
        "differ in the shape of x",
    ),
    "too large": (
        {"x": X.astype(float) * 1e60, "y": Y},
        "too large for float32, first in sample 0",
    ),
    "objects": ({"x": np.array([{}, []], dtype=object), "y": Y}, "something else than plain"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays_end_in_one_clear_error(tmp_path: Path, case: str) -> None:
    arrays, message = BAD[case]
    with pytest.raises(DataError, match=message):
        load(saved(tmp_path, arrays), DataSettings(output_shape=(10,)))


def test_nan_targets_of_a_regression_are_refused(tmp_path: Path) -> None:
    y = np.where(Y == 3, np.inf, Y)
    with pytest.raises(DataError, match=r"y in .* first in sample 3"):
        load(saved(tmp_path, {"x": X, "y": y}), DataSettings(task=REGRESSION))


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, blobs()))
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"data\.npz"):
            load(str(path))
    with pytest.raises(DataError, match="no data at"):
        load(str(tmp_path / "none.npz"))
    path.write_bytes(b"\x80\x04 looks like a pickle")
    with pytest.raises(DataError, match=r"is not an \.npz file") as caught:
        load(str(path))
    assert "pickle" not in caught.value.message + caught.value.hint
    text = tmp_path / "data.xyz"
    text.write_text("1,2")
    with pytest.raises(DataError, match="neither a file"):
        load(str(text))


def draw_images(folder: Path, *, size: tuple[int, int] = (10, 6), count: int = 20) -> None:
    for label, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", size, (100 * label, number, 0)).save(folder / name / f"{number}.png")
    (folder / "cat" / "notes.txt").write_text("no image")


def test_scale_that_overflows_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too large for float32"):
        load(saved(tmp_path, blobs()), DataSettings(scale=1e38, offset=3e38))


def test_hidden_files_and_folders_are_no_images(tmp_path: Path) -> None:
    draw_images(tmp_path, count=10)
    (tmp_path / "cat" / "._0.png").write_bytes(b"what a Mac leaves beside 0.png")
    (tmp_path / "dog" / "folder.png").mkdir()
    found = load(str(tmp_path))
    assert sum(len(part) for part in (found.train, found.validation, found.test)) == 20


def test_images_are_resized_and_labelled_by_folder(tmp_path: Path) -> None:
    draw_images(tmp_path)
    found = load(str(tmp_path), DataSettings(input_shape=(4, 5, 3)))
    assert found.train.x.shape == (28, 4, 5, 3)
    assert found.class_count == 2
    assert np.array_equal(found.train.x[:, 0, 0, 0], 100.0 * found.train.y)
    assert load(str(tmp_path), DataSettings(input_shape=(6, 10, 1))).train.x.shape[1:] == (6, 10, 1)
    assert load(str(tmp_path)).train.x.shape[1:] == (6, 10, 3)


def test_image_folders_may_hold_splits(tmp_path: Path) -> None:
    draw_images(tmp_path / "train", count=20)
    draw_images(tmp_path / "validation", count=5)
    draw_images(tmp_path / "test", count=3)
    found = load(str(tmp_path))
    assert [len(s) for s in (found.train, found.validation, found.test)] == [40, 10, 6]


def test_bad_image_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no class folders"):
        load(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images"):
        load(str(tmp_path))
    (tmp_path / "empty").rmdir()
    draw_images(tmp_path, count=3)
    Image.new("RGB", (4, 4)).save(tmp_path / "dog" / "other.png")
    with pytest.raises(DataError, match="different sizes"):
        load(str(tmp_path))
    broken = tmp_path / "cat" / "0.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(DataError, match=r"0\.png cannot be read"):
        load(str(tmp_path), DataSettings(input_shape=(4, 4, 3)))


def test_functions_give_arrays_in_several_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user_data_module.py").write_text(
        "import numpy as np\n"
        "x, y = np.arange(120.).reshape(60, 2), np.arange(60) % 3\n"
        "def pair(): return x, y\n"
        "def named(): return {'x': x, 'y': y, 'x_val': None}\n"
        "def keras_like(): return (x, y), (x[:9], y[:9])\n"
        "def three(): return (x, y), (x[:6], y[:6]), (x[:9], y[:9])\n"
        "def number(): return 3\n"
        "def ragged(): return [[1, 2], [3]], [0, 1]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sizes = {"pair": (42, 9, 9), "named": (42, 9, 9), "keras_like": (51, 9, 9), "three": (60, 6, 9)}
    for name, expected in sizes.items():
        found = load(f"python:user_data_module:{name}")
        assert (len(found.train), len(found.validation), len(found.test)) == expected
    for name in ("number", "ragged", "nothing"):
        with pytest.raises(DataError, match=name):
            load(f"python:user_data_module:{name}")
    sys.modules.pop("user_data_module", None)


@pytest.mark.parametrize(
    ("x", "dtype", "message"),
    [
        (np.ones((40, 2)) / 2, "int32", r"has fractions, and the model takes integers \(int32\)"),
        (np.ones((40, 2)) * 300, "uint8", "has numbers from 300 to 300, and the model takes uint8"),
        (np.full((40, 2), -1), "uint8", "from -1 to -1, .* uint8"),
    ],
)
def test_numbers_that_an_integer_input_would_change_are_refused(
    tmp_path: Path, x: Array, dtype: str, message: str
) -> None:
    source = saved(tmp_path, {"x": x, "y": np.arange(40) % 2})
    with pytest.raises(DataError, match=message):
        load(source, DataSettings(input_dtype=dtype))
    whole = saved(tmp_path, {"x": np.full((40, 2), 7.0), "y": np.arange(40) % 2})
    assert bounds(load(whole, DataSettings(input_dtype=dtype)).train.x) == (7, 7)
    with pytest.raises(DataError, match="has fractions"):
        load(whole, DataSettings(input_dtype=dtype, scale=1 / 255))


def test_a_source_without_splits_is_judged_on_whole(tmp_path: Path) -> None:
    x, y = np.arange(120, dtype=np.float32).reshape(60, 2), np.arange(60) % 3
    np.savez(tmp_path / "d.npz", x=x, y=y)
    found = load_evaluation(str(tmp_path / "d.npz"))
    assert (len(found.split), found.given) == (60, 60)
    np.testing.assert_array_equal(found.split.x, x)
    limited = load_evaluation(str(tmp_path / "d.npz"), DataSettings(limit=12))
    assert (len(limited.split), limited.given) == (12, 60)
    assert np.bincount(limited.split.y).tolist() == [4, 4, 4]


def test_training_needs_training_samples_and_judging_does_not(tmp_path: Path) -> None:
    x, y = np.zeros((60, 2), np.float32), np.arange(60) % 3
    np.savez(tmp_path / "d.npz", x_test=x, y_test=y)
    with pytest.raises(DataError, match="neither an array 'x' nor 'x_train'"):
        load(str(tmp_path / "d.npz"))
    assert len(load_evaluation(str(tmp_path / "d.npz")).split) == 60
