"""Samples for inputs: all that were given count, and how many of them are used is told."""

from pathlib import Path

import numpy as np
import pytest
from tests.image_files import folders

from edgehone.actions.export.samples import samples
from edgehone.data import DataSettings, load
from edgehone.errors import DataError, UsageError
from edgehone.export.ports import Port
from edgehone.values import Task

PORT = Port("x", (2,), "float32")
X = np.arange(80, dtype=np.float32).reshape(40, 2)


def saved(folder: Path, **arrays: np.ndarray) -> str:
    np.savez(folder / "data.npz", allow_pickle=False, **arrays)
    return str(folder / "data.npz")


def test_all_samples_are_drawn_from(tmp_path: Path) -> None:
    source = saved(tmp_path, x=X)
    fed = samples(source, [PORT], 100, 0, DataSettings())
    assert sorted(fed.inputs[0][:, 0]) == X[:, 0].tolist()
    assert fed.document() == {
        "source": source,
        "given": 40,
        "used": 40,
        "split": None,
        "classes": [],
        "notes": [],
    }
    some = samples(source, [PORT], 15, 0, DataSettings())
    assert (some.given, len(some.inputs[0])) == (40, 15)
    assert len(np.unique(some.inputs[0][:, 0])) == 15
    held = load(source, DataSettings(task=Task("reconstruction", "mse"))).test.x[:, 0]
    seen = [samples(source, [PORT], 15, seed, DataSettings()).inputs[0][:, 0] for seed in range(9)]
    assert set(held) <= set(np.concatenate(seen))


def test_a_training_split_is_drawn_from_alone_and_told(tmp_path: Path) -> None:
    source = saved(tmp_path, x_train=X, x_test=-X, classes=np.array(["cat", "dog"]))
    fed = samples(source, [PORT], 100, 0, DataSettings())
    assert sorted(fed.inputs[0][:, 0]) == X[:, 0].tolist()
    about = fed.document() or {}
    assert (about["split"], about["given"], about["classes"]) == ("train", 40, ["cat", "dog"])


def test_one_sample_is_enough_and_targets_do_not_matter(tmp_path: Path) -> None:
    source = saved(tmp_path, x=X[:1], y=np.array(["cat"]))
    assert samples(source, [PORT], 9, 0, DataSettings()).inputs[0].shape == (1, 2)


def test_several_inputs_are_drawn_together(tmp_path: Path) -> None:
    source = saved(tmp_path, left=X, right=-X)
    fed = samples(
        source,
        [Port("left", (2,), "float32"), Port("right", (2,), "float32")],
        9,
        0,
        DataSettings(),
    )
    assert np.array_equal(fed.inputs[0], -fed.inputs[1])
    assert (fed.given, len(fed.inputs[0])) == (40, 9)


def test_what_is_left_out_of_images_is_reported(tmp_path: Path) -> None:
    folders(tmp_path, "cat", "dog", count=3)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    fed = samples(str(tmp_path), [Port("x", (4, 4, 1), "float32")], 100, 0, DataSettings())
    about = fed.document() or {}
    assert (about["given"], about["classes"]) == (6, ["cat", "dog"])
    assert about["notes"] == [f"Left out of {tmp_path}, as no images: 1 .txt."]


WORDS = np.array([["a", "b"]] * 40)
BAD: dict[str, tuple[np.ndarray, str]] = {
    "text": (WORDS, "right in .* has texts"),
    "nan": (np.where(X == 9, np.nan, X), "right in .* has NaN or infinity, first in sample 4"),
    "complex": (X * 1j, "right in .* has complex numbers"),
    "fractions": (X / 3, "right in .* has fractions"),
    "fewer": (X[:9], "right in .* is of shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_several_inputs_are_checked_as_one_is(tmp_path: Path, case: str) -> None:
    values, message = BAD[case]
    source = saved(tmp_path, left=X, right=values)
    kind = "int32" if case == "fractions" else "float32"
    with pytest.raises(DataError, match=message):
        samples(
            source, [Port("left", (2,), "float32"), Port("right", (2,), kind)], 9, 0, DataSettings()
        )


def test_a_damaged_file_for_several_inputs_is_told(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, left=X, right=X))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged or cut short"):
        samples(
            str(path),
            [Port("left", (2,), "float32"), Port("right", (2,), "float32")],
            9,
            0,
            DataSettings(),
        )


def test_one_scale_for_several_inputs_is_refused(tmp_path: Path) -> None:
    ports = [Port("left", (2,), "float32"), Port("right", (2,), "float32")]
    with pytest.raises(UsageError, match="2 inputs, and one scale"):
        samples(saved(tmp_path, left=X, right=X), ports, 9, 0, DataSettings(scale=0.5))
