"""Inputs and outputs of files: how many, in which order, of which names, types and batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ConversionError, ExecutionError
from edgehone.export.conversion import Converter, Layout
from edgehone.export.execution import outputs_of
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.system import files
from edgehone.values import Model, PrecisionPlan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter() as started:
        started.warm()
        yield started


def saved(model: Any, folder: Path) -> Model:
    path = folder / "net.keras"
    model.save(path)
    return Model(path, files.sha256_of(path), model.count_params(), 0)


def two_by_two(*, dictionaries: bool = False) -> Any:
    """Identifiers and numbers in, scores and numbers out; names against the alphabet."""
    backend.seed(0)
    keras = backend.keras()
    layers = keras.layers
    words = keras.Input((5,), name="words", dtype="int32")
    extra = keras.Input((2,), name="extra")
    mean = layers.GlobalAveragePooling1D(name="mean")(layers.Embedding(20, 4, name="emb")(words))
    both = layers.Concatenate(name="both")([mean, extra])
    scores = layers.Dense(3, activation="softmax", name="scores")(both)
    number = layers.Dense(1, name="number")(both)
    if dictionaries:
        return keras.Model({"words": words, "extra": extra}, {"z": scores, "a": number})
    return keras.Model([words, extra], [scores, number])


def feed(n: int = 7) -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    return random.integers(0, 20, (n, 5)), random.random((n, 2)).astype(np.float32)


@pytest.mark.parametrize("form", ["tflite", "onnx"])
@pytest.mark.parametrize("batch", [1, 4, None])
def test_inputs_and_outputs_keep_names_order_and_types(
    tmp_path: Path, converter: Converter, form: str, batch: int | None
) -> None:
    model = two_by_two()
    file = converter.convert(saved(model, tmp_path), form, tmp_path / f"net.{form}", Layout(batch))
    found = audit(file)
    ports = [(p["name"], p["dtype"], p["shape"]) for p in (*found["inputs"], *found["outputs"])]
    assert ports == [
        ("words", "int32", [batch, 5]),
        ("extra", "float32", [batch, 2]),
        ("scores", "float32", [batch, 3]),
        ("number", "float32", [batch, 1]),
    ]
    words, extra = feed()
    reference = model.predict([words, extra], verbose=0)
    for computed, expected in zip(outputs_of(file, (words, extra)), reference, strict=True):
        assert np.ptp(expected) > 0.01
        np.testing.assert_allclose(computed, expected, atol=1e-6)


@pytest.mark.parametrize("form", ["tflite", "onnx"])
def test_models_of_dictionaries_have_the_layers_names(
    tmp_path: Path, converter: Converter, form: str
) -> None:
    model = two_by_two(dictionaries=True)
    file = converter.convert(saved(model, tmp_path), form, tmp_path / f"net.{form}")
    found = audit(file)
    names = [port["name"] for port in found["inputs"]]
    assert sorted(names) == ["extra", "words"]
    by_name = dict(zip(("words", "extra"), feed(), strict=True))
    computed = outputs_of(file, [by_name[name] for name in names])
    expected = model.predict(by_name, verbose=0)
    keys = {"scores": "z", "number": "a"}
    for port, values in zip(found["outputs"], computed, strict=True):
        np.testing.assert_allclose(values, expected[keys[port["name"]]], atol=1e-6)


def test_int8_leaves_identifiers_alone_and_names_in_place(
    tmp_path: Path, converter: Converter
) -> None:
    source = converter.convert(saved(two_by_two(), tmp_path), "tflite", tmp_path / "net.tflite")
    file = tmp_path / "int8.tflite"
    TFLite().quantize(source, PrecisionPlan("int8"), Calibration(feed()), file)
    found = audit(file)
    assert [(p["name"], p["dtype"]) for p in found["inputs"]] == [
        ("words", "int32"),
        ("extra", "int8"),
    ]
    assert [p["name"] for p in found["outputs"]] == ["scores", "number"]
    for computed, expected in zip(
        outputs_of(file, feed()), outputs_of(source, feed()), strict=True
    ):
        assert np.abs(computed - expected).max() < 0.05


def test_signatures_can_be_called_by_name(tmp_path: Path, converter: Converter) -> None:
    from ai_edge_litert.interpreter import Interpreter

    source = converter.convert(saved(two_by_two(), tmp_path), "tflite", tmp_path / "net.tflite")
    words, extra = feed(1)
    run = Interpreter(model_path=str(source)).get_signature_runner("serving_default")
    found = run(words=words.astype(np.int32), extra=extra)
    np.testing.assert_allclose(found["number"], outputs_of(source, (words, extra))[1], atol=1e-6)


def test_a_free_batch_takes_any_number_at_once(tmp_path: Path, converter: Converter) -> None:
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    model, (words, extra) = saved(two_by_two(), tmp_path), feed(6)
    for form in ("tflite", "onnx"):
        converter.convert(model, form, tmp_path / f"net.{form}", Layout(None))
    interpreter = Interpreter(model_path=str(tmp_path / "net.tflite"))
    for detail, array in zip(interpreter.get_input_details(), (words, extra), strict=True):
        interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), (words, extra), strict=True):
        interpreter.set_tensor(detail["index"], array.astype(detail["dtype"]))
    interpreter.invoke()
    at_once = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    expected = outputs_of(tmp_path / "net.tflite", (words, extra))[0]
    np.testing.assert_allclose(at_once, expected, atol=1e-6)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    found = session.run(["scores"], {"words": words.astype(np.int32), "extra": extra})[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_preprocessing_inside_the_model_converts(tmp_path: Path, converter: Converter) -> None:
    keras = backend.keras()
    layers = keras.layers
    source = keras.Input((9, 9, 3), name="image", dtype="uint8")
    x = layers.Resizing(6, 6)(layers.Rescaling(1 / 255)(source))
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    model = keras.Model(source, layers.Dense(2)(layers.Flatten()(layers.Conv2D(3, 3)(x))))
    images = np.random.default_rng(0).integers(0, 256, (4, 9, 9, 3))
    for form in ("tflite", "onnx"):
        file = converter.convert(saved(model, tmp_path), form, tmp_path / f"net.{form}")
        assert [p["dtype"] for p in audit(file)["inputs"]] == ["uint8"]
        expected = model.predict(images.astype(np.uint8), verbose=0)
        assert np.ptp(expected) > 0.01
        np.testing.assert_allclose(outputs_of(file, (images,))[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "form", "reason"),
    [
        ("CategoryEncoding", "tflite", "'codes' .* counts categories"),
        ("IntegerLookup", "onnx", "'codes' .* cannot write its table"),
        ("StringLookup", "onnx", "takes text .* 'codes'"),
        ("TextVectorization", "tflite", "takes text .* 'codes'"),
    ],
)
def test_layers_that_no_format_has_are_refused_by_name(
    tmp_path: Path, converter: Converter, kind: str, form: str, reason: str
) -> None:
    keras = backend.keras()
    text = kind in ("StringLookup", "TextVectorization")
    source = keras.Input((1,), dtype="string" if text else "int32", name="raw")
    settings: dict[str, dict[str, Any]] = {
        "CategoryEncoding": {"num_tokens": 4},
        "IntegerLookup": {"vocabulary": [3, 5]},
        "StringLookup": {"vocabulary": ["a", "b"]},
        "TextVectorization": {"vocabulary": ["a", "b"]},
    }
    layer = getattr(keras.layers, kind)(name="codes", **settings[kind])
    with pytest.raises(ConversionError, match=reason) as caught:
        converter.convert(
            saved(keras.Model(source, layer(source)), tmp_path), form, tmp_path / f"net.{form}"
        )
    assert ("Cut the model behind" if text else "before the model") in caught.value.hint


def test_a_stumbling_converter_is_told_with_the_layer(tmp_path: Path, converter: Converter) -> None:
    keras = backend.keras()
    source = keras.Input((4, 4, 1), name="x")
    twice = keras.layers.UpSampling2D(2, interpolation="lanczos3", name="twice")
    model = keras.Model(source, twice(keras.layers.Conv2D(1, 1, name="before")(source)))
    for form in ("tflite", "onnx"):
        with pytest.raises(ConversionError) as caught:
            converter.convert(saved(model, tmp_path), form, tmp_path / f"net.{form}")
        reason = caught.value.message.split("gave up: ")[1]
        assert reason.startswith("layer 'twice': the format has no operator for ScaleAndTranslate")


def test_samples_that_do_not_fit_the_inputs_are_told(tmp_path: Path, converter: Converter) -> None:
    words, extra = feed()
    for form, maker in (("tflite", TFLite()), ("onnx", Onnx())):
        file = converter.convert(saved(two_by_two(), tmp_path), form, tmp_path / f"net.{form}")
        with pytest.raises(ExecutionError, match="2 inputs"):
            outputs_of(file, (words,))
        with pytest.raises(ExecutionError, match="different numbers"):
            outputs_of(file, (words, extra[:3]))
        with pytest.raises(ConversionError, match="2"):
            maker.quantize(
                file, PrecisionPlan("int8"), Calibration((words,)), tmp_path / f"q.{form}"
            )


def test_a_model_built_for_another_batch_is_refused(tmp_path: Path, converter: Converter) -> None:
    keras = backend.keras()
    source = keras.Input(batch_shape=(2, 3), name="pair")
    centred = source - keras.ops.mean(source, axis=0, keepdims=True)
    model = saved(keras.Model(source, keras.layers.Dense(2)(centred)), tmp_path)
    with pytest.raises(ConversionError, match="was built for a batch of 2"):
        converter.convert(model, "tflite", tmp_path / "net.tflite")
    file = converter.convert(model, "tflite", tmp_path / "net.tflite", Layout(2))
    assert audit(file)["inputs"][0]["shape"] == [2, 3]
