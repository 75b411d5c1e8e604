"""What a function may return as data, and what datasets, loaders and generators are told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.data import DataSettings, load
from edgehone.data.sources.functions import array_of, by_name
from edgehone.errors import DataError

X, Y = np.arange(120.0).reshape(60, 2), np.arange(60) % 3


def named(module: str, name: str, *bases: type) -> type:
    """A class of somebody else's module."""
    return type(name, bases, {"__module__": module})


def batches() -> Iterator[tuple[Any, Any]]:
    for start in range(0, 60, 20):
        yield X[start : start + 20], Y[start : start + 20]


class Sparse:
    __module__ = "scipy.sparse._csr"


LOADERS: dict[str, tuple[Callable[[], Any], str]] = {
    "function": (lambda: lambda: X, "a function"),
    "torch": (named("torch.utils.data.dataloader", "DataLoader"), "a torch DataLoader"),
    "torch set": (named("torch.utils.data.dataset", "Dataset"), "a torch Dataset"),
    "own torch set": (
        named("mine", "Cats", named("torch.utils.data.dataset", "Dataset")),
        r"a torch Dataset \(Cats\)",
    ),
    "hugging face": (named("datasets.arrow_dataset", "Dataset"), "a Hugging Face dataset"),
    "sparse": (Sparse, "a sparse matrix"),
}


@pytest.mark.parametrize("place", ["alone", "as x", "a pair", "pairs", "by name", "in a list"])
@pytest.mark.parametrize("kind", LOADERS)
def test_what_gives_batches_is_named_wherever_it_stands(kind: str, place: str) -> None:
    make, called = LOADERS[kind]
    returned = {
        "alone": make(),
        "as x": {"x": make(), "y": Y},
        "a pair": (make(), make()),
        "pairs": ((X, Y), (make(), Y)),
        "by name": {"train": make(), "test": make()},
        "in a list": [make()],
    }[place]
    with pytest.raises(DataError, match=f"'python:data:load' returned {called}") as caught:
        by_name(returned, "python:data:load")
    assert caught.value.hint.startswith("Return arrays instead: ")
    assert caught.value.hint.endswith("; return x, y.")


class Batches:
    """As a PyDataset of Keras."""

    __module__ = "mine"

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return X[20 * index : 20 * index + 20], Y[20 * index : 20 * index + 20]


def keras_batches() -> Any:
    own = named("keras.src.trainers.py", "PyDataset")
    return type("Mine", (Batches, own), {})()


def forever() -> Iterator[Any]:
    while True:
        yield from batches()


GIVE: dict[str, Callable[[], Any]] = {
    "generator": batches,
    "generator function": lambda: batches,
    "single samples": lambda: zip(X, Y, strict=True),
    "keras": keras_batches,
    "stated length": lambda: (forever(), 60),
}


@pytest.mark.parametrize("kind", GIVE)
def test_what_gives_samples_bit_by_bit_is_read_to_its_end(kind: str) -> None:
    make = GIVE[kind]
    alone = by_name(make(), "here")
    assert np.array_equal(alone["x"], X)
    assert np.array_equal(alone["y"], Y)
    for several in ((make(), make()), {"train": make(), "test": (X, Y)}, ((X, Y), make())):
        found = by_name(several, "here")
        assert sorted(found) == ["x_test", "x_train", "y_test", "y_train"]
        assert np.array_equal(found["x_test"], X)
        assert np.array_equal(found["y_train"], Y)
    assert len(by_name((make(), make(), make()), "here")) == 6
    for misplaced in ({"x": batches(), "y": Y}, ((X, Y), (batches(), Y))):
        with pytest.raises(DataError, match="a generator in the place of an array") as caught:
            by_name(misplaced, "here")
        assert "as a split" in caught.value.hint


def test_a_limit_ends_what_never_ends() -> None:
    found = by_name(forever(), "here", 70)
    assert np.array_equal(found["x"], np.concatenate([X, X[:10]]))
    assert len(by_name(keras_batches(), "here", 7)["x"]) == 60  # it ends by itself
    assert len(by_name((keras_batches(), 7), "here")["x"]) == 7
    endless = keras_batches()
    type(endless).num_batches = None
    type(endless).__len__ = None
    with pytest.raises(DataError, match="never ends") as caught:
        by_name(endless, "here")
    assert "limit" in caught.value.hint


def failing() -> Iterator[Any]:
    yield X, Y
    raise RuntimeError("no more")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (iter([]), "is an empty data set"),
        (iter([(X, Y, Y)]), r"gives 3 values \(ndarray, ndarray, ndarray\), not \(x, y\)"),
        (iter([({"a": X}, Y)]), "gives 2 values"),
        (iter([(X, Y[1:])]), r"gives x and y of shapes \(60, 2\) and \(59,\)"),
        (iter([(X, Y), (X[:, :1], Y)]), "not of one shape"),
        ((batches(), 0), "The length of 'here' is 0"),
        (failing(), r"Reading 'here' failed \(RuntimeError: no more\)"),
    ],
)
def test_loaders_of_something_else_are_refused(returned: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        by_name(returned, "here")


def test_more_samples_than_fit_into_memory_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehone.data.sources.gathering.free_memory", lambda: 10_000)
    with pytest.raises(DataError, match="do not fit into memory"):
        by_name(forever(), "here")


@pytest.mark.slow
@pytest.mark.peer
def test_datasets_of_keras_and_tensorflow_are_read() -> None:
    import tensorflow as tf

    from edgehone.graph import backend

    class Own(Batches, backend.keras().utils.PyDataset):  # type: ignore[misc]  # no types
        pass

    single = tf.data.Dataset.from_tensor_slices((X, Y))
    for dataset in (Own(), single, single.batch(7), single.batch(7).prefetch(1), single.repeat()):
        found = by_name(dataset, "here", 60)
        assert np.array_equal(found["x"], X)
        assert np.array_equal(found["y"], Y)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "returned nothing, not arrays"),
        (3, "returned a int, not arrays"),
        ("data.npz", "returned a str, not arrays"),
        ((X, Y, X, Y), "returned a tuple of 4, not arrays"),
        ((X, Y, ["a"]), "returned a tuple of 3, not arrays"),
    ],
)
def test_other_results_are_refused_as_what_they_are(returned: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        by_name(returned, "python:data:load")
    assert "Return a dict of x, y" in caught.value.hint


def test_values_that_are_no_arrays_are_refused_as_what_they_are() -> None:
    class Opaque:
        pass

    class Failing:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("on another device")

    with pytest.raises(DataError, match="x in 'here' is a Opaque, not an array"):
        array_of(Opaque(), "x", "here")
    with pytest.raises(DataError, match=r"cannot be made an array .on another device"):
        array_of(Failing(), "x", "here")
    with pytest.raises(DataError, match="ragged rows"):
        array_of([[1, 2], [3]], "x", "here")
    hidden = np.ma.masked_array(X, X > 100)
    with pytest.raises(DataError, match="19 of its numbers are masked"):
        array_of(hidden, "x", "here")
    assert np.array_equal(array_of(np.ma.masked_array(X), "x", "here"), X)


def test_class_names_come_from_files_and_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.npz"
    for name in ("classes", "class_names"):
        arrays: dict[str, Any] = {"x": X, "y": Y, name: np.array(["cat", "dog", "owl"])}
        np.savez(path, **arrays)
        assert load(str(path), DataSettings(output_shape=(3,))).classes == ("cat", "dog", "owl")
    np.savez(path, x=X, y=Y, classes=np.array([b"cat", b"dog", b"owl", b"yak"]))
    found = load(str(path))
    assert (found.classes, found.class_count) == (("cat", "dog", "owl", "yak"), 4)
    np.savez(path, x=X, y=Y, classes=np.arange(3))  # numbers are no names
    assert load(str(path)).classes == ()
    (tmp_path / "module_with_names.py").write_text(
        "import numpy as np\n"
        "def load():\n"
        "    return {'x': np.zeros((60, 2)), 'y': np.arange(60) % 3, 'classes': ['a', 'b', 'c']}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load("python:module_with_names:load").classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cat", "dog"], r"has 2 classes \(cat, dog\), but the model has 3"),
        (["cat", "dog", "cat"], "has 'cat' twice"),
    ],
)
def test_class_names_that_do_not_fit_are_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    np.savez(tmp_path / "data.npz", x=X, y=Y, classes=np.array(names))
    with pytest.raises(DataError, match=message):
        load(str(tmp_path / "data.npz"), DataSettings(output_shape=(3,)))


def test_labels_beyond_the_names_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=X, y=Y, classes=np.array(["cat", "dog"]))
    with pytest.raises(DataError, match=r"Label 2 .* out of range: the data name 2 classes"):
        load(str(tmp_path / "data.npz"))
