"""float16 files keep float32 for what float16 cannot hold; weights that count are never rounded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import unlike_files

from edgehone.export.execution import outputs
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

MAKERS: dict[str, Any] = {
    "onnx": (Onnx, unlike_files.counted_onnx),
    "tflite": (TFLite, unlike_files.counted_tflite),
}
LEAST = {"float16": 0.9999, "int8x4": 0.98, "dynamic4": 0.98, "weights4": 0.98}

PAIRS = [(name, precision) for name, (form, _) in MAKERS.items() for precision in form.PRECISIONS]


def r2(reference: Any, found: Any) -> float:
    error = ((found.astype(np.float64) - reference) ** 2).mean(axis=0)
    return float((1 - error / reference.astype(np.float64).var(axis=0)).min())


@pytest.mark.parametrize(("name", "precision"), PAIRS)
def test_no_precision_harms_identifiers(tmp_path: Path, name: str, precision: str) -> None:
    form, counted = MAKERS[name]
    source, x = counted(tmp_path), unlike_files.identifiers()
    file = tmp_path / f"out.{name}"
    form().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
    assert r2(outputs(source, x), outputs(file, x)) > LEAST.get(precision, 0.99)


@pytest.mark.parametrize("samples", [True, False])
def test_identifiers_reach_an_embedding_in_float16_without_samples(
    tmp_path: Path, samples: bool
) -> None:
    source, x = unlike_files.counted_onnx(tmp_path), unlike_files.identifiers()
    file = tmp_path / "out.onnx"
    calibration = Calibration((x,) if samples else ())
    notes = Onnx().quantize(source, PrecisionPlan("float16"), calibration, file)
    assert r2(outputs(source, x), outputs(file, x)) > 0.9999
    assert "float16 rounds above 2048" in notes["kept_float"]["ids"]
    kinds = {layer["name"]: layer["types"][0] for layer in audit(file)["layers"]}
    assert kinds["deep_layer"] == kinds["wide_layer"] == "float16"


def scaled(folder: Path, scale: float, offset: float) -> Path:
    """A dense layer with tanh, and a scale and an offset behind it."""
    random = np.random.default_rng(2)
    arrays = {
        "w": random.normal(size=(6, 3)).astype(np.float32),
        "scale": np.array([scale], np.float32),
        "offset": np.array([offset], np.float32),
    }
    steps = [
        ("Gemm", ["x", "w"], "h", "dense"),
        ("Tanh", ["h"], "t", "dense/Tanh"),
        ("Mul", ["t", "scale"], "s", "scaling/Mul"),
        ("Add", ["s", "offset"], "y", "scaling"),
    ]
    return unlike_files.steps_onnx(folder / "scaled.onnx", steps, arrays, ("x", 6), ("y", 3))


@pytest.mark.parametrize(
    ("scale", "offset", "samples"),
    [
        (1e6, 5e6, False),  # constants alone say that float16 has no such numbers
        (5e4, 5e4, True),  # constants fit, and their sums do not
        (1e-8, 0.0, True),
        (3.0, 20000.0, True),  # steps of 16 about 20000
    ],
)
def test_an_end_that_float16_cannot_hold_is_float32(
    tmp_path: Path, scale: float, offset: float, samples: bool
) -> None:
    source, x = scaled(tmp_path, scale, offset), unlike_files.numbers()
    file = tmp_path / "out.onnx"
    notes = Onnx().quantize(
        source, PrecisionPlan("float16"), Calibration((x,) if samples else ()), file
    )
    assert r2(outputs(source, x), outputs(file, x)) > 0.999
    assert "scaling" in notes["kept_float"]
    kinds = {layer["name"]: layer["types"] for layer in audit(file)["layers"]}
    assert kinds["dense"][0] == "float16"
    assert kinds["scaling"][-1] == "float32"


def test_nothing_of_an_ordinary_model_stays_float32(tmp_path: Path) -> None:
    source, x = scaled(tmp_path, 3.0, 1.0), unlike_files.numbers()
    file = tmp_path / "out.onnx"
    notes = Onnx().quantize(source, PrecisionPlan("float16"), Calibration((x,)), file)
    assert not notes["kept_float"]
    kinds = {layer["name"]: layer["types"] for layer in audit(file)["layers"]}
    assert {kind for name in ("dense", "scaling") for kind in kinds[name]} == {"float16"}


def test_constants_that_float32_nodes_share_with_others_are_not_rounded(tmp_path: Path) -> None:
    arrays = {"big": np.array([100003.0], np.float32), "w": np.ones((6, 3), np.float32)}
    steps = [
        ("Mul", ["x", "k"], "s", "far"),
        ("Gemm", ["x", "w"], "g", "dense"),
        ("Mul", ["g", "k"], "h", "near"),
        ("Mul", ["s", "big"], "wide", "wide"),
        ("ReduceSum", ["wide", "axes"], "r", "sum"),
        ("Add", ["h", "r"], "y", "out"),
    ]
    arrays |= {"k": np.array([1 / 3], np.float32), "axes": np.array([1])}
    source = unlike_files.steps_onnx(tmp_path / "shared.onnx", steps, arrays, ("x", 6), ("y", 3))
    file, x = tmp_path / "out.onnx", unlike_files.numbers() + 1
    Onnx().quantize(source, PrecisionPlan("float16"), Calibration((x,)), file)
    assert r2(outputs(source, x), outputs(file, x)) > 0.999999


def test_weights_that_float16_has_not_stay_float32_in_tflite(tmp_path: Path) -> None:
    source, x = unlike_files.two_ranges_tflite(tmp_path, 1e6), unlike_files.numbers()
    file = tmp_path / "out.tflite"
    notes = TFLite().quantize(source, PrecisionPlan("float16"), Calibration(()), file)
    assert r2(outputs(source, x), outputs(file, x)) > 0.999
    assert set(notes["kept_float"]) == {"pair"}


def numbering(folder: Path) -> Path:
    """Two digits that a matrix of whole weights makes an identifier of, which is looked up."""
    from onnx import TensorProto

    arrays = {
        "digits": np.array([[97.0], [1.0]], np.float32),
        "table": np.random.default_rng(3).normal(size=(97 * 97, 3)).astype(np.float32),
        "shape": np.array([1, 3]),
    }
    steps = [
        ("MatMul", ["x", "digits"], "number", "numbering"),
        ("Cast", ["number"], "whole", "lookup/Cast", {"to": TensorProto.INT64}),
        ("Gather", ["table", "whole"], "found", "lookup"),
        ("Reshape", ["found", "shape"], "y", "flat"),
    ]
    return unlike_files.steps_onnx(folder / "digits.onnx", steps, arrays, ("x", 2), ("y", 3))


@pytest.mark.parametrize("precision", Onnx.PRECISIONS)
def test_weights_that_number_things_are_not_rounded(tmp_path: Path, precision: str) -> None:
    source, file = numbering(tmp_path), tmp_path / "out.onnx"
    x = np.random.default_rng(4).integers(0, 97, (80, 2)).astype(np.float32)
    Onnx().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
    assert r2(outputs(source, x), outputs(file, x)) > 0.999
