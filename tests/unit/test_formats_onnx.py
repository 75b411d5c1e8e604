from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.onnx_files import float_file, samples
from tests.snr import power_db

from edgehone.errors import ConversionError
from edgehone.export.execution import outputs
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration
from edgehone.formats._onnx.nbits import packed
from edgehone.formats.onnx import Onnx
from edgehone.values import Plain, PrecisionPlan

SNR_DB = {"float16": 55, "weights4": 15}


def quantized(folder: Path, plan: PrecisionPlan) -> tuple[Path, Plain]:
    destination = folder / "quantized.onnx"
    notes = Onnx().quantize(float_file(folder), plan, Calibration((samples(),)), destination)
    return destination, notes


@pytest.mark.parametrize("precision", Onnx.PRECISIONS)
def test_quantize_writes_every_precision_and_it_computes_the_same(
    tmp_path: Path, precision: str
) -> None:
    file, notes = quantized(tmp_path, PrecisionPlan(precision))
    reference = outputs(float_file(tmp_path), samples())
    assert reference.std(axis=0).min() > 0.01
    snr_db = power_db(reference, outputs(file, samples()))
    assert snr_db is None if precision == "float32" else (snr_db or 0) > SNR_DB.get(precision, 25)
    assert set(notes["refused"]) == ({"stem"} if precision == "weights4" else set())


def test_quantize_to_int8_leaves_no_layer_float(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("int8"))[0])
    types = {layer["name"]: layer["types"] for layer in found["layers"]}
    assert types["stem"] == types["head"] == ["uint8", "int8", "uint8"]
    assert found["float_layers"] == []
    assert [border["dtype"] for border in found["inputs"]] == ["float32"]


@pytest.mark.parametrize(("layer", "other"), [("stem", "head"), ("head", "stem")])
def test_quantize_keeps_the_named_layer_float_and_no_other(
    tmp_path: Path, layer: str, other: str
) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("int8", {layer: "float32"}))[0])
    types = {entry["name"]: entry["types"] for entry in found["layers"]}
    assert types[layer][1] == "float32"
    assert types[other][1] == "int8"
    floats = {entry["name"] for entry in found["float_layers"]}
    assert layer in floats
    assert other not in floats


def test_quantize_refuses_what_a_layer_cannot_have_with_reasons(tmp_path: Path) -> None:
    layers = {"head": "int8x4", "nowhere": "float32", "stem": "dynamic8"}
    _, notes = quantized(tmp_path, PrecisionPlan("int8", layers))
    assert set(notes["refused"]) == {"head", "nowhere", "stem"}
    assert "dynamic8" in notes["refused"]["stem"]
    _, notes = quantized(tmp_path, PrecisionPlan("float16", {"head": "int8", "stem": "float32"}))
    assert set(notes["refused"]) == {"head"}
    _, notes = quantized(tmp_path, PrecisionPlan("int8", {"stem": "weights4"}))
    assert "Conv" in notes["refused"]["stem"]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (PrecisionPlan("int16x8"), "int16x8"),
        (PrecisionPlan("int8", {"head": "float7"}), "float7"),
        (PrecisionPlan("int8", algorithm="gptq"), "gptq"),
        (PrecisionPlan("int8", io="int8"), "borders"),
        (PrecisionPlan("int8", block=32), "blocks"),
        (PrecisionPlan("weights4", block=20), "blocks of 20"),
        (PrecisionPlan("int8", percentile=0), "percentile"),
    ],
)
def test_quantize_says_what_cannot_be_and_leaves_no_file(
    tmp_path: Path, plan: PrecisionPlan, message: str
) -> None:
    with pytest.raises(ConversionError, match=message) as caught:
        quantized(tmp_path, plan)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["float.onnx"]


def test_layers_have_precisions_of_their_own_in_a_float_file(tmp_path: Path) -> None:
    file, notes = quantized(
        tmp_path, PrecisionPlan("float32", {"stem": "int8", "head": "weights4"})
    )
    found = audit(file)
    assert notes["refused"] == {}
    types = {entry["name"]: (entry["operator"], entry["types"][1]) for entry in found["layers"]}
    assert types["stem"] == ("Conv", "int8")
    assert types["head"][0] == "MatMulNBits"
    reference = outputs(float_file(tmp_path), samples())
    assert (power_db(reference, outputs(file, samples())) or 0) > 15


def test_symmetric_int8_has_signed_activations_with_zero_at_zero(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("int8", symmetric=True))[0])
    types = {layer["name"]: layer["types"] for layer in found["layers"]}
    assert types["stem"] == types["head"] == ["int8", "int8", "int8"]
    usual = audit(quantized(tmp_path, PrecisionPlan("int8"))[0])
    assert {layer["name"]: layer["types"] for layer in usual["layers"]}["stem"][0] == "uint8"


@pytest.mark.parametrize("block", [0, 16, 64])
def test_four_bit_product_equals_that_of_the_unpacked_weights(tmp_path: Path, block: int) -> None:
    file, _ = quantized(tmp_path, PrecisionPlan("weights4", block=block))
    kernel, hidden, bias = last_layer(float_file(tmp_path))
    values, scales = packed(kernel, block or 32)
    size = block or 32
    unpacked = np.zeros((kernel.shape[1], -(-kernel.shape[0] // size) * size), np.float32)
    for row in range(unpacked.shape[0]):
        for column in range(unpacked.shape[1]):
            byte = int(values[row, column // size, column % size // 2])
            number = (byte >> 4 if column % 2 else byte & 15) - 8
            unpacked[row, column] = number * scales[row, column // size]
    weights = unpacked[:, : kernel.shape[0]]
    assert 0 < np.abs(weights.T - kernel).max() <= np.abs(scales).max() + 1e-6
    found = outputs(file, samples())
    assert found.std(axis=0).min() > 0.01
    np.testing.assert_allclose(found, hidden @ weights.T + bias, rtol=1e-3, atol=1e-4)


def last_layer(file: Path) -> Any:
    """The last layer's kernel (inputs, outputs), what it reads (n, inputs), and its biases."""
    import onnx
    import onnxruntime
    from onnx import numpy_helper

    model = onnx.load(file)
    constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    model.graph.output.add().name = "f"
    session = onnxruntime.InferenceSession(model.SerializeToString())
    hidden = np.concatenate([session.run(["f"], {"x": sample[None]})[0] for sample in samples()])
    return constants["w2"], hidden, constants["b2"]


def test_percentile_entropy_and_learned_ranges_change_the_scales(tmp_path: Path) -> None:
    plans = [PrecisionPlan(), PrecisionPlan(percentile=95), PrecisionPlan(algorithm="entropy")]
    scales = [scale_of(quantized(tmp_path, plan)[0], "y") for plan in plans]
    assert scales[1] < scales[0]
    assert scales[2] <= scales[0] * 1.01
    file = tmp_path / "learned.onnx"
    learned = Calibration((samples(),), {"head": (-2.0, 4.0), "stem": (0.0, 9.0)})
    Onnx().quantize(float_file(tmp_path), PrecisionPlan(), learned, file)
    assert scale_of(file, "y") == pytest.approx(6 / 255, rel=1e-5)
    assert scale_of(file, "r") == pytest.approx(9 / 255, rel=1e-5)


def scale_of(file: Path, tensor: str) -> float:
    """The scale that a tensor of the file is quantized with."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    (scale,) = [constants[name] for name in constants if name == f"{tensor}_scale"]
    return float(scale)


def test_quantize_repeated_with_one_instance_equals_a_fresh_one(tmp_path: Path) -> None:
    source, form, x = float_file(tmp_path), Onnx(), samples()
    contents = []
    for calibration in (x, x * 0.5, x):
        file = tmp_path / "again.onnx"
        form.quantize(source, PrecisionPlan(), Calibration((calibration,)), file)
        contents.append(file.read_bytes())
    assert contents[0] == contents[2] != contents[1]


def test_quantize_without_samples_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="calibration"):
        Onnx().quantize(
            float_file(tmp_path), PrecisionPlan(), Calibration((samples(0),)), tmp_path / "o.onnx"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["float.onnx"]
