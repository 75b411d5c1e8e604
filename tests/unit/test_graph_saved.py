"""What is said about model files before anything in them runs."""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import pytest

from edgehone.errors import ModelError
from edgehone.graph import saved


def keras_file(path: Path, config: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1", "date_saved": "today"}')
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"0" * 5000)
    return path


def described(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Functional", "config": {"name": "net", "layers": list(layers)}}


@pytest.mark.parametrize("name", ["none.keras", "none.h5"])
def test_read_config_names_the_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=name):
        saved.read_config(tmp_path / name)


def test_read_config_says_that_a_folder_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "net.keras").mkdir()
    with pytest.raises(ModelError, match="a folder"):
        saved.read_config(tmp_path / "net.keras")


@pytest.mark.parametrize("name", ["model.pt", "model", "model.pkl"])
def test_read_config_refuses_other_kinds_of_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(ModelError, match="not a Keras model file"):
        saved.read_config(tmp_path / name)


@pytest.mark.parametrize("keep", [0, 10, 200, 3000])
def test_read_config_says_that_a_cut_keras_file_is_damaged(tmp_path: Path, keep: int) -> None:
    path = keras_file(tmp_path / "net.keras", described())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match="damaged or cut short"):
        saved.read_config(path)


def test_read_config_says_that_a_cut_h5_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = list(range(5000))
        file.attrs["model_config"] = json.dumps(described())
    assert saved.read_config(path) == described()
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ModelError, match="damaged or cut short"):
        saved.read_config(path)


def test_read_config_says_that_a_weights_file_describes_no_model(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "only.weights.h5", "w") as file:
        file["kernel"] = [1.0]
    with pytest.raises(ModelError, match="holds weights only"):
        saved.read_config(tmp_path / "only.weights.h5")


@pytest.mark.slow
def test_unknown_layers_are_layers_and_no_optimizers_or_marks() -> None:
    own = {"class_name": "Own", "config": {"name": "mine"}, "module": "somewhere"}
    tensor = {"class_name": "__keras_tensor__", "config": {}}
    dense = {"class_name": "Dense", "config": {"name": "d"}, "module": "keras.layers"}
    strange = {"class_name": "Denser", "config": {"name": "e"}, "module": "keras.layers"}
    config = described(dense, own, tensor, strange)
    config["compile_config"] = {"optimizer": {"class_name": "Adam", "config": {"name": "adam_3"}}}
    assert [part.text for part in saved.unknown_parts(config)] == ["'mine' (Own)", "'e' (Denser)"]
    assert saved.unregistered(config) == ["'mine' (Own)"]


def test_require_graph_refuses_subclassed_models() -> None:
    config = {"class_name": "MyNet", "config": {"width": 3}}
    with pytest.raises(ModelError, match=r"subclassed model \(MyNet\)"):
        saved.require_graph(config, Path("net.keras"))


def test_make_reproducible_makes_equal_models_equal_files(tmp_path: Path) -> None:
    policy: dict[str, Any] = {"class_name": "DTypePolicy", "config": {}}
    layer: dict[str, Any] = {"class_name": "Dense", "config": {}}
    parts = ({**policy, "shared_object_id": 139761602015696}, policy)
    first, second = (
        keras_file(tmp_path / f"{n}.keras", described({**layer, "shared_object_id": n}, part))
        for n, part in zip((7139761602015, 5139761602015), parts, strict=True)
    )
    with zipfile.ZipFile(second, "a") as archive:
        archive.writestr(zipfile.ZipInfo("more.txt", (2020, 1, 1, 0, 0, 0)), "x")
    with zipfile.ZipFile(first, "a") as archive:
        archive.writestr(zipfile.ZipInfo("more.txt", (2021, 1, 1, 0, 0, 0)), "x")
    for path in (first, second):
        saved.make_reproducible(path)
    assert first.read_bytes() == second.read_bytes()
    assert saved.read_config(first) == described({**layer, "shared_object_id": 1}, policy)
