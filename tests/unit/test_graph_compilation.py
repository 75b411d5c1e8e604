"""What compile() was given is neither read nor refused; whatever else is hidden stays checked."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.compilation import without_compilation
from edgehone.graph.consent import require_consent
from edgehone.graph.legacy import folder
from edgehone.graph.loading import load

LAMBDA = {"class_name": "Lambda", "config": {"name": "trick"}}
LOSS = {"loss": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}


def model(*layers: Any, **beside: Any) -> dict[str, Any]:
    return {"class_name": "Functional", "config": {"layers": list(layers)}, **beside}


def test_without_compilation_drops_it_beside_every_model() -> None:
    described = model(model(compile_config=LOSS), compile_config=LOSS, training_config=LOSS)
    assert without_compilation(described) == model(model())


@pytest.mark.parametrize(
    "layer",
    [
        LAMBDA,
        {"class_name": "Wrapper", "config": {"compile_config": LAMBDA}},
        {"class_name": "Wrapper", "config": {"layer": {"training_config": LAMBDA}}},
        {"class_name": "Dense", "config": {"name": "compile_config", "activation": LAMBDA}},
        {"class_name": "Dense", "config": {}, "build_config": LAMBDA},
        {"class_name": "Dense", "compile_config": LAMBDA},
    ],
)
def test_what_is_merely_called_so_is_checked(layer: Any) -> None:
    described = without_compilation(model(layer, compile_config=LOSS))
    with pytest.raises(ModelError, match="code of their own"):
        require_consent(described, Path("net.keras"), trust=False)


def test_descriptions_of_saved_models_are_read_without_it(tmp_path: Path) -> None:
    text = json.dumps(model(training_config=LOSS)).encode()
    node = b"\x2a" + _length(text) + text
    (tmp_path / "keras_metadata.pb").write_bytes(b"\x0a" + _length(node) + node)
    assert folder.read_config(tmp_path) == model()


def _length(content: bytes) -> bytes:
    size, found = len(content), b""
    while size > 127:
        found, size = found + bytes([size & 127 | 128]), size >> 7
    return found + bytes([size])


def compiled() -> Any:
    """A model, one inside it and one wrapped in a layer, all with anonymous losses."""
    keras = backend.keras()
    layers = keras.layers

    def finished(net: Any) -> Any:
        net.compile("adam", loss=lambda y, z: keras.ops.sum(y - z), metrics=[lambda y, z: y])
        return net

    inner = finished(keras.Sequential([keras.Input((4,)), layers.Dense(3)]))
    step = finished(keras.Sequential([keras.Input((3,)), layers.Dense(2)]))
    parts = [inner, layers.Reshape((1, 3)), layers.TimeDistributed(step), layers.Flatten()]
    return finished(keras.Sequential([keras.Input((4,)), *parts]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_models_with_anonymous_losses_are_loaded(name: str, tmp_path: Path) -> None:
    net, x = compiled(), np.ones((2, 4), np.float32)
    net.save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    loaded = load(str(tmp_path / name))
    np.testing.assert_allclose(np.asarray(loaded(x)), np.asarray(net(x)), atol=1e-6)
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.slow
def test_losses_of_classes_that_nobody_knows_are_no_reason_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    keras = backend.keras()
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    inner.compile("adam", "mse")
    net = keras.Sequential([keras.Input((4,)), inner])
    net.compile("adam", "mse")
    net.save(path)
    unknown = {"class_name": "Own", "module": "nowhere", "config": {}, "registered_name": "Own"}
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    for each in (config, config["config"]["layers"][1]):
        each["compile_config"]["loss"] = unknown
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(config) if name == "config.json" else content)
    assert load(str(path)).output_shape == (None, 3)
