from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files
from tests.snr import power_db

from edgehone import precisions
from edgehone.errors import ConversionError, ModelError
from edgehone.export.execution import outputs
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.values import Plain, PrecisionPlan

EXPECTED = {
    "float32": ("float32", "float32", "float32"),
    "float16": ("float32", "float16", "float32"),
    "dynamic8": ("float32", "int8", "float32"),
    "int8": ("int8", "int8", "int8"),
    "int8x4": ("int8", "int4", "int8"),
    "int16x8": ("int16", "int8", "int16"),
    "dynamic4": ("float32", "int4", "float32"),
    "weights4": ("float32", "int4", "float32"),
}
"""Types of activations in, weights, activations out."""

NEXT_TO = {"int8x4": "int8", "dynamic4": "dynamic8", "weights4": "float32"}
SNR_DB = {"float32": 100, "float16": 60, "dynamic8": 25, "int8": 25, "int16x8": 40}


def quantized(
    folder: Path, plan: PrecisionPlan, names: tuple[str, str, str] = ("first", "middle", "last")
) -> tuple[Path, Plain]:
    destination = folder / "quantized.tflite"
    source = tflite_files.float_file(folder, names)
    notes = TFLite().quantize(source, plan, tflite_files.calibration(), destination)
    return destination, notes


def types_by_layer(file: Path) -> dict[str, tuple[str, ...]]:
    return {layer["name"]: tuple(layer["types"]) for layer in TFLite().audit(file)["layers"]}


@pytest.mark.parametrize("precision", precisions.names())
def test_quantize_gives_every_layer_the_default_precision_and_the_file_runs(
    tmp_path: Path, precision: str
) -> None:
    file, notes = quantized(tmp_path, PrecisionPlan(precision))
    types = types_by_layer(file)
    assert types["first"] == EXPECTED[precision]
    assert types["last"] == EXPECTED[precision]
    assert types["middle"] == EXPECTED[NEXT_TO.get(precision, precision)]
    assert set(notes["refused"]) == ({"middle"} if precision in NEXT_TO else set())
    x = tflite_files.samples()
    reference = outputs(tflite_files.float_file(tmp_path), x)
    assert reference.std(axis=0).min() > 0.01
    snr_db = power_db(reference, outputs(file, x))
    assert snr_db is None or snr_db > SNR_DB.get(precision, 5)


@pytest.mark.parametrize("default", ["int8", "float32"])
@pytest.mark.parametrize("layer", ["first", "middle", "last"])
@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic8", "int8", "int16x8"])
def test_quantize_gives_one_layer_its_own_precision_and_no_other(
    tmp_path: Path, default: str, layer: str, precision: str
) -> None:
    file, notes = quantized(tmp_path, PrecisionPlan(default, {layer: precision}))
    types = types_by_layer(file)
    assert notes["refused"] == {}
    for name in ("first", "middle", "last"):
        assert types[name] == EXPECTED[precision if name == layer else default]
    assert np.isfinite(outputs(file, tflite_files.samples(4))).all()


@pytest.mark.parametrize("names", [("a", "a_1", "a_10"), ("a.b", "axb", "a.b+"), ("x", "y", "xy")])
def test_quantize_addresses_layers_by_their_exact_name(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    file, _ = quantized(tmp_path, PrecisionPlan("int8", {names[0]: "float32"}), names)
    types = types_by_layer(file)
    assert [types[name] for name in names] == [
        EXPECTED["float32"],
        EXPECTED["int8"],
        EXPECTED["int8"],
    ]


@pytest.mark.parametrize(("layer", "borders"), [("first", "fi"), ("last", "if"), ("middle", "ii")])
def test_quantize_leaves_a_border_float_where_the_layer_at_it_is_float(
    tmp_path: Path, layer: str, borders: str
) -> None:
    file, _ = quantized(tmp_path, PrecisionPlan("int8", {layer: "float32"}))
    found = TFLite().audit(file)
    assert (found["inputs"][0]["dtype"][0] + found["outputs"][0]["dtype"][0]) == borders


def test_quantize_refuses_four_bit_depthwise_and_unknown_layers_with_reasons(
    tmp_path: Path,
) -> None:
    plan = PrecisionPlan("int8", {"middle": "int8x4", "last": "int8x4", "nowhere": "float32"})
    file, notes = quantized(tmp_path, plan)
    assert set(notes["refused"]) == {"middle", "nowhere"}
    assert "DEPTHWISE_CONV_2D" in notes["refused"]["middle"]
    assert types_by_layer(file)["last"] == EXPECTED["int8x4"]
    assert types_by_layer(file)["middle"] == EXPECTED["int8"]


def test_quantize_repeated_with_one_instance_equals_a_fresh_one(tmp_path: Path) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    form = TFLite()
    for number, calibration in enumerate((x, x[:3] * 0.5, x)):
        form.quantize(
            source,
            PrecisionPlan("int8"),
            Calibration((calibration,)),
            tmp_path / f"{number}.tflite",
        )
    files = [(tmp_path / f"{number}.tflite").read_bytes() for number in range(3)]
    assert files[0] == files[2]
    assert files[0] != files[1]


@pytest.mark.parametrize(
    ("plan", "shape"),
    [
        (PrecisionPlan("int7"), (2, 6, 6, 3)),
        (PrecisionPlan("int8", {"last": "float7"}), (2, 6, 6, 3)),
        (PrecisionPlan("int8"), (0, 6, 6, 3)),
        (PrecisionPlan("int8"), (2, 6, 6, 4)),
    ],
)
def test_quantize_says_what_cannot_be_and_leaves_no_file(
    tmp_path: Path, plan: PrecisionPlan, shape: tuple[int, ...]
) -> None:
    source, destination = tflite_files.float_file(tmp_path), tmp_path / "out.tflite"
    with pytest.raises(ConversionError) as caught:
        TFLite().quantize(source, plan, Calibration((np.zeros(shape, np.float32),)), destination)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["float.tflite"]


@pytest.mark.parametrize("precision", ["int8", "int8x4", "dynamic8", "dynamic4", "weights4"])
@pytest.mark.parametrize("algorithm", ["min_max", "octav", "mse", "gptq", "recovery", "hadamard"])
def test_every_algorithm_makes_a_file_that_computes_the_same_or_says_why_not(
    tmp_path: Path, precision: str, algorithm: str
) -> None:
    plan = PrecisionPlan(precision, algorithm=algorithm)
    static = precision not in ("dynamic8", "dynamic4")
    if algorithm == "recovery" or (static and algorithm == "hadamard"):
        with pytest.raises(ConversionError, match=algorithm) as caught:
            quantized(tmp_path, plan)
        assert caught.value.hint
        return
    file, notes = quantized(tmp_path, plan)
    x = tflite_files.samples()
    reference = outputs(tflite_files.float_file(tmp_path), x)
    snr_db = power_db(reference, outputs(file, x))
    assert snr_db > (20 if precision.endswith("8") else 5)
    dense_only = algorithm in ("gptq", "hadamard")
    assert ("first" in notes["stand_ins"]) == dense_only
    assert "last" not in notes["stand_ins"]


@pytest.mark.parametrize("algorithm", ["octav", "mse", "gptq"])
def test_algorithm_changes_the_weights_and_nothing_by_repetition(
    tmp_path: Path, algorithm: str
) -> None:
    source, form = tflite_files.float_file(tmp_path), TFLite()
    contents = []
    for number, name in enumerate(("min_max", algorithm, algorithm)):
        file = tmp_path / f"{number}.tflite"
        form.quantize(
            source, PrecisionPlan("int8x4", algorithm=name), tflite_files.calibration(), file
        )
        contents.append(file.read_bytes())
    assert contents[0] != contents[1] == contents[2]


def test_recovery_finds_the_grid_that_weights_lie_on(tmp_path: Path) -> None:
    names = ("first", "middle", "last")
    source = tmp_path / "float.tflite"
    content, kernels = tflite_files.on_grid(tflite_files.float_content(names), bits=4)
    source.write_bytes(content)
    file = tmp_path / "recovered.tflite"
    plan = PrecisionPlan("weights4", algorithm="recovery")
    TFLite().quantize(source, plan, Calibration(()), file)
    x = tflite_files.samples()
    reference = outputs(source, x)
    assert reference.std(axis=0).min() > 0.01
    assert kernels == 3
    np.testing.assert_allclose(outputs(file, x), reference, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("default", ["float32", "float16", "dynamic8", "int8", "int16x8"])
@pytest.mark.parametrize("io", ["float32", "int8"])
def test_borders_are_of_the_type_asked_for(tmp_path: Path, default: str, io: str) -> None:
    file, _ = quantized(tmp_path, PrecisionPlan(default, io=io))
    found = TFLite().audit(file)
    assert {border["dtype"] for border in [*found["inputs"], *found["outputs"]]} == {io}
    x = tflite_files.samples()
    reference = outputs(tflite_files.float_file(tmp_path), x)
    snr_db = power_db(reference, outputs(file, x))
    assert snr_db is None or snr_db > 20


def test_borders_have_the_last_word_over_layers(tmp_path: Path) -> None:
    layers = {"first": "float32", "last": "float32"}
    for io in ("float32", "int8"):
        file, _ = quantized(tmp_path, PrecisionPlan("int8", layers, io=io))
        found = TFLite().audit(file)
        assert {border["dtype"] for border in [*found["inputs"], *found["outputs"]]} == {io}
        assert types_by_layer(file)["middle"] == EXPECTED["int8"]


def test_symmetric_puts_every_zero_at_zero(tmp_path: Path) -> None:
    zeros = []
    for symmetric in (True, False):
        file, _ = quantized(tmp_path, PrecisionPlan("int8", symmetric=symmetric))
        found = TFLite().audit(file)
        zeros.append({border["zero_point"] for border in [*found["inputs"], *found["outputs"]]})
    assert zeros[0] == {0}
    assert zeros[1] != {0}


def test_percentile_narrows_the_borders_scale(tmp_path: Path) -> None:
    scales = []
    for percentile in (100.0, 95.0):
        file, _ = quantized(tmp_path, PrecisionPlan("int8", percentile=percentile))
        scales.append(TFLite().audit(file)["outputs"][0]["scale"])
    assert scales[1] < scales[0]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (PrecisionPlan("int8", algorithm="magic"), "magic"),
        (PrecisionPlan("int8", algorithm="oscar"), "oscar is for dynamic8 and dynamic4"),
        (PrecisionPlan("dynamic8", algorithm="oscar"), "No layer of the model can have oscar"),
        (PrecisionPlan("int8", block=32), "blocks of 32"),
        (PrecisionPlan("dynamic4", block=33), "blocks of 33"),
        (PrecisionPlan("dynamic4", block=32, algorithm="mse"), "by mse"),
        (PrecisionPlan("dynamic4", block=256), "blocks of 256"),
        (PrecisionPlan("int8", percentile=50), "percentile"),
        (PrecisionPlan("int8", percentile=101), "percentile"),
        (PrecisionPlan("int8", io="int4"), "int4"),
    ],
)
def test_quantize_refuses_settings_with_a_reason(
    tmp_path: Path, plan: PrecisionPlan, message: str
) -> None:
    with pytest.raises(ConversionError, match=message) as caught:
        quantized(tmp_path, plan)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["float.tflite"]


def test_float_precisions_ignore_the_algorithm(tmp_path: Path) -> None:
    for precision in ("float32", "float16"):
        _, notes = quantized(tmp_path, PrecisionPlan(precision, algorithm="gptq"))
        assert notes["stand_ins"] == {}


def test_quantize_of_a_truncated_file_is_a_model_error(tmp_path: Path) -> None:
    source = tflite_files.float_file(tmp_path)
    source.write_bytes(source.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"float\.tflite"):
        TFLite().quantize(
            source, PrecisionPlan("int8"), tflite_files.calibration(), tmp_path / "o.tflite"
        )
