"""Keras models whose identifiers are real numbers keep what they know in files of integers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.export.conversion import Converter
from edgehone.export.execution import outputs_of
from edgehone.formats._base import Calibration
from edgehone.formats._columns import worst_column
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.system import files
from edgehone.values import Model, PrecisionPlan

pytestmark = pytest.mark.slow

KNOWN = 700


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter(trust=True) as started:
        yield started


def table() -> Any:
    """Two columns of identifiers, cut out, moved and wrapped, and two of numbers, normalised."""
    from edgehone.graph import backend

    keras = backend.keras()
    backend.seed(0)
    layers, ops = keras.layers, keras.ops
    source = keras.Input((4,), name="table")
    first, second, rest = ops.split(source, [1, 2], axis=1)
    wrapped = ops.mod(second + 350.0, float(KNOWN))
    found = [
        layers.Flatten()(layers.Embedding(KNOWN, 4, embeddings_initializer="random_normal")(each))
        for each in (first, wrapped)
    ]
    numbers = layers.Normalization(mean=[5.0, 50.0], variance=[4.0, 400.0])(rest)
    x = layers.Concatenate()([*[each * 20.0 for each in found], numbers])
    return keras.Model(source, layers.Dense(2)(layers.Dense(16, activation="relu")(x)))


def masked() -> Any:
    """Identifiers of which 0 is none, averaged; and how many there are, as a number."""
    from edgehone.graph import backend

    keras = backend.keras()
    backend.seed(0)
    layers, ops = keras.layers, keras.ops
    source = keras.Input((12,), name="tokens")
    x = layers.Embedding(
        KNOWN, 8, mask_zero=True, embeddings_initializer="random_normal", name="words"
    )(source)
    x = layers.GlobalAveragePooling1D()(x) * 20.0
    count = ops.sum(ops.cast(ops.not_equal(source, 0.0), "float32"), axis=1, keepdims=True)
    return keras.Model(source, layers.Dense(2)(layers.Concatenate()([x, count / 12.0])))


def drawn(name: str) -> Any:
    random = np.random.default_rng(0)
    if name == "masked":
        ids = random.integers(0, KNOWN, (120, 12)) * (random.random((120, 12)) < 0.6)
        return ids.astype(np.float32)
    ids, numbers = random.integers(0, KNOWN, (120, 2)), random.normal([5, 50], [2, 20], (120, 2))
    return np.concatenate([ids, numbers], axis=1).astype(np.float32)


@pytest.mark.parametrize("name", ["table", "masked"])
@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_identifiers_in_real_clothes_are_what_they_were(
    converter: Converter, tmp_path: Path, name: str, kind: str
) -> None:
    model, x = {"table": table, "masked": masked}[name](), drawn(name)
    path = tmp_path / "net.keras"
    model.save(path)
    saved = Model(path, files.sha256_of(path), model.count_params(), 0)
    source = converter.convert(saved, kind, tmp_path / f"float.{kind}")
    form = {"tflite": TFLite, "onnx": Onnx}[kind]()
    file = tmp_path / f"int8.{kind}"
    notes = form.quantize(source, PrecisionPlan(), Calibration((x,)), file)
    (expected,), (found,) = outputs_of(source, (x,)), outputs_of(file, (x,))
    worst = worst_column(expected, found)
    assert worst is not None
    assert worst.snr_db > 25
    assert "index, count or encode" in notes["kept_float"][{"masked": "tokens"}.get(name, name)]


def beside(keras: Any, source: Any, far: Any) -> Any:
    """A distance up to 10,000 beside a share, along another axis than the last."""
    x = keras.layers.Concatenate()([far, keras.layers.Dense(1, activation="tanh")(source)])
    return keras.layers.Reshape((2, 1))(x)


def among(keras: Any, source: Any, far: Any) -> Any:
    """One distance and 39 shares."""
    return keras.layers.Concatenate()([far, keras.layers.Dense(39, activation="tanh")(source)])


def constant(keras: Any, source: Any, far: Any) -> Any:
    """A distance and 293, which is made of a layer that is dead."""
    bias = keras.initializers.Constant(-50.0)
    dead = keras.layers.Dense(1, activation="relu", bias_initializer=bias)(source)
    return keras.layers.Concatenate()([far, keras.layers.Rescaling(1.0, 293.0)(dead)])


def dead(keras: Any, source: Any, _: Any) -> Any:
    """Layers of which one is dead."""
    bias = keras.initializers.Constant(-50.0)
    x = keras.layers.Dense(8, activation="relu", bias_initializer=bias)(source)
    return keras.layers.Dense(2)(x)


@pytest.mark.parametrize("end", [beside, among, constant, dead])
@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_quantities_of_unlike_range_and_dead_layers_survive(
    converter: Converter, tmp_path: Path, end: Any, kind: str
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    backend.seed(0)
    source = keras.Input((10,))
    far = keras.layers.Dense(1, activation="tanh")(source)
    far = keras.layers.Rescaling(5000.0, 5000.0)(far)
    model, path = keras.Model(source, end(keras, source, far)), tmp_path / "net.keras"
    model.save(path)
    saved = Model(path, files.sha256_of(path), model.count_params(), 0)
    x = np.random.default_rng(0).normal(size=(120, 10)).astype(np.float32)
    made = converter.convert(saved, kind, tmp_path / f"float.{kind}")
    file = tmp_path / f"int8.{kind}"
    {"tflite": TFLite, "onnx": Onnx}[kind]().quantize(
        made, PrecisionPlan(), Calibration((x,)), file
    )
    (expected,), (found,) = outputs_of(made, (x,)), outputs_of(file, (x,))
    ratios = [
        10 * np.log10(np.maximum(expected[:, n].var(), expected[:, n].mean() ** 2 * 1e-6) / noise)
        for n in range(expected.shape[1])
        if (noise := ((expected[:, n] - found[:, n]) ** 2).mean()) > 0
    ]
    assert min(ratios, default=99) > 20
