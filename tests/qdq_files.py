"""Small .onnx files of one operator between conversions to integers and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SCALE = 0.05


@dataclass(frozen=True)
class Case:
    """An operator: its kind, attributes, further inputs and integer weights, behind how many
    inputs of which shape; then, a ReLU or the like.
    """

    kind: str
    shape: tuple[int, ...] = (1, 4, 8, 8)
    attributes: dict[str, Any] = field(default_factory=dict)
    more: Sequence[Any] = ()
    weights: tuple[int, ...] = ()
    inputs: int = 1
    outputs: int = 1
    then: str = ""


def file(
    folder: Path, case: Case, activations: str = "uint8", weights: str = "int8", end: str = "same"
) -> Path:
    """The operator named "it" between QDQ pairs. end: what is behind it, a pair of the "same" scale
    as before, one that holds nothing below 0 ("positive"), or "nothing".
    """
    from onnx import TensorProto, helper, numpy_helper

    kind = np.dtype(activations).type
    lowest = np.iinfo(activations).min
    zeros = {"same": lowest + 128, "positive": lowest}
    arrays: dict[str, Any] = {
        "scale": np.float32(SCALE),
        "zero": kind(zeros["same"]),
        "end_scale": np.float32(SCALE if end == "same" else 1 / 256),
        "end_zero": kind(zeros.get(end, 0)),
    }
    nodes, reads = [], []
    for number in range(case.inputs):
        nodes += _pair(f"x{number}", f"in{number}", "")
        reads.append(f"in{number}")
    if case.weights:
        random = np.random.default_rng(0)
        arrays["w"] = random.integers(0, 60, case.weights).astype(weights)
        arrays |= {"w_scale": np.float32(0.01), "w_zero": np.dtype(weights).type(0)}
        given = ["w", "w_scale", "w_zero"]
        nodes.append(helper.make_node("DequantizeLinear", given, ["kernel"], name="kernel"))
        reads.append("kernel")
    for number, each in enumerate(case.more):
        arrays[f"more{number}"] = np.asarray(each)
        reads.append(f"more{number}")
    results = [f"out{number}" for number in range(case.outputs)]
    nodes.append(helper.make_node(case.kind, reads, results, name="it", **case.attributes))
    if case.then:
        nodes.append(helper.make_node(case.then, results, ["then"], name="then"))
        results = ["then"]
    if end != "nothing":
        for number, name in enumerate(results):
            nodes += _pair(name, f"y{number}", "end_")
        results = [f"y{number}" for number in range(len(results))]
    ports = [
        helper.make_tensor_value_info(f"x{number}", TensorProto.FLOAT, case.shape)
        for number in range(case.inputs)
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results]
    used = {name for node in nodes for name in node.input}
    held = [numpy_helper.from_array(np.asarray(a), n) for n, a in arrays.items() if n in used]
    graph = helper.make_graph(nodes, "net", ports, ends, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    path = folder / "one.onnx"
    path.write_bytes(_with_shapes(model).SerializeToString())
    return path


def _pair(source: str, result: str, prefix: str) -> list[Any]:
    from onnx import helper

    settings = [f"{prefix}scale", f"{prefix}zero"]
    return [
        helper.make_node("QuantizeLinear", [source, *settings], [f"{result}:q"]),
        helper.make_node("DequantizeLinear", [f"{result}:q", *settings], [result]),
    ]


def _with_shapes(model: Any) -> Any:
    """The model with the shapes of its outputs, as onnxruntime finds them."""
    from onnx import helper

    from edgehone.formats import _session

    session = _session.open_session(model.SerializeToString())
    feed = {each.name: np.zeros(each.shape, np.float32) for each in session.get_inputs()}
    found = session.run(None, feed)
    names = [each.name for each in model.graph.output]
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for name, a in zip(names, found, strict=True)
    )
    return model
