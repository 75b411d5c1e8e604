"""Samples without labels are read from all that holds arrays or images, and fit the data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgehone.config.loading import Config, load
from edgehone.config.template import template
from edgehone.data import DataSettings
from edgehone.data import load as load_data
from edgehone.errors import DataError
from edgehone.system.numbers import Array
from edgehone.values import Task

SHAPE = (4, 6, 3)
X = np.random.default_rng(0).integers(0, 255, (20, *SHAPE)).astype(np.uint8)


def bare() -> Array:
    """A user's function that returns an array alone."""
    return X[:5]


def by_name() -> dict[str, Array]:
    """A user's function whose result has labels as well."""
    return {"x_train": X[:5], "y_train": np.arange(5)}


def text() -> str:
    """A user's function that returns no samples."""
    return "x"


def labelled(folder: Path) -> str:
    path = folder / "data.npz"
    np.savez(path, x=X, y=np.arange(20) % 2)
    return str(path)


def settings(source: str, **others: Any) -> DataSettings:
    return DataSettings(scale=0.5, offset=1, input_shape=SHAPE, unlabelled=source, **others)


def npy(folder: Path) -> str:
    np.save(folder / "more.npy", X[:5])
    return str(folder / "more.npy")


def npz(folder: Path) -> str:
    np.savez(folder / "more.npz", x=X[:5])
    return str(folder / "more.npz")


def pictures(folder: Path) -> str:
    """Images side by side and in a folder, beside a text."""
    for number in range(5):
        place = folder / "images" / ("deep" if number > 2 else "")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(X[number]).save(place / f"{number}.png")
    (folder / "images" / "notes.txt").write_text("seen")
    return str(folder / "images")


SOURCES: dict[str, Callable[[Path], str]] = {
    "npy": npy,
    "npz": npz,
    "images": pictures,
    "function": lambda _: f"python:{__name__}:bare",
    "function of arrays by name": lambda _: f"python:{__name__}:by_name",
}


@pytest.mark.parametrize("kind", SOURCES)
def test_samples_are_those_of_the_source_scaled_as_the_data(tmp_path: Path, kind: str) -> None:
    found = load_data(labelled(tmp_path), settings(SOURCES[kind](tmp_path)))
    assert found.unlabelled is not None
    wanted = X[:5] * np.float32(0.5) + np.float32(1)
    # images come in the order of their paths
    assert sorted(map(bytes, np.asarray(found.unlabelled))) == sorted(map(bytes, wanted))
    assert found.taught_count == len(found.train) + 5
    assert bool(found.notes) == (kind == "images")


def test_they_change_the_hash_and_nothing_else_does(tmp_path: Path) -> None:
    source = labelled(tmp_path)
    plain = load_data(source, DataSettings(scale=0.5, offset=1, input_shape=SHAPE))
    found = load_data(source, settings(npy(tmp_path)))
    assert plain.unlabelled is None
    assert plain.sha256 != found.sha256
    assert found.sha256 == load_data(source, settings(npz(tmp_path))).sha256
    assert np.array_equal(plain.train.x, found.train.x)


def test_a_limit_leaves_as_many(tmp_path: Path) -> None:
    found = load_data(labelled(tmp_path), settings(npy(tmp_path), limit=3))
    assert found.unlabelled is not None
    assert len(found.unlabelled) == 3


def cut(folder: Path) -> str:
    path = Path(npy(folder))
    path.write_bytes(path.read_bytes()[:200])
    return str(path)


def objects(folder: Path) -> str:
    np.save(folder / "odd.npy", np.array([{}], dtype=object))
    return str(folder / "odd.npy")


def narrow(folder: Path) -> str:
    np.save(folder / "narrow.npy", X[:, :2])
    return str(folder / "narrow.npy")


def labels_alone(folder: Path) -> str:
    np.savez(folder / "odd.npz", y=np.arange(4))
    return str(folder / "odd.npz")


def hollow(folder: Path) -> str:
    (folder / "hollow").mkdir()
    return str(folder / "hollow")


def none_there(folder: Path) -> str:
    np.save(folder / "none.npy", X[:0])
    return str(folder / "none.npy")


BAD: dict[str, tuple[Callable[[Path], str], str]] = {
    "missing": (lambda folder: str(folder / "no.npy"), "There are no samples at"),
    "cut short": (cut, "damaged or cut short"),
    "objects": (objects, "does not hold a plain array"),
    "another shape": (narrow, r"shape \(2, 6, 3\), but the model takes \(4, 6, 3\)"),
    "labels alone": (labels_alone, "array 'x'"),
    "no images": (hollow, "has no images"),
    "no samples": (none_there, "is empty"),
    "a text": (lambda _: f"python:{__name__}:text", "returned a str"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_does_not_fit_is_refused(tmp_path: Path, kind: str) -> None:
    make, message = BAD[kind]
    with pytest.raises(DataError, match=message):
        load_data(labelled(tmp_path), settings(make(tmp_path)))


def test_a_shape_that_no_model_says_is_that_of_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have shape"):
        load_data(labelled(tmp_path), DataSettings(unlabelled=narrow(tmp_path)))


def test_a_task_that_needs_no_labels_refuses_samples_without(tmp_path: Path) -> None:
    about = settings(npy(tmp_path), task=Task("reconstruction", "mse"))
    with pytest.raises(DataError, match="needs no labels"):
        load_data(labelled(tmp_path), about)


def test_a_project_names_them_from_its_own_folder(tmp_path: Path) -> None:
    text = template().replace("# unlabelled =", 'unlabelled = "more.npy"')
    (tmp_path / "edgehone.toml").write_text(text)
    config: Config = load(tmp_path / "edgehone.toml")
    assert config.data.unlabelled == str(tmp_path / "more.npy")
