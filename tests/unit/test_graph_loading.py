"""Keras models read from files and functions, and written."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, images, residual_net

from edgehone.errors import ModelError, StorageError, UsageError
from edgehone.graph import backend
from edgehone.graph.loading import describe, load, save
from edgehone.system.files import sha256_of

pytestmark = pytest.mark.slow


def same(left: Any, right: Any) -> None:
    x = images(shape=left.input_shape[1:])
    np.testing.assert_array_equal(np.asarray(left(x)), np.asarray(right(x)))


def test_save_and_load_give_the_same_model(tmp_path: Path) -> None:
    model, path = residual_net(), tmp_path / "net.keras"
    value = save(model, path)
    loaded = load(str(path))
    same(model, loaded)
    assert value.sha256 == sha256_of(path)
    assert value == describe(loaded, path)
    assert value.params == model.count_params()
    assert value.macs > 0
    assert [child.name for child in tmp_path.iterdir()] == ["net.keras"]


def test_save_makes_equal_files_of_equal_models(tmp_path: Path) -> None:
    values = [save(dense_net(), tmp_path / f"{n}.keras") for n in range(2)]
    again = save(load(str(values[0].path)), tmp_path / "again.keras")
    assert values[0].sha256 == values[1].sha256 == again.sha256


def test_save_leaves_the_optimizer_out(tmp_path: Path) -> None:
    model = dense_net()
    before = save(model, tmp_path / "before.keras")
    model.compile("adam", "mse")
    model.fit(images(8, shape=(12,)), np.zeros((8, 3)), verbose=0)
    after = save(model, tmp_path / "after.keras")
    assert after.path.stat().st_size == before.path.stat().st_size
    assert after.sha256 != before.sha256


def test_save_refuses_other_names_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not a \.keras file"):
        save(dense_net(), tmp_path / "net.h5")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        save(dense_net(), tmp_path / "file" / "net.keras")
    assert [child.name for child in tmp_path.iterdir()] == ["file"]


def test_load_reads_h5_files(tmp_path: Path) -> None:
    model = residual_net()
    model.save(tmp_path / "net.h5")
    same(model, load(str(tmp_path / "net.h5")))


def test_load_calls_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_model.py").write_text(
        "import keras\n"
        "def build():\n"
        "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
        "def wrong():\n"
        "    return 3\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert load("python:own_model:build").output_shape == (None, 2)
    with pytest.raises(ModelError, match="gave int"):
        load("python:own_model:wrong")
    with pytest.raises(ModelError, match="nothing"):
        load("python:own_model:nothing")
    sys.modules.pop("own_model")


def test_load_refuses_lambdas_unless_trusted(tmp_path: Path) -> None:
    keras = backend.keras()
    layers = [keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name="double")]
    model = keras.Sequential(layers)
    for name in ("net.keras", "net.h5"):
        path = tmp_path / name
        model.save(path)
        with pytest.raises(ModelError, match=r"'double' \(Lambda\)"):
            load(str(path))
        np.testing.assert_array_equal(np.asarray(load(str(path), trust=True)(np.ones((1, 3)))), 2)


def test_layers_with_code_can_be_copied_once_they_are_trusted(tmp_path: Path) -> None:
    from edgehone.graph.rewrite import rewrite

    keras = backend.keras()
    layers = [keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name="double")]
    keras.Sequential(layers).save(tmp_path / "net.keras")
    trusted = load(str(tmp_path / "net.keras"), trust=True)
    copy = rewrite(trusted, lambda _: None)
    np.testing.assert_array_equal(np.asarray(copy(np.ones((1, 3)))), 2)
    with pytest.raises(ModelError, match="code of their own"):
        load(str(tmp_path / "net.keras"))


def test_load_refuses_weights_that_are_not_numbers(tmp_path: Path) -> None:
    model = dense_net()
    layer = next(layer for layer in model.layers if layer.weights)
    layer.set_weights([np.full_like(weight, np.nan) for weight in layer.get_weights()])
    model.save(tmp_path / "net.keras")
    with pytest.raises(ModelError, match=f"Layer '{layer.name}' .*not numbers"):
        load(str(tmp_path / "net.keras"))


def test_save_refuses_layers_that_nobody_else_knows(tmp_path: Path) -> None:
    keras = backend.keras()

    class Passing(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match=r"'own' \(Passing\)") as caught:
        save(keras.Sequential([keras.Input((3,)), Passing(name="own")]), tmp_path / "net.keras")
    assert "register_keras_serializable" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_load_names_the_layers_it_does_not_know(tmp_path: Path) -> None:
    keras = backend.keras()

    class Wobble(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def call(self, x: Any) -> Any:
            return x

    layers = [keras.Input((3,)), keras.layers.Dense(2, name="fine"), Wobble(name="own")]
    keras.Sequential(layers).save(tmp_path / "net.keras")
    with pytest.raises(ModelError, match=r"'own' \(Wobble\)") as caught:
        load(str(tmp_path / "net.keras"))
    assert "fine" not in caught.value.message
    assert "python:module:function" in caught.value.hint


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_load_says_that_cut_files_cannot_be_read(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    residual_net().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=name):
        load(str(path))


def test_load_refuses_damaged_weights(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    save(residual_net(), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.keras"):
        load(str(path))
