"""Models of Keras 2, made by tf_keras and TFMOT, come in as equal models of Keras 3."""

import sys
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest
from tests.troubles import described, h5, layer

from edgehone.cli.app import main
from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.legacy import origin
from edgehone.graph.legacy.carry import carry, relative_error
from edgehone.graph.loading import load, save
from edgehone.graph.saved import read_config
from edgehone.system import processes

pytestmark = [pytest.mark.peer, pytest.mark.slow]

FILES = (
    "convolutional.h5",
    "recurrent.h5",
    "embedding",
    "several.keras",
    "nested.h5",
    "functions.keras",
    "mobile.h5",
    "pruned",
    "clustered.h5",
    "quantized.h5",
    "quantized.keras",
)
TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files, written by a program of its own: tf_keras and Keras 3 do not mix."""
    found = tmp_path_factory.mktemp("old")
    program = Path(__file__).parents[1] / "old_models.py"
    done = processes.run([sys.executable, str(program), str(found), *FILES], timeout_s=900)
    assert done.exit_code == 0, done.stderr[-3000:]
    return found


def kept(folder: Path, name: str, axis: str) -> list[Any]:
    with np.load(folder / f"{Path(name).stem}.npz", allow_pickle=False) as archive:
        return [archive[f"{axis}{n}"] for n in range(len(archive.files)) if f"{axis}{n}" in archive]


@pytest.mark.parametrize("name", FILES)
def test_old_models_come_in_equal(
    name: str, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = load(str(folder / name))
    keras = backend.keras()
    assert isinstance(model, keras.Model)
    x, expected = kept(folder, name, "x"), kept(folder, name, "y")
    outputs = keras.tree.flatten(model(x if len(x) > 1 else x[0], training=False))
    assert len(outputs) == len(expected) > 0
    for mine, theirs in zip(outputs, expected, strict=True):
        assert np.ptp(theirs, axis=0).max() > 1e-4  # a model that ignores its inputs proves nothing
        assert relative_error(theirs, np.asarray(mine)) < TOLERANCE
    if name.startswith(("pruned", "clustered", "quantized")):
        has_the_weights(model, name, kept(folder, name, "w"))
    save(model, tmp_path / "net.keras")
    again = load(str(tmp_path / "net.keras"))
    outputs_again = keras.tree.flatten(again(x if len(x) > 1 else x[0], training=False))
    for mine, first in zip(outputs_again, outputs, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(first))
    assert capfd.readouterr() == ("", "")


def has_the_weights(model: Any, name: str, expected: list[Any]) -> None:
    """Whether a model has just these weights, with the zeros and the clusters they had."""
    mine, theirs = (sorted(each, key=str) for each in (model.get_weights(), expected))
    assert len(mine) == len(theirs)
    for left, right in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(left.ravel(), right.ravel())
    (kernel,) = (weight for weight in mine if weight.shape == (3, 3, 1, 8))
    if name == "pruned":
        assert (kernel == 0).mean() == 0.5
    if name == "clustered.h5":
        assert len(np.unique(kernel)) <= 4


def own_model(path: Path, kind: str, **settings: Any) -> Path:
    """An old .h5 file of one layer without weights."""
    config = described(
        {**layer("InputLayer", batch_input_shape=[None, 3]), "inbound_nodes": [], "name": "first"},
        {**layer(kind, **settings), "inbound_nodes": [[["first", 0, 0, {}]]], "name": "odd"},
    )
    config["config"]["layers"][0]["config"]["name"] = "first"
    config["config"] |= {"input_layers": [["first", 0, 0]], "output_layers": [["odd", 0, 0]]}
    h5(path, config)
    with h5py.File(path, "a") as file:
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"first", b"odd"]
        for name in ("first", "odd"):
            weights.create_group(name).attrs["weight_names"] = np.zeros(0, "S1")
    return path


def test_layers_of_the_users_own_come_in_from_their_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "layers_that_double.py").write_text(
        "import keras\n"
        "@keras.saving.register_keras_serializable('mine')\n"
        "class Doubling(keras.layers.Layer):\n"
        "    def call(self, x): return x * 2\n"
        "class Tripling(keras.layers.Layer):\n"
        "    def call(self, x): return x * 3\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    registered = own_model(tmp_path / "double.h5", "mine>Doubling")
    plain = own_model(tmp_path / "triple.h5", "Tripling")
    assert main(["inspect", str(plain)]) == 5
    assert "--custom python:module" in capfd.readouterr().err
    model = load(str(registered), custom=["python:layers_that_double"])
    np.testing.assert_array_equal(np.asarray(model(np.ones((1, 3)))), 2)
    custom = ("--custom", "python:layers_that_double:Tripling")
    assert main(["export", str(plain), "-o", "out", *custom]) == 0, capfd.readouterr().err
    sys.modules.pop("layers_that_double")
    assert "Tripling" not in backend.keras().saving.get_custom_objects()
    backend.keras().saving.get_custom_objects().pop("mine>Doubling")


def test_a_layer_that_keras_3_has_not_is_named(tmp_path: Path) -> None:
    path = own_model(tmp_path / "old.h5", "ThresholdedReLU", theta=0.5)
    with pytest.raises(ModelError, match=r"'odd' \(ThresholdedReLU\)"):
        load(str(path))


def test_a_child_beyond_its_time_limit_is_ended(tmp_path: Path) -> None:
    path = own_model(tmp_path / "old.h5", "ReLU")
    config = read_config(path)
    assert origin.is_old(path, config)
    with pytest.raises(ModelError, match="ended by time limit"):
        carry(path, config, timeout_s=0.05)


def test_a_model_that_computes_otherwise_names_the_layer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehone.graph.legacy import settings

    monkeypatch.setattr(settings, "KEPT", {})  # as if Keras 3 computed the hard sigmoid alike
    with pytest.raises(ModelError, match="The first layer that differs is 'lstm'"):
        load(str(folder / "recurrent.h5"))


def test_code_in_an_old_file_is_refused_unless_trusted(tmp_path: Path) -> None:
    path = own_model(tmp_path / "code.h5", "Lambda", function=["4wEAAAAA", None, None])
    with pytest.raises(ModelError, match="run code of their own") as caught:
        load(str(path))
    assert "trust = true under [model]" in caught.value.hint
