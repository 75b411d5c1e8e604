"""Descriptions of old models, read and refused before anything in them runs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.saved_model_files import metadata, saved_model
from tests.troubles import described, h5, keras_zip, layer

from edgehone.errors import ConfigError, ModelError, UsageError
from edgehone.graph.legacy import folder, origin
from edgehone.graph.legacy.samples import spread
from edgehone.system.user_code import custom_objects


def test_the_description_of_a_saved_model_is_that_of_its_root(tmp_path: Path) -> None:
    shape = {"class_name": "__tuple__", "items": [None, 3]}
    root = described(layer("InputLayer", batch_input_shape=shape, note="x" * 300))
    path = saved_model(
        tmp_path / "net", metadata((1, b"root.layer-0", layer("Dense")), (0, b"root", root))
    )
    found = folder.read_config(path)
    (only,) = found["config"]["layers"]
    assert only["config"]["batch_input_shape"] == [None, 3]
    assert origin.version(path, {**found, "keras_version": "2.9.0"}) == "2.9.0"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_description_is_damaged(tmp_path: Path, share: float) -> None:
    content = metadata((0, b"root", described(layer("Dense"))))
    path = saved_model(tmp_path / "net", content[: int(len(content) * share)])
    with pytest.raises(ModelError, match="damaged or cut short"):
        folder.read_config(path)


@pytest.mark.parametrize(
    ("version", "old"), [("2.21.0", True), ("1.2", True), ("3.15.1", False), ("", False)]
)
def test_files_tell_which_keras_wrote_them(tmp_path: Path, version: str, old: bool) -> None:
    config = described(layer("Dense"))
    for path in (
        keras_zip(tmp_path / "net.keras", config, version),
        h5(tmp_path / "net.h5", config, version),
    ):
        assert origin.version(path, config) == version
        assert origin.is_old(path, config) is old
        if not old:
            assert not origin.needs_comparison(path, config)


@pytest.mark.parametrize(
    "kind", ["PruneLowMagnitude", "ClusterWeights", "QuantizeWrapperV2", "QuantizeLayer"]
)
def test_wrappers_are_seen_however_deep(kind: str) -> None:
    assert origin.is_wrapped(described(described(layer(kind, layer=layer("Dense")))))
    assert not origin.is_wrapped(described(layer("Dense")))


def test_without_the_package_the_error_says_which_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    from edgehone.graph.legacy.carry import carry

    wrapped = described(layer("PruneLowMagnitude", layer=layer("Dense")))
    path = h5(tmp_path / "net.h5", wrapped, "2.9.0")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"written by Keras 2\.9\.0.*'tf_keras'") as caught:
        carry(path, wrapped)
    assert '".[legacy]"' in caught.value.hint


@pytest.mark.parametrize("name", ["io.write_file", "py_function", "numpy_function"])
def test_functions_of_tensorflow_are_those_that_something_stands_for(name: str) -> None:
    path = Path("net.h5")
    inner = layer("TimeDistributed", layer=layer("TFOpLambda", function=name))
    with pytest.raises(ModelError, match=rf"'odd' \(TFOpLambda: {name}\)"):
        origin.refuse(path, described(inner))
    with pytest.raises(ModelError, match="cannot be carried over"):
        origin.refuse(path, described(layer("TFOpLambda", function=[name])))
    origin.refuse(path, described(layer("TFOpLambda", function="compat.v1.transpose")))
    origin.refuse(path, described({"class_name": "TFOpLambda", "config": [name], "name": "odd"}))


@pytest.mark.slow
def test_settings_are_put_as_keras_3_reads_them() -> None:
    from edgehone.graph import backend
    from edgehone.graph.legacy.settings import renewed

    keras = backend.keras()
    depthwise = layer("DepthwiseConv2D", kernel_size=3, groups=1, name="a/b")
    norm = layer("BatchNormalization", axis=[3], fused=True)
    leaky = layer("LeakyReLU", alpha=0.25)
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    dense = layer("Dense", units=2, dtype=policy, activation="hard_sigmoid")
    made = [
        keras.saving.deserialize_keras_object(renewed({**each, "module": "tf_keras.layers"}))
        for each in (depthwise, norm, leaky, dense)
    ]
    assert [type(each).__name__ for each in made] == [
        "DepthwiseConv2D",
        "BatchNormalization",
        "LeakyReLU",
        "Dense",
    ]
    assert made[0].name == "a_b"
    assert made[1].axis == 3
    assert made[2].negative_slope == 0.25
    assert made[3].dtype_policy.name == "mixed_float16"
    x = np.array([-3.0, -1.0, 0.0, 1.0, 3.0], np.float32)
    np.testing.assert_allclose(made[3].activation(x), np.clip(x / 5 + 0.5, 0, 1), rtol=1e-6)
    assert np.abs(made[3].activation(x) - keras.activations.hard_sigmoid(x)).max() > 0.01
    with pytest.raises(ValueError, match="time_major"):
        renewed({**layer("LSTM", units=2, time_major=True), "module": "tf_keras.layers"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "settings"),
    [
        ("math.reduce_mean", (), {"axis": [1], "keepdims": True}),
        ("nn.leaky_relu", (), {"alpha": 0.3}),
        ("nn.swish", (2.0,), {}),
        ("nn.gelu", (True,), {}),
        ("clip_by_value", (-0.5, 0.5), {}),
        ("compat.v1.transpose", ([0, 2, 1],), {}),
        ("math.l2_normalize", (), {"axis": -1}),
        ("pad", ([[0, 0], [1, 2], [0, 0]],), {"mode": "REFLECT"}),
        ("slice", ([0, 1, 0], [-1, 2, -1]), {}),
        ("math.squared_difference", (0.5,), {}),
        ("expand_dims", (), {"axis": 1}),
        ("reshape", ([-1, 15],), {}),
        ("cast", ("float16",), {}),
        ("nn.softmax", (), {"axis": 1}),
        ("math.reduce_std", (), {"axis": 2}),
        ("nn.relu6", (), {}),
    ],
)
def test_functions_of_tensorflow_have_their_like(name: str, arguments: Any, settings: Any) -> None:
    import tensorflow as tf

    from edgehone.graph.legacy.operations import function

    theirs: Any = tf
    for part in name.split("."):
        theirs = getattr(theirs, part)
    mine = function(name)
    assert mine is not None
    x = np.random.default_rng(0).normal(0, 2, (4, 3, 5)).astype(np.float32)
    expected = np.asarray(theirs(x, *arguments, **settings))
    np.testing.assert_allclose(np.asarray(mine(x, *arguments, **settings)), expected, rtol=1e-5)


@pytest.mark.slow
def test_errors_are_relative_to_the_largest_value() -> None:
    from edgehone.graph.legacy.carry import relative_error

    left = np.array([1.0, -4.0])
    assert relative_error(left, left + np.array([0.0, 0.4])) == pytest.approx(0.1)
    assert relative_error(left, left[:1]) == np.inf
    assert relative_error(left, np.array([1.0, np.nan])) == np.inf
    nothing = np.array([np.nan, 0.0])
    assert relative_error(nothing, nothing) == 0


def test_spread_takes_values_from_everywhere() -> None:
    values = np.arange(1000).reshape(10, 100)
    found = spread(values, 10)
    assert len(found) == 10
    assert (found[0], found[-1]) == (0, 999)
    np.testing.assert_array_equal(spread(values, 5000), np.arange(1000))


def test_custom_objects_are_classes_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_layers_of_mine.py").write_text("class Wobble: ...\nseen = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert custom_objects(["python:own_layers_of_mine"]) == {}
    found = custom_objects(["python:own_layers_of_mine:Wobble"])
    assert list(found) == ["Wobble"]
    for wrong in ("own_layers_of_mine", "python:", "python:a:b:c", "python:own_layers_of_mine:x"):
        with pytest.raises(ConfigError):
            custom_objects([wrong])
