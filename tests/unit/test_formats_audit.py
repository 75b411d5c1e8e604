import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests import onnx_files, tflite_files, tiny_models

from edgehone.errors import ModelError, StorageError
from edgehone.formats import precision as precision_of
from edgehone.formats._audit import audit
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def quantized(folder: Path, plan: PrecisionPlan) -> Path:
    file = folder / "quantized.tflite"
    TFLite().quantize(tflite_files.float_file(folder), plan, tflite_files.calibration(), file)
    return file


def test_audit_counts_operators_and_weighs_layers(tmp_path: Path) -> None:
    file = tflite_files.float_file(tmp_path)
    found = audit(file)
    assert found["format"] == "tflite"
    assert found["size_bytes"] == file.stat().st_size
    assert found["operators"] == {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1}
    assert found["types"] == {"float32": 10}
    assert [layer["weight_bytes"] for layer in found["layers"]] == [
        4 * (3 * 3 * 3 * 4 + 4),
        4 * (3 * 3 * 4 + 4),
        4 * (144 * 5 + 5),
    ]
    assert found["flex"] == found["custom"] == []


def test_audit_says_int8_is_integer_only_and_where_it_is_not(tmp_path: Path) -> None:
    whole = audit(quantized(tmp_path, PrecisionPlan("int8")))
    assert whole["integer_only"]
    assert whole["float_layers"] == []
    assert whole["inputs"][0]["scale"] > 0
    mixed = audit(quantized(tmp_path, PrecisionPlan("int8", {"middle": "float32"})))
    assert not mixed["integer_only"]
    assert mixed["float_layers"] == [{"name": "middle", "operator": "DEPTHWISE_CONV_2D"}]


def test_audit_calls_a_hybrid_file_float(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("dynamic8")))
    assert not found["integer_only"]
    assert [layer["name"] for layer in found["float_layers"]] == ["first", "middle", "last"]


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3" + bytes(range(256)) * 9])
def test_audit_of_garbage_is_a_model_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    file = tmp_path / f"bad{suffix}"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="bad") as caught:
        audit(file)
    assert caught.value.hint


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.99])
def test_audit_of_a_truncated_file_is_a_model_error(tmp_path: Path, fraction: float) -> None:
    file = tflite_files.float_file(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(ModelError):
        audit(file)


def test_audit_of_a_missing_or_foreign_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        audit(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match=r"\.txt"):
        audit(tmp_path / "none.txt")


@pytest.mark.slow
def test_tflite_files_never_load_tensorflow_or_onnx(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests import tflite_files\n"
        "from edgehone.formats.tflite import TFLite; from edgehone.values import PrecisionPlan\n"
        f"folder = Path({str(tmp_path)!r}); source = tflite_files.float_file(folder)\n"
        "samples = tflite_files.calibration()\n"
        "TFLite().quantize(source, PrecisionPlan(), samples, folder / 'q.tflite')\n"
        "TFLite().audit(folder / 'q.tflite')\n"
        "from edgehone.actions.lone_files import artifact; artifact(folder / 'q.tflite')\n"
        "from edgehone.export.execution import outputs\n"
        "outputs(folder / 'q.tflite', tflite_files.samples(1))\n"
        "print([name for name in ('tensorflow', 'keras', 'onnx') if name in sys.modules])\n"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""}
    here = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=here,
        env=environment,
    )
    assert result.stdout.strip() == "[]"
    assert result.stderr == ""


def test_audit_tells_what_xnnpack_takes(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("int8")))
    taken = found["delegates"]["xnnpack"]
    assert (taken["delegated"], taken["nodes"], taken["partitions"]) == (3, 3, 1)
    assert taken["left"] == {}
    assert taken["macs"]["delegated"] == taken["macs"]["total"] > 0
    hybrid = audit(quantized(tmp_path, PrecisionPlan("dynamic8")))["delegates"]["xnnpack"]
    assert (hybrid["delegated"], hybrid["partitions"]) == (2, 2)
    assert hybrid["left"] == {"DEPTHWISE_CONV_2D": 1}
    assert hybrid["left_layers"] == ["middle"]
    assert 0 < hybrid["macs"]["delegated"] < hybrid["macs"]["total"] == taken["macs"]["total"]


def test_audit_counts_multiply_adds_as_layers_do(tmp_path: Path) -> None:
    found = audit(tflite_files.float_file(tmp_path))
    total = sum(
        spec.out_channels
        * (spec.in_channels if spec.kind == "dense" else 9)
        * (1 if spec.kind == "dense" else spec.height * spec.width)
        * (spec.in_channels if spec.kind == "conv" else 1)
        for spec in tflite_files.SPECS
    )
    assert found["delegates"]["xnnpack"]["macs"]["total"] == total


def test_audit_tells_types_and_scales_by_role(tmp_path: Path) -> None:
    found = audit(quantized(tmp_path, PrecisionPlan("int8")))
    assert found["roles"] == {
        "inputs": {"int8": 1},
        "weights": {"int8": 3},
        "biases": {"int32": 3},
        "shapes": {},
        "activations": {"int8": 2},
        "outputs": {"int8": 1},
    }
    weights, activations = (found["quantization"][role] for role in ("weights", "activations"))
    assert (weights["per_channel"], weights["per_tensor"]) == (2, 1)  # dense weights share a scale
    assert weights["symmetric"]
    assert (activations["per_channel"], activations["per_tensor"]) == (0, 2)
    assert not activations["symmetric"]  # after a ReLU zero is the lowest integer
    assert activations["zero_point"] == [-128, -128]
    assert 0 < weights["scale"][0] < weights["scale"][1]
    hybrid = audit(quantized(tmp_path, PrecisionPlan("dynamic8")))
    assert list(hybrid["quantization"]) == ["weights"]
    assert hybrid["roles"]["activations"] == {"float32": 2}


def test_audit_weighs_constants_by_layer(tmp_path: Path) -> None:
    found = audit(tflite_files.float_file(tmp_path))
    assert found["constant_bytes"] == {
        layer["name"]: layer["weight_bytes"] for layer in found["layers"]
    }
    assert found["loops"] == []


def test_audit_of_onnx_tells_roles_and_scales(tmp_path: Path) -> None:
    source, file = onnx_files.float_file(tmp_path), tmp_path / "int8.onnx"
    before = audit(source)
    assert set(before["roles"]["weights"]) == {"float32"}
    assert before["quantization"] == before["delegates"] == {}
    Onnx().quantize(source, PrecisionPlan("int8"), onnx_files.calibration(), file)
    after = audit(file)
    assert set(after["roles"]["weights"]) == {"int8"}
    assert after["quantization"]["weights"]["symmetric"]
    assert after["quantization"]["activations"]["per_channel"] == 0
    assert sum(after["constant_bytes"].values()) < sum(before["constant_bytes"].values())


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic8", "int8"])
def test_a_lone_onnx_file_is_called_what_it_was_made_as(tmp_path: Path, precision: str) -> None:
    source, file = onnx_files.float_file(tmp_path), tmp_path / "made.onnx"
    Onnx().quantize(source, PrecisionPlan(precision), onnx_files.calibration(), file)
    assert precision_of(audit(file)) == precision


def test_audit_of_half_floats_says_that_they_are_halves(tmp_path: Path) -> None:
    source, file = onnx_files.float_file(tmp_path), tmp_path / "half.onnx"
    Onnx().quantize(source, PrecisionPlan("float16"), onnx_files.calibration(), file)
    found = audit(file)
    assert set(found["roles"]["activations"]) == set(found["roles"]["weights"]) == {"float16"}
    assert found["roles"]["inputs"] == found["roles"]["outputs"] == {"float32": 1}
    assert not found["integer_only"]
    assert found["float_layers"]


def test_four_bit_products_are_told_apart_from_what_stays_float(tmp_path: Path) -> None:
    source, file = onnx_files.float_file(tmp_path), tmp_path / "weights4.onnx"
    Onnx().quantize(source, PrecisionPlan("weights4"), onnx_files.calibration(), file)
    found = audit(file)
    assert set(precision_of(found).split("+")) == {"float32", "weights4"}
    assert found["roles"]["weights"]["uint4"] == found["operators"]["MatMulNBits"]


def test_a_constant_node_is_audited_though_it_reads_nothing(tmp_path: Path) -> None:
    value = numpy_helper.from_array(np.ones((1, 4), np.float32))
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["c"], value=value, name="held"),
            helper.make_node("Add", ["x", "c"], ["y"], name="sum"),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    found = audit(tmp_path / "net.onnx")
    assert [each["operator"] for each in found["layers"]] == ["Constant", "Add"]
    assert [each["name"] for each in found["float_layers"]] == ["sum"]


def test_the_first_of_several_signatures_names_the_borders(tmp_path: Path) -> None:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(tiny_models.dense(tmp_path).read_bytes(), 0)
    model.signatureDefs = []
    for number in range(2):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = f"s{number}", 0
        for side in ("inputs", "outputs"):
            entry = schema.TensorMapT()
            entry.name = f"{side}{number}"
            entry.tensorIndex = int(getattr(model.subgraphs[0], side)[0])
            setattr(signature, side, [entry])
        model.signatureDefs.append(signature)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "two.tflite").write_bytes(bytes(builder.Output()))
    found = audit(tmp_path / "two.tflite")
    assert [each["name"] for each in (*found["inputs"], *found["outputs"])] == [
        "inputs0",
        "outputs0",
    ]
