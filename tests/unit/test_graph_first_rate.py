"""The learning rate that a model file says its training began with."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from edgehone.graph.first_rate import first_rate

COSINE = {"class_name": "CosineDecay", "config": {"initial_learning_rate": 3e-3, "decay_steps": 9}}
WARMED = {
    "class_name": "CosineDecay",
    "config": {"initial_learning_rate": 0.0, "warmup_target": 2e-3},
}


def keras_file(folder: Path, optimizer: Any) -> str:
    """An archive that describes a compiled model."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", json.dumps({"compile_config": {"optimizer": optimizer}}))
    return str(path)


@pytest.mark.parametrize(
    ("kind", "rate", "expected"),
    [
        ("Adam", 5e-3, 5e-3),
        ("AdamW", COSINE, 3e-3),
        ("Adam", WARMED, 2e-3),
        ("Adam", 1e-6, None),  # lowered on the way
        ("Adam", 0.5, None),
        ("Adam", "fast", None),
        ("SGD", 1e-3, None),  # means something else
    ],
)
def test_rate_of_adam_is_known(
    kind: str, rate: Any, expected: float | None, tmp_path: Path
) -> None:
    optimizer = {"class_name": kind, "config": {"learning_rate": rate}}
    assert first_rate(keras_file(tmp_path, optimizer)) == expected


@pytest.mark.parametrize("optimizer", [None, "adam", [], {"class_name": "Adam"}])
def test_rate_is_unknown_where_the_file_does_not_say(optimizer: Any, tmp_path: Path) -> None:
    assert first_rate(keras_file(tmp_path, optimizer)) is None


def test_rate_is_unknown_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "damaged.keras").write_bytes(b"PK\x03\x04")
    sources = ["python:mine:teacher", str(tmp_path / "none.h5"), str(tmp_path / "damaged.keras")]
    assert [first_rate(source) for source in sources] == [None] * 3


def test_rate_in_an_old_file_is_known(tmp_path: Path) -> None:
    import h5py  # type: ignore[import-untyped]  # it has no types

    optimizer = {"class_name": "Adam", "config": {"learning_rate": 2e-3}}
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["training_config"] = json.dumps({"optimizer_config": optimizer})
    assert first_rate(str(tmp_path / "old.h5")) == 2e-3
