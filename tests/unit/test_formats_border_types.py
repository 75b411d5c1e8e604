"""Files with float32, int8 or uint8 at their inputs and outputs compute the same numbers."""

from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone.errors import ConversionError
from edgehone.export.execution import outputs
from edgehone.formats._flatgraph import Graph
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import Plain, PrecisionPlan


def quantized(folder: Path, io: str = "", precision: str = "int8") -> Path:
    file = folder / f"{precision}-{io or 'own'}.tflite"
    source, plan = tflite_files.float_file(folder), PrecisionPlan(precision, io=io)
    TFLite().quantize(source, plan, tflite_files.calibration(), file)
    return file


def ends(file: Path) -> list[Plain]:
    found = TFLite().audit(file)
    return [*found["inputs"], *found["outputs"]]


@pytest.mark.parametrize("io", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("precision", ["int8", "dynamic8", "int8x4"])
def test_quantize_gives_both_ends_the_type_that_was_asked_for(
    tmp_path: Path, io: str, precision: str
) -> None:
    file = quantized(tmp_path, io, precision)
    assert [each["dtype"] for each in ends(file)] == [io, io]
    x = tflite_files.samples()
    computed, reference = outputs(file, x), outputs(tflite_files.float_file(tmp_path), x)
    assert reference.std(axis=0).min() > 0.01
    assert np.abs(computed - reference).max() < 0.15 * np.abs(reference).max()


def test_unsigned_ends_hold_the_same_numbers_with_another_sign(tmp_path: Path) -> None:
    signed, unsigned = quantized(tmp_path, "int8"), quantized(tmp_path, "uint8")
    for before, after in zip(ends(signed), ends(unsigned), strict=True):
        assert after["zero_point"] == before["zero_point"] + 128
        assert (after["name"], after["scale"]) == (before["name"], before["scale"])
    random = np.random.default_rng(0).integers(0, 256, (20, 1, 6, 6, 3))
    as_stored = [[each.astype(np.uint8)] for each in random]
    shifted = [[(each - 128).astype(np.int8)] for each in random]
    for run, other in zip(as_stored, shifted, strict=True):
        inner = stored(signed, other).astype(int) + 128
        np.testing.assert_array_equal(stored(unsigned, run), inner)


def stored(
    file: Path, run: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    from edgehone.formats._interpreter import open_interpreter

    interpreter = open_interpreter(file.read_bytes())
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], run[0])
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert isinstance(found, np.ndarray)
    return found


@pytest.mark.parametrize("start", ["int8", "uint8", "float32"])
@pytest.mark.parametrize("io", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("lean", [False, True])
def test_a_finished_file_is_given_other_ends(
    tmp_path: Path, start: str, io: str, lean: bool
) -> None:
    source = quantized(tmp_path, start)
    content = source.read_bytes()
    content = TFLite().repack(content) if lean else content
    changed = tmp_path / "changed.tflite"
    changed.write_bytes(TFLite().with_borders(content, io))
    assert [each["dtype"] for each in ends(changed)] == [io, io]
    assert [each["name"] for each in ends(changed)] == [each["name"] for each in ends(source)]
    if start == io:
        assert changed.read_bytes() == content
    x = tflite_files.samples()
    np.testing.assert_allclose(outputs(changed, x), outputs(source, x), rtol=0, atol=1e-6)


def test_signatures_lead_to_the_new_ends(tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    signed = tmp_path / "signed.tflite"
    signed.write_bytes(with_signature(quantized(tmp_path, "int8").read_bytes()))
    content = TFLite().with_borders(signed.read_bytes(), "uint8")
    runner = Interpreter(model_content=content).get_signature_runner("serving_default")
    found = runner(picture=np.full((1, 6, 6, 3), 200, np.uint8))
    assert {name: value.dtype for name, value in found.items()} == {"scores": np.uint8}


def with_signature(content: bytes) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    from edgehone.formats import _flatbuffer

    model = _flatbuffer.parse(content, "the file")
    graph, signature = model.subgraphs[0], schema.SignatureDefT()
    signature.signatureKey = b"serving_default"
    for side, name in (("inputs", b"picture"), ("outputs", b"scores")):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, int(getattr(graph, side)[0])
        setattr(signature, side, [entry])
    model.signatureDefs = [signature]
    return _flatbuffer.pack(model)


def test_ends_that_cannot_be_of_a_type_are_refused(tmp_path: Path) -> None:
    content = tflite_files.float_content()
    for io in ("int8", "uint8"):
        with pytest.raises(ConversionError, match=f"cannot be {io}"):
            TFLite().with_borders(content, io)
    with pytest.raises(ConversionError, match="cannot be 'int4'"):
        TFLite().with_borders(content, "int4")
    with pytest.raises(ConversionError, match="float32 borders"):
        Onnx().with_borders(b"", "uint8")
    assert TFLite().with_borders(content, "float32") == content
    wide = quantized(tmp_path, precision="int16x8").read_bytes()
    with pytest.raises(ConversionError, match="is int16 at the model's border"):
        TFLite().with_borders(wide, "uint8")


def test_identifiers_stay_where_floats_are_asked_for() -> None:
    graph = Graph()
    source = graph.tensor("token", "INT32", (1, 2))
    result = graph.tensor("copy", "INT32", (1, 2))
    graph.operator("NEG", [source], result)
    content = graph.content([source], [result])
    assert TFLite().with_borders(content, "float32") == content
    with pytest.raises(ConversionError, match="'token' is int32"):
        TFLite().with_borders(content, "int8")
