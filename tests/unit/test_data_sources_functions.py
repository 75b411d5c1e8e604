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
    "generator": (batches, "a generator"),
    "iterator": (lambda: iter([(X, Y)]), "a list_iterator"),
    "map": (lambda: map(np.sum, X), "a map"),
    "function": (lambda: batches, "a function"),
    "torch": (named("torch.utils.data.dataloader", "DataLoader"), "a torch DataLoader"),
    "torch set": (named("torch.utils.data.dataset", "Dataset"), "a torch Dataset"),
    "own torch set": (
        named("mine", "Cats", named("torch.utils.data.dataset", "Dataset")),
        r"a torch Dataset \(Cats\)",
    ),
    "hugging face": (named("datasets.arrow_dataset", "Dataset"), "a Hugging Face dataset"),
    "keras": (
        named("mine", "Batches", named("keras.src.trainers.py", "PyDataset")),
        r"a keras PyDataset \(Batches\)",
    ),
    "tf.keras": (
        named("mine", "Batches", named("tf_keras.src.utils.data_utils", "Sequence")),
        "a keras PyDataset",
    ),
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


def advice_for(value: Any) -> str:
    with pytest.raises(DataError) as caught:
        by_name(value, "python:data:load")
    return caught.value.hint.removeprefix("Return arrays instead: ").removesuffix("; return x, y.")


def followed(advice: str, **names: Any) -> tuple[Any, Any]:
    """The arrays that a hint's line of Python makes."""
    line = advice.partition(", without")[0].partition(", of as many")[0]
    found: dict[str, Any] = {"numpy": np, **names}
    exec(line, found)  # noqa: S102  the advice is our own
    return found["x"], found["y"]


def test_advice_for_generators_makes_the_arrays() -> None:
    x, y = followed(advice_for(batches()), batches=batches())
    assert np.array_equal(x, X)
    assert np.array_equal(y, Y)


@pytest.mark.slow
@pytest.mark.peer
def test_advice_for_datasets_of_keras_and_tensorflow_makes_the_arrays() -> None:
    import tensorflow as tf

    from edgehone.graph import backend

    class Batches(backend.keras().utils.PyDataset):  # type: ignore[misc]  # Keras has no types
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return X[20 * index : 20 * index + 20], Y[20 * index : 20 * index + 20]

    single = tf.data.Dataset.from_tensor_slices((X, Y))
    for dataset in (Batches(), single.batch(7), single.batch(7).prefetch(1)):
        x, y = followed(advice_for(dataset), dataset=dataset)
        assert np.array_equal(x, X)
        assert np.array_equal(y, Y)
    advice = advice_for((single, single))
    assert "a tf.data.Dataset" not in advice
    x, y = followed(advice.replace(".unbatch()", "", 1), dataset=single)
    assert np.array_equal(x, X)


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
