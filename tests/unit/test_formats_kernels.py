"""Operators without an integer kernel are called float; files of QLinear operators are integers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import onnx_files, qdq_files
from tests.qdq_files import Case

from edgehone.export.requirements import findings
from edgehone.formats import precision
from edgehone.formats._audit import audit


def floats(file: Path) -> list[str]:
    return [layer["operator"] for layer in audit(file)["float_layers"]]


@pytest.mark.parametrize("kind", ["Sin", "Tanh", "Elu", "Erf", "Div", "ReduceMean"])
def test_between_conversions_is_float_what_has_no_integer_kernel(tmp_path: Path, kind: str) -> None:
    attributes = {"axes": [2, 3]} if kind == "ReduceMean" else {}
    case = Case(kind, inputs=2 if kind == "Div" else 1, attributes=attributes)
    found = audit(qdq_files.file(tmp_path, case))
    assert [layer["operator"] for layer in found["float_layers"]] == [kind]
    (layer,) = [layer for layer in found["layers"] if layer["name"] == "it"]
    assert layer["types"][0] == layer["types"][-1] == "float32"
    assert findings(found, ["int8"])[0]["reason"].startswith("Layers compute in float: it")


@pytest.mark.parametrize("kind", ["Sigmoid", "Softmax", "LeakyRelu", "GlobalAveragePool"])
def test_between_conversions_is_an_integer_kernel_where_there_is_one(
    tmp_path: Path, kind: str
) -> None:
    assert floats(qdq_files.file(tmp_path, Case(kind))) == []
    assert floats(qdq_files.file(tmp_path, Case(kind), end="nothing")) == [kind]


def test_what_lets_all_integers_pass_is_not_computed(tmp_path: Path) -> None:
    conv = Case("Conv", weights=(3, 4, 3, 3), then="Relu")
    assert floats(qdq_files.file(tmp_path, conv, end="positive")) == []
    assert floats(qdq_files.file(tmp_path, conv)) == ["Conv", "Relu"]
    pool = Case("MaxPool", attributes={"kernel_shape": [2, 2]})
    assert floats(qdq_files.file(tmp_path, pool)) == []
    assert floats(qdq_files.file(tmp_path, pool, end="positive")) == ["MaxPool"]


class _Samples:
    """Calibration samples as onnxruntime asks for them."""

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self._left = [random.normal(size=(1, 3, 6, 6)).astype(np.float32) for _ in range(8)]

    def get_next(self) -> dict[str, Any] | None:
        return {"x": self._left.pop()} if self._left else None


@pytest.mark.parametrize(
    ("activations", "weights", "name"),
    [("QUInt8", "QInt8", "int8"), ("QInt8", "QInt8", "int8"), ("QUInt8", "QUInt8", "uint8")],
)
def test_files_of_qlinear_operators_are_called_what_they_are(
    tmp_path: Path, activations: str, weights: str, name: str
) -> None:
    from onnxruntime import quantization as q

    source, file = onnx_files.float_file(tmp_path), tmp_path / "operators.onnx"
    q.quantize_static(
        source,
        file,
        _Samples(),
        quant_format=q.QuantFormat.QOperator,
        activation_type=q.QuantType[activations],
        weight_type=q.QuantType[weights],
    )
    found = audit(file)
    kernels = [each for each in found["layers"] if each["operator"] in ("QLinearConv", "QGemm")]
    read, held = (kind.removeprefix("Q").lower() for kind in (activations, weights))
    assert [layer["types"] for layer in kernels] == [[read, held, read]] * 2
    assert all(layer["weight_bytes"] for layer in kernels)
    assert found["float_layers"] == []
    assert precision(found) == name
    assert bool(findings(found, ["int8"])) == (name != "int8")
    assert "float32" not in found["roles"]["weights"]
    assert found["roles"]["biases"] == {"int32": 2}
