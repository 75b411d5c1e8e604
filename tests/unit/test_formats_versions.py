"""Operators state the version that the types of their operands need."""

from pathlib import Path

import pytest
from tests import tflite_files

from edgehone.formats import _flatbuffer
from edgehone.formats._tflite.versions import state
from edgehone.formats._tflite.versions import stated as stating
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec, PrecisionPlan

# As TensorFlow's converter states them for the same types.
LAYERS = {
    "conv": {"int8": 3, "int16x8": 4, "int8x4": 7, "dynamic8": 5, "dynamic4": 8, "float32": 1},
    "depthwise": {"int8": 3, "int16x8": 5, "dynamic8": 6, "float16": 1, "float32": 1},
    "dense": {"int8": 4, "int16x8": 7, "int8x4": 10, "dynamic8": 12, "float32": 1, "weights4": 1},
}
CASES = [(kind, name, n) for kind, row in LAYERS.items() for name, n in row.items()]
SPECS = {
    "conv": LayerSpec("conv", 4, 4, 4, 6, (3, 3)),
    "depthwise": LayerSpec("depthwise", 4, 4, 4, 4, (3, 3)),
    "dense": LayerSpec("dense", 1, 1, 64, 6),
}


def versions(content: bytes) -> dict[str, set[int]]:
    """The versions that operators of each kind state."""
    model = _flatbuffer.parse(content, "the file")
    found: dict[str, set[int]] = {}
    for operator in model.subgraphs[0].operators:
        name = _flatbuffer.operator_name(model, operator)
        found.setdefault(name, set()).add(int(model.operatorCodes[operator.opcodeIndex].version))
    return found


@pytest.mark.parametrize(("kind", "precision", "version"), CASES)
def test_versions_of_one_layer_files(kind: str, precision: str, version: int) -> None:
    content = TFLite().layer_model(SPECS[kind], precision)
    assert isinstance(content, bytes)
    assert versions(content)[tflite_files.OPERATORS[kind]] == {version}


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "int16x8", "dynamic8"])
def test_versions_of_quantized_files(tmp_path: Path, precision: str) -> None:
    source, file = tflite_files.float_file(tmp_path), tmp_path / "quantized.tflite"
    TFLite().quantize(source, PrecisionPlan(precision), tflite_files.calibration(), file)
    found = versions(file.read_bytes())
    for kind, row in LAYERS.items():
        assert found[tflite_files.OPERATORS[kind]] == {row[precision]}


@pytest.mark.slow
def test_versions_of_blocks_are_as_high_as_those_of_channels(tmp_path: Path) -> None:
    source, file = tmp_path / "float.tflite", tmp_path / "blocks.tflite"
    content = TFLite().layer_model(SPECS["dense"], "float32")
    assert isinstance(content, bytes)
    source.write_bytes(content)
    plan = PrecisionPlan("dynamic4", block=32)
    TFLite().quantize(source, plan, tflite_files.calibration(), file)
    assert versions(file.read_bytes())["FULLY_CONNECTED"] == {12}


@pytest.mark.slow
def test_operators_of_one_kind_part_where_their_versions_do(tmp_path: Path) -> None:
    content = TFLite().layer_model(SPECS["dense"], "dynamic8")
    assert isinstance(content, bytes)
    model = _flatbuffer.parse(content, "the file")
    graph, code = model.subgraphs[0], model.operatorCodes[0]
    code.version = 1
    second = _flatbuffer.parse(content, "the file").subgraphs[0].operators[0]
    second.inputs[1] = graph.inputs[0]  # a kernel in float
    graph.operators.append(second)
    assert state(model)
    used = [model.operatorCodes[each.opcodeIndex].version for each in graph.operators]
    assert (used, len(model.operatorCodes)) == ([12, 1], 2)
    assert not state(model)


def test_stated_keeps_a_file_and_higher_versions() -> None:
    content = TFLite().layer_model(SPECS["conv"], "int8")
    assert isinstance(content, bytes)
    assert stating(content) is content
    model = _flatbuffer.parse(content, "the file")
    model.operatorCodes[0].version = 6
    assert versions(stating(_flatbuffer.pack(model)))["CONV_2D"] == {6}
