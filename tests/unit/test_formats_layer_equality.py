"""One-layer files hold the operators that the converter and the quantizer make of such layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import shaken

from edgehone import precisions
from edgehone.export.conversion import Converter
from edgehone.formats import _flatbuffer
from edgehone.formats._base import Calibration
from edgehone.formats._tflite.entries import FREE, entries
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.system.files import sha256_of
from edgehone.values import Model, PrecisionPlan

WIDTHS = ((8, 16), (24, 40), (7, 13))
OPTIONS = (
    *("padding", "strideH", "strideW", "dilationHFactor", "dilationWFactor", "depthMultiplier"),
    *("filterHeight", "filterWidth", "axis", "beta"),
)
"""What an operator's options say of its shape."""


def net(narrow: int, wide: int) -> Any:
    """Every kind of layer and operator that has entries, at these widths."""
    keras = backend.keras()
    backend.seed(0)
    layers = keras.layers
    x = start = layers.Input((13, 10, narrow), name="image")
    x = layers.Conv2D(wide, (3, 2), (2, 1), padding="same", activation="relu")(x)
    x = layers.MaxPooling2D((2, 3), (1, 1), padding="same")(x)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    y = layers.Conv2D(wide, 1, padding="valid")(x)
    x = layers.Add()([x, y])
    x = layers.AveragePooling2D(2)(x)
    x = layers.Concatenate()([x, layers.Conv2D(narrow, 1)(x)])
    x = layers.DepthwiseConv2D(2, 1, padding="valid")(layers.UpSampling2D(2)(x))
    x = layers.Multiply()([x, layers.Activation("sigmoid")(x)])
    x = layers.GlobalAveragePooling2D()(layers.Activation("tanh")(x))
    x = layers.Dense(wide, activation="relu")(x)
    return keras.Model(start, layers.Dense(5, activation="softmax")(x), name=f"net{wide}")


@pytest.fixture(scope="module")
def float_files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The nets as the converter writes them, by their larger width."""
    folder, found = tmp_path_factory.mktemp("nets"), dict[int, Path]()
    with Converter(trust=True) as converter:
        for narrow, wide in WIDTHS:
            model, source = shaken(net(narrow, wide)), folder / f"net{wide}.keras"
            model.save(source)
            found[wide] = folder / f"net{wide}.tflite"
            saved = Model(source, sha256_of(source), model.count_params(), 0)
            converter.convert(saved, "tflite", found[wide])
    return found


def described(model: Any, operator: Any) -> dict[str, Any]:
    """An operator by its name, options, and the shapes and types of what it reads and writes; one
    with weights by its version, too, which decides about runtimes that take it.
    """
    graph = model.subgraphs[0]
    tensors = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    options = vars(operator.builtinOptions) if operator.builtinOptions is not None else {}
    shape = {name: int(options[name]) for name in OPTIONS if name in options}
    if "axis" in shape:
        shape["axis"] %= len(tensors[0].shape)  # the last one is 3, or -1
    name = _flatbuffer.operator_name(model, operator)
    weighted = name in _flatbuffer.KERNEL_OPERATORS
    return {
        "operator": name,
        "version": model.operatorCodes[operator.opcodeIndex].version if weighted else None,
        "options": shape,
        "tensors": [_tensor(each) for each in tensors],
    }


def _tensor(tensor: Any) -> tuple[Any, ...]:
    values = tensor.quantization
    scales = 0 if values is None or values.scale is None else len(values.scale)
    axis = int(values.quantizedDimension) if values is not None and scales > 1 else 0
    shape = "x".join(str(int(size)) for size in tensor.shape)
    while shape.startswith("1x"):
        shape = shape[2:]  # of [1, 5] and [1, 1, 1, 5] the values are the same
    return shape, _flatbuffer.type_name(tensor), scales, axis


@pytest.mark.slow
@pytest.mark.parametrize("precision", precisions.names())
@pytest.mark.parametrize("width", [wide for _, wide in WIDTHS])
def test_a_layers_own_file_holds_the_converters_operator(
    float_files: dict[int, Path], width: int, precision: str, tmp_path: Path
) -> None:
    file = tmp_path / "quantized.tflite"
    source = float_files[width]
    shape = _flatbuffer.read(source).subgraphs[0].tensors[0].shape
    x = np.random.default_rng(0).normal(size=(8, *[int(n) for n in shape[1:]])).astype(np.float32)
    TFLite().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
    whole, compared = _flatbuffer.read(file), 0
    operators = [
        operator
        for operator in whole.subgraphs[0].operators
        if _flatbuffer.operator_name(whole, operator) not in FREE
    ]
    for entry in entries(file):
        if entry.spec is None:
            continue
        content = TFLite().layer_model(entry.spec, entry.precision)
        assert isinstance(content, bytes), content
        alone = _flatbuffer.parse(content, "the layer")
        (mine,) = [
            described(alone, each)
            for each in alone.subgraphs[0].operators
            if _flatbuffer.operator_name(alone, each) == entry.operator
        ]
        theirs = [described(whole, each) for each in operators]
        assert mine in theirs, (entry, [t for t in theirs if t["operator"] == entry.operator])
        compared += 1
    assert compared >= 14
