from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ConversionError, EdgehoneError, UsageError
from edgehone.export.conversion import Converter, layer_kinds
from edgehone.export.execution import outputs
from edgehone.export.parity import parity
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.system import files
from edgehone.values import Model, PrecisionPlan

pytestmark = pytest.mark.slow

LAYERS = ("stem", "wide", "wide_1", "depth", "sep", "head")


def saved(model: Any, folder: Path) -> Model:
    path = folder / f"{model.name}.keras"
    model.save(path)
    return Model(path, files.sha256_of(path), model.count_params(), 0)


def residual() -> Any:
    """Batch norms, a residual add, equal kernels in two layers, several operators in one layer."""
    from edgehone.graph import backend

    keras = backend.keras()
    backend.seed(0)
    layers = keras.layers
    source = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="stem")(source)
    x = layers.BatchNormalization(name="stem_bn")(x)
    first = layers.ReLU(name="stem_relu")(x)
    x = layers.Conv2D(4, 3, padding="same", name="wide", activation="relu")(first)
    x = layers.Conv2D(4, 3, padding="same", name="wide_1")(x)
    x = layers.Add(name="join")([first, x])
    x = layers.DepthwiseConv2D(3, name="depth", activation="relu6")(x)
    x = layers.SeparableConv2D(6, 3, name="sep", activation="hard_swish")(x)
    x = layers.Flatten(name="flat")(x)
    model = keras.Model(source, layers.Dense(5, name="head", activation="softmax")(x), name="net")
    model.get_layer("wide_1").set_weights(model.get_layer("wide").get_weights())
    norm = model.get_layer("stem_bn")
    norm.set_weights([np.linspace(0.5, 1.5, 4) + number for number in range(4)])
    return model


def samples() -> Any:
    return np.random.default_rng(0).random((16, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter() as started:
        started.warm()
        yield started


@pytest.fixture(scope="module")
def net(converter: Converter) -> Any:
    return residual()


@pytest.mark.parametrize("form", ["tflite", "onnx"])
def test_convert_computes_the_same_and_names_layers_exactly(
    tmp_path: Path, converter: Converter, net: Any, form: str
) -> None:
    file = converter.convert(saved(net, tmp_path), form, tmp_path / f"net.{form}")
    x = samples()
    found = parity(np.asarray(net.predict(x, verbose=0)), outputs(file, x), True)
    assert found["max_error"] < 1e-5
    assert found["agreement"] == 1
    names = [layer["name"] for layer in audit(file)["layers"]]
    assert set(LAYERS) <= set(names)
    assert len(set(names)) == len(names)
    assert "stem_bn" not in names
    kernels = [layer for layer in audit(file)["layers"] if layer["name"] in LAYERS]
    expected = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "Conv", "MatMul", "Gemm")
    assert {layer["operator"] for layer in kernels} <= set(expected)


@pytest.mark.parametrize("layer", ["stem", "wide", "sep", "head"])
def test_every_layer_of_a_converted_model_can_have_its_own_precision(
    tmp_path: Path, converter: Converter, net: Any, layer: str
) -> None:
    x = samples()
    source = converter.convert(saved(net, tmp_path), "tflite", tmp_path / "net.tflite")
    file = tmp_path / "mixed.tflite"
    plan = PrecisionPlan("int8", {layer: "float32"})
    assert TFLite().quantize(source, plan, Calibration((x,)), file)["refused"] == {}
    floats = {entry["name"].split("/")[0] for entry in audit(file)["float_layers"]}
    assert floats == {layer}


@pytest.mark.parametrize("layer", ["stem", "wide", "sep", "head"])
def test_every_layer_of_an_onnx_model_can_stay_float(
    tmp_path: Path, converter: Converter, net: Any, layer: str
) -> None:
    source = converter.convert(saved(net, tmp_path), "onnx", tmp_path / "net.onnx")
    file = tmp_path / "mixed.onnx"
    plan = PrecisionPlan("int8", {layer: "float32"})
    notes = Onnx().quantize(source, plan, Calibration((samples(),)), file)
    types = {entry["name"]: entry["types"] for entry in audit(file)["layers"]}
    assert notes["refused"] == {}
    assert [name for name in LAYERS if types[name][1] == "float32"] == [layer]


def test_convert_takes_several_inputs_in_order(tmp_path: Path, converter: Converter) -> None:
    from edgehone.formats._flatbuffer import read, tensor_name
    from edgehone.graph import backend

    keras = backend.keras()
    inputs = [keras.Input((size,), name=name) for size, name in ((3, "zeta"), (2, "alpha"))]
    parts = [keras.layers.Dense(2, name=f"on_{x.name}")(x) for x in inputs]
    model = keras.Model(inputs, keras.layers.Concatenate(name="both")(parts), name="two")
    file = converter.convert(saved(model, tmp_path), "tflite", tmp_path / "two.tflite")
    graph = read(file).subgraphs[0]
    shapes = {tensor_name(graph.tensors[i]): list(graph.tensors[i].shape) for i in graph.inputs}
    assert shapes == {"zeta": [1, 3], "alpha": [1, 2]}
    assert [tensor_name(graph.tensors[i]) for i in graph.inputs] == ["zeta", "alpha"]


def test_convert_says_what_a_refused_model_is_made_of_and_goes_on(
    tmp_path: Path, converter: Converter, net: Any
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    source = keras.Input((3, 3))
    x = keras.layers.Dense(3)(source)
    model = keras.Model(source, keras.ops.cholesky(x), name="refused")
    with pytest.raises(ConversionError, match="Dense") as caught:
        converter.convert(saved(model, tmp_path), "tflite", tmp_path / "out.tflite")
    assert "Cholesky" in caught.value.message
    assert not (tmp_path / "out.tflite").exists()
    assert converter.convert(saved(net, tmp_path), "tflite", tmp_path / "ok.tflite").exists()


def test_convert_refuses_an_input_without_a_fixed_size(
    tmp_path: Path, converter: Converter
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    source = keras.Input((None, None, 3), name="any_size")
    model = keras.Model(source, keras.layers.Conv2D(2, 3)(source), name="free")
    with pytest.raises(ConversionError, match="any_size"):
        converter.convert(saved(model, tmp_path), "tflite", tmp_path / "out.tflite")


def test_convert_of_a_missing_model_or_format_is_one_error(
    tmp_path: Path, converter: Converter
) -> None:
    missing = Model(tmp_path / "missing.keras", "", 0, 0)
    with pytest.raises(EdgehoneError, match="The model is not there"):
        converter.convert(missing, "tflite", tmp_path / "out.tflite")
    with pytest.raises(UsageError, match="coreml"):
        converter.convert(missing, "coreml", tmp_path / "out.mlmodel")
    assert list(tmp_path.iterdir()) == []


def test_convert_survives_a_crash_and_a_time_limit(
    tmp_path: Path, net: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    source = keras.Input((2,))
    crash = keras.layers.Lambda(
        lambda x: __import__("os").abort() if __import__("os").getenv("CRASH_NOW") else x
    )
    model = saved(keras.Model(source, crash(source), name="crashing"), tmp_path)
    monkeypatch.setenv("CRASH_NOW", "1")
    with Converter(trust=True) as converter:
        with pytest.raises(ConversionError, match="SIGABRT") as caught:
            converter.convert(model, "tflite", tmp_path / "out.tflite")
        assert "Lambda" in caught.value.message
        assert converter.convert(saved(net, tmp_path), "tflite", tmp_path / "ok.tflite").exists()
    with (
        Converter(timeout_s=0.001) as hurried,
        pytest.raises(ConversionError, match=r"0\.001 s") as caught,
    ):
        hurried.convert(saved(net, tmp_path), "tflite", tmp_path / "late.tflite")
    assert str(tmp_path) not in caught.value.message
    assert "time limit" not in caught.value.hint  # there is no option for it
    assert not (tmp_path / "late.tflite").exists()


def test_layer_kinds_names_each_class_once(tmp_path: Path, net: Any) -> None:
    kinds = layer_kinds(saved(net, tmp_path).path)
    assert kinds == sorted(set(kinds))
    assert {"BatchNormalization", "Conv2D", "Dense", "SeparableConv2D"} <= set(kinds)
    assert layer_kinds(tmp_path / "missing.keras") == []


def penalized(layers: Any, keras: Any) -> Any:
    """Activity regularizers of several layers, in one model inside another, and a layer of them."""
    inner = keras.Sequential(
        [
            layers.Input((6, 6, 3)),
            layers.Conv2D(4, 3, activity_regularizer="l1", name="inside"),
            layers.ActivityRegularization(0.1, 0.2),
        ]
    )
    parts = [
        layers.Conv2D(3, 3, activity_regularizer="l1", padding="same", name="conv"),
        inner,
        layers.TimeDistributed(layers.Dense(3, activity_regularizer="l1")),
        layers.Flatten(),
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.2),
        layers.AlphaDropout(0.2),
        layers.Dense(2, activity_regularizer="l2"),
    ]
    return keras.Sequential([layers.Input((6, 6, 3)), *parts], name="penalized")


@pytest.mark.parametrize("form", ["tflite", "onnx"])
def test_what_is_for_training_alone_is_left_out(
    tmp_path: Path, converter: Converter, form: str
) -> None:
    from edgehone.graph import backend

    model = penalized(backend.keras().layers, backend.keras())
    file = converter.convert(saved(model, tmp_path), form, tmp_path / f"net.{form}")
    x = np.random.default_rng(0).random((16, 6, 6, 3)).astype(np.float32)
    found = parity(np.asarray(model.predict(x, verbose=0)), outputs(file, x), False)
    assert found["max_error"] < 1e-5


def test_no_trouble_names_a_copy_of_the_model_or_an_unknown_option(
    tmp_path: Path, converter: Converter, net: Any
) -> None:
    """Conversion is of copies of models, of which users have not heard."""
    from edgehone.graph import backend

    keras = backend.keras()
    source = keras.Input((3, 3))
    refused = keras.Model(source, keras.ops.cholesky(source), name="refused")
    free = keras.Sequential([keras.Input((None, 3)), keras.layers.Conv1D(2, 3)], name="free")
    kept = keras.layers.LSTM(2, stateful=True)
    stateful = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), kept], name="stateful")
    words = keras.layers.StringLookup(vocabulary=["a"])
    text = keras.Sequential([keras.Input((1,), dtype="string"), words], name="text")
    cut = tmp_path / "cut.keras"
    cut.write_bytes(saved(net, tmp_path).path.read_bytes()[:9000])
    models = [saved(each, tmp_path) for each in (refused, free, stateful, text)]
    lines = []
    for model in (*models, Model(cut, "", 0, 0), Model(tmp_path / "gone.keras", "", 0, 0)):
        with pytest.raises(EdgehoneError) as caught:
            converter.convert(model, "tflite", tmp_path / "out")
        lines.append(f"{caught.value.message} {caught.value.hint}")
    assert [each for each in lines if str(tmp_path) in each or "edgehone-" in each] == []
    assert [each for each in lines if "--" in each] == []
