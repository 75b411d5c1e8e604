"""What the audit of an .onnx file calls float is what ONNX Runtime computes in float."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import qdq_files
from tests.qdq_files import Case

from edgehone.formats._audit import audit

pytestmark = [pytest.mark.slow, pytest.mark.peer]

ROW = (1, 16)
POOL = {"kernel_shape": [2, 2]}
AXES = np.array([2, 3])
ONES = np.ones(4, np.float32)
UNARY = (
    *("Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu"),
    *("Log", "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus"),
    *("Softsign", "Sqrt", "Tanh", "Softmax", "LogSoftmax", "GlobalAveragePool", "GlobalMaxPool"),
)
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu", "MatMul", "Sum", "Mean")
CASES: dict[str, Case] = {
    **{kind: Case(kind) for kind in UNARY},
    **{kind: Case(kind, inputs=2) for kind in BINARY},
    **{f"{kind}, constant": Case(kind, ROW, weights=(16,)) for kind in ("Add", "Mul", "Sub")},
    "Concat": Case("Concat", inputs=2, attributes={"axis": 1}),
    "MatMul, constant": Case("MatMul", ROW, weights=(16, 3)),
    "Gemm": Case("Gemm", ROW, weights=(16, 3)),
    "Conv": Case("Conv", weights=(3, 4, 3, 3)),
    "ConvTranspose": Case("ConvTranspose", weights=(4, 3, 3, 3)),
    "AveragePool": Case("AveragePool", attributes=POOL),
    "MaxPool": Case("MaxPool", attributes=POOL),
    "Clip": Case("Clip", more=[np.float32(0), np.float32(6)]),
    "Slice": Case("Slice", more=[np.array([0]), np.array([2]), np.array([1])]),
    "Split": Case("Split", attributes={"axis": 1}, outputs=2),
    "Gather": Case("Gather", more=[np.array([0, 1])], attributes={"axis": 1}),
    "ReduceMean": Case("ReduceMean", attributes={"axes": [2, 3]}),
    "ReduceSum": Case("ReduceSum", more=[AXES]),
    "ReduceMax": Case("ReduceMax", attributes={"axes": [2, 3]}),
    "Resize": Case("Resize", more=[np.zeros(0, np.float32), np.array([1, 1, 2, 2], np.float32)]),
    "linear Resize": Case(
        "Resize",
        more=[np.zeros(0, np.float32), np.array([1, 1, 2, 2], np.float32)],
        attributes={"mode": "linear"},
    ),
    "Expand": Case("Expand", more=[np.array([2, 4, 8, 8])]),
    "Tile": Case("Tile", more=[np.array([1, 1, 2, 2])]),
    "DepthToSpace": Case("DepthToSpace", attributes={"blocksize": 2}),
    "SpaceToDepth": Case("SpaceToDepth", attributes={"blocksize": 2}),
    "LayerNormalization": Case(
        "LayerNormalization", ROW, more=[np.ones(16, np.float32), np.zeros(16, np.float32)]
    ),
    "BatchNormalization": Case("BatchNormalization", more=[ONES] * 4),
    "CumSum": Case("CumSum", ROW, more=[np.int64(1)]),
    "LRN": Case("LRN", attributes={"size": 3}),
}
MOVING = ("Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""Operators that compute nothing, in whichever type."""


def run_in_float(file: Path) -> bool:
    """Whether the graph that onnxruntime makes of a file has an operator that computes in float."""
    import onnx
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.optimized_model_filepath = str(file.with_suffix(".optimised"))
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(options.optimized_model_filepath).graph.node
    integers = {
        name
        for node in nodes
        if node.op_type.startswith(("QLinear", "QuantizeLinear"))
        for name in node.output
    }
    return any(_computes_in_float(node, integers) for node in nodes)


def _computes_in_float(node: Any, integers: set[str]) -> bool:
    kind = node.op_type
    conversion = kind.startswith(("QuantizeLinear", "DequantizeLinear"))
    kernel = kind.startswith(("QLinear", "QGemm", "MatMulInteger"))
    return not (conversion or kernel or kind in MOVING or node.input[0] in integers)


@pytest.mark.parametrize("then", ["", "Relu", "Clip", "Tanh"])
@pytest.mark.parametrize("end", ["same", "positive", "nothing"])
@pytest.mark.parametrize("name", CASES)
def test_the_audit_calls_float_what_the_runtime_runs_in_float(
    tmp_path: Path, name: str, end: str, then: str
) -> None:
    case = CASES[name]
    case = Case(**{**vars(case), "then": then if case.outputs == 1 else ""})
    for activations, weights in (("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8")):
        file = qdq_files.file(tmp_path, case, activations, weights, end)
        found = [layer["operator"] for layer in audit(file)["float_layers"]]
        assert bool(found) == run_in_float(file), (activations, weights, found)
