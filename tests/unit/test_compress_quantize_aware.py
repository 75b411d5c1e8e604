from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import keras_networks
from tests.tiny_nets import context, dense_net, images, outputs, residual_net, two_inputs

from edgehone import data
from edgehone.compress._base import TrainingContext
from edgehone.compress._copies import trainable_copy
from edgehone.compress._quantized_graph import (
    Settings,
    kernels_of,
    quantized_graph,
    with_open_activations,
)
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.held import Held
from edgehone.data import Split
from edgehone.errors import ConfigError, ModelError
from edgehone.export import execution
from edgehone.export.worker import convert
from edgehone.formats import _flatbuffer
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.fold import fold_batch_norms
from edgehone.values import PrecisionPlan, Task

pytestmark = pytest.mark.slow  # TensorFlow

X = np.asarray(images().x)
QUICK = QuantizeAware(epochs=1, batch_size=32)


def float_file(model: Any, folder: Path) -> Path:
    source, result = folder / "model.keras", folder / "model.tflite"
    model.save(source)
    convert(str(source), TFLite(), result)
    return result


def answers(file: Path, plan: PrecisionPlan, calibration: Calibration, x: Any) -> Any:
    """What the quantized file computes."""
    result = file.with_name("quantized.tflite")
    TFLite().quantize(file, plan, calibration, result)
    return execution.outputs(result, x)


def noise_db(signal: Any, other: Any) -> float:
    """Signal to noise in decibels."""
    noise = max(((signal - other) ** 2).mean(), 1e-20)
    return float(10 * np.log10((signal**2).mean() / noise))


def odd_net() -> Any:
    """Operators that round their results in unlike ways, or not at all."""
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((12, 12, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")(inputs)
    branches = [layers.AveragePooling2D(2, name="mean")(x), layers.MaxPooling2D(name="most")(x)]
    x = layers.Concatenate(name="join")(branches) * 0.5
    x = layers.Conv2D(8, 3, padding="same", name="dropped")(x)
    x = layers.ReLU(name="late")(layers.Dropout(0.2, name="drop")(x))
    x = layers.Conv2DTranspose(6, 3, 2, "same", activation="relu", name="up")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6", name="depthwise")(x)
    x = layers.UpSampling2D(interpolation="bilinear", name="larger")(x)
    x = layers.Conv2D(6, 3, strides=2, activation="silu", name="swished")(x)
    x = layers.Conv2D(6, 3, activation="tanh", name="bent")(layers.ZeroPadding2D(name="pad")(x))
    x = layers.LeakyReLU(name="leaky")(layers.GlobalMaxPooling2D(name="pool")(x))
    x = layers.Dense(8, activation="gelu", name="hidden")(x)
    x = layers.Dense(4, activation="softmax", name="head")(x)
    return keras_networks.shaken(keras.Model(inputs, x, name="odd"))


def sequence_net() -> Any:
    """Convolutions in one dimension, and a batch norm that cannot be folded."""
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((40, 3), name="sequence")
    x = layers.Conv1D(8, 3, padding="same", activation="relu", name="one")(inputs)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.AveragePooling1D(2, name="mean")(layers.MaxPooling1D(name="most")(x))
    x = layers.Flatten(name="flat")(layers.Dense(5, activation="relu", name="each")(x))
    return keras_networks.shaken(keras.Model(inputs, layers.Dense(4, name="head")(x)))


@pytest.mark.parametrize(
    ("net", "layers"),
    [
        (odd_net, {}),
        (sequence_net, {}),
        (keras_networks.residual_net, {}),
        (keras_networks.residual_net, {"block1_a": "float32", "stem": "float32"}),
        (keras_networks.residual_net, {"block1_a": "int8x4", "block2_b": "int8x4"}),
        (keras_networks.squeeze_excite_net, {}),
    ],
)
def test_quantized_graph_rounds_where_the_file_does(
    net: Any, layers: dict[str, str], tmp_path: Path
) -> None:
    model = trainable_copy(fold_batch_norms(net()))
    x = np.random.default_rng(0).normal(size=(32, *model.input_shape[1:])).astype(np.float32)
    student, owners = with_open_activations(model)
    settings = Settings("int8", layers, learned=False, momentum=0.99)
    graph = quantized_graph(student, student.inputs[0], student.outputs[0], owners, settings)
    graph.calibrate(x, 100.0, 16)
    # Ranges that clip: whoever rounds to others, or elsewhere, computes something else.
    ranges = {name: (0.9 * low, 0.8 * high) for name, (low, high) in graph.ranges().items()}
    for name, layer in graph.roundings.items():
        if name in ranges:
            layer.bounds.assign(ranges[name])
    rounded = outputs(backend.keras().Model(graph.inputs, graph.tensor), x)
    file = float_file(model, tmp_path)
    found = answers(file, PrecisionPlan("int8", layers), Calibration((x,), ranges), x)
    assert noise_db(outputs(model, x), found) < 36
    assert noise_db(rounded, found) > noise_db(outputs(model, x), found) + 8
    tensors = {
        _flatbuffer.tensor_name(t)
        for t in _flatbuffer.parse(file.read_bytes(), "it").subgraphs[0].tensors
    }
    assert {name for name in ranges if not name.startswith("multiply")} <= tensors


@pytest.fixture(scope="module")
def digits() -> tuple[TrainingContext, Any]:
    """A context on the bundled digits, and a small net trained on them."""
    found = data.load("digits", data.DataSettings(input_shape=(8, 8, 1)))
    shop = TrainingContext(None, found, Task(), seed=3)
    keras = backend.keras()
    backend.seed(3)
    layers = keras.layers
    stack = [layers.Input((8, 8, 1), name="image")]
    for number, width in enumerate((6, 8, 8)):
        conv = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv{number}")
        norm = layers.BatchNormalization(name=f"norm{number}")
        stack += [conv, norm, layers.ReLU(name=f"relu{number}")]
    stack += [layers.GlobalAveragePooling2D(name="pool")]
    model = keras.Sequential([*stack, layers.Dense(10, activation="softmax", name="head")])
    return shop, fit_hard(model, shop, Schedule(12, 32, 1e-2)).model


def correct(file: Path, bits: str, ranges: Any, shop: TrainingContext) -> float:
    found = {name: (low, high) for name, (low, high) in ranges.items()}
    calibration = Calibration((shop.data.train.x[:200],), found)
    scores = answers(file, PrecisionPlan(bits), calibration, shop.data.test.x)
    return float((scores.argmax(-1) == shop.data.test.y).mean())


@pytest.mark.parametrize("ranges", ["moving", "learned"])
def test_quantize_aware_beats_quantization_after_training_at_four_bits(
    digits: tuple[TrainingContext, Any], ranges: Any, tmp_path: Path
) -> None:
    shop, model = digits
    after = correct(float_file(model, tmp_path), "int8x4", {}, shop)
    step = QuantizeAware(4, 32, 3e-3, bits="int8x4", ranges=ranges)
    done = step.apply(model, replace(shop, teacher=model))
    aware = correct(float_file(done.model, tmp_path), "int8x4", done.detail["ranges"], shop)
    assert aware > after + 0.03
    assert aware > 0.9


@pytest.mark.parametrize("taught", [True, False])
def test_quantize_aware_keeps_zeros_and_shared_values(taught: bool) -> None:
    model = fold_batch_norms(residual_net())
    for name, values in (("a", (0.0, 0.1, -0.3)), ("b", (0.2, 0.4)), ("head", (0.0, 0.5, 0.25))):
        layer = model.get_layer(name)
        rng = np.random.default_rng(0)
        kernel, *bias = layer.get_weights()
        layer.set_weights([rng.choice(values, kernel.shape).astype(np.float32), *bias])
    zeros, shared = frozenset(["a/kernel", "head/kernel"]), frozenset(["b/kernel", "head/kernel"])
    shop = replace(context(residual_net() if taught else None), held=Held(zeros, shared))
    result = QuantizeAware(2, 32, 1e-2).apply(model, shop).model
    for name, held in (("a", "zeros"), ("b", "shared"), ("head", "shared")):
        before, after = (np.asarray(m.get_layer(name).kernel) for m in (model, result))
        assert not np.allclose(before, after)
        if held == "zeros":
            assert ((after == 0) == (before == 0)).all()
        else:
            pairs = set(zip(before.ravel().tolist(), after.ravel().tolist(), strict=True))
            assert len(pairs) == len(np.unique(before))
    head = np.asarray(model.get_layer("head").kernel) == 0
    assert (np.asarray(result.get_layer("head").kernel)[head] == 0).all()


def test_quantize_aware_gives_the_folded_model_with_plain_layers() -> None:
    model = residual_net()
    done = QUICK.apply(model, context(model))
    folded = fold_batch_norms(model)
    assert [layer.name for layer in done.model.layers] == [layer.name for layer in folded.layers]
    assert all(type(layer).__module__.startswith("keras.") for layer in done.model.layers)
    assert done.model.get_layer("head").activation.__name__ == "softmax"
    assert {layer.name for layer in done.model.layers[:1]} <= set(done.detail["ranges"])
    assert set(done.detail["ranges"]) >= {"stem", "a", "add", "pool", "head"}
    assert all(low <= 0 < high for low, high in done.detail["ranges"].values())
    pairs = zip(done.model.get_weights(), folded.get_weights(), strict=True)
    assert all(a.shape == b.shape and not np.allclose(a, b) for a, b in pairs)


def test_quantize_aware_regression_learns_the_teachers_outputs() -> None:
    train = Split(X, X.reshape(len(X), -1)[:, :4])
    teacher = dense_net(16, 4, "linear", seed=8)
    shop = context(teacher, train=train, task=Task("regression", "mse"))
    student = dense_net(16, 4, "linear", seed=9)
    done = QuantizeAware(40, 32, 1e-2, soft=1.0, hard=0.0).apply(student, shop)
    start = ((outputs(student, X) - outputs(teacher, X)) ** 2).mean()
    assert ((outputs(done.model, X) - outputs(teacher, X)) ** 2).mean() < 0.3 * start


def test_quantize_aware_that_diverges_keeps_the_model_and_tells_no_ranges() -> None:
    model = dense_net(6, 4, "linear")
    wild = Split(X * 1e30, np.full((len(X), 4), -1e30, np.float32))
    shop = context(train=wild, task=Task("regression", "mse"))
    done = QuantizeAware(3, 32, 1e-2).apply(model, shop)
    assert "diverged in epoch 1" in done.skipped
    assert done.model is model
    assert "ranges" not in done.detail


def test_kernels_of_finds_the_channels_that_tflite_scales_apart() -> None:
    layers = backend.keras().layers
    assert kernels_of(layers.Conv2D(4, 3), "int8x4") == {"kernel": ((-1,), 4)}
    assert kernels_of(layers.Dense(4), "int8") == {"kernel": ((-1,), 8)}
    assert kernels_of(layers.Dense(4), "int16x8") == {"kernel": ((-1,), 8)}
    assert kernels_of(layers.Conv2DTranspose(4, 3), "int8x4") == {"kernel": ((-2,), 8)}
    assert kernels_of(layers.DepthwiseConv2D(3), "int8x4") == {"kernel": ((-2, -1), 8)}
    assert kernels_of(layers.Embedding(9, 4), "int8") == {"embeddings": ((-2,), 8)}
    assert kernels_of(layers.Conv2D(4, 3), "float32") == {}
    assert kernels_of(layers.BatchNormalization(), "int8") == {}


def test_quantize_aware_suggests_the_nearest_layer_for_an_unknown_one() -> None:
    with pytest.raises(ConfigError, match="'haed'") as caught:
        QuantizeAware(layers={"haed": "float32"}).apply(residual_net(), context())
    assert "'head'" in caught.value.hint


def test_quantize_aware_refuses_a_model_with_two_inputs_by_name() -> None:
    with pytest.raises(ModelError, match="2 inputs"):
        QUICK.apply(two_inputs(), context())


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"learning_rate": 0},
        {"bits": "int7"},
        {"bits": "dynamic8"},
        {"bits": "float32"},
        {"layers": {"a": "float16"}},
        {"ranges": "guessed"},
        {"momentum": 2},
        {"calibration": 0},
        {"percentile": 50},
        {"temperature": 0},
        {"soft": 0, "hard": 0},
    ],
)
def test_quantize_aware_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        QuantizeAware(**settings)


def test_quantized_graph_rounds_once_for_a_relu_behind_a_dropout() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((6,), name="numbers")
    x = layers.Dropout(0.5, name="drop")(layers.Dense(5, name="dense")(inputs))
    model = keras.Model(inputs, layers.ReLU(name="late")(x))
    settings = Settings("int8", {}, learned=False, momentum=0.99)
    graph = quantized_graph(model, model.inputs[0], model.outputs[0], {}, settings)
    assert set(graph.roundings) == {"numbers", "dense"}
    rounded = keras.Model(graph.inputs, graph.tensor).layers
    assert sum(hasattr(layer, "settle") for layer in rounded) == 2
