"""Finished float32 files exported to other precisions."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import tiny_models

from edgehone.cli.app import main
from edgehone.documents import schema

pytestmark = pytest.mark.slow


def export(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["export", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_float_tflite_is_made_other_precisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tiny_models.net(tmp_path)
    data = tmp_path / "data.npz"
    np.savez(data, x=np.random.default_rng(0).random((80, 6, 6, 3)).astype(np.float32))
    out = tmp_path / "out"
    arguments = (str(source), "-o", str(out), "--calibration", str(data))
    code, found = export(capsys, *arguments, "--precision", "float32,float16,int8")
    assert (code, found["skipped"]) == (0, [])
    whole, half, integer = found["artifacts"]
    assert whole["parity"]["max_error"] == 0
    assert integer["size_bytes"] < half["size_bytes"] < whole["size_bytes"]
    assert integer["audit"]["integer_only"] or integer["precision"] == "int8"
    assert integer["parity"]["snr_db"] > 15
    assert {path.name for path in out.iterdir()} == {
        "net-float32.tflite",
        "net-float16.tflite",
        "net-int8.tflite",
    }
    code, _ = export(capsys, str(out / "net-int8.tflite"), "-o", str(out))
    assert code == 5


def test_a_float_onnx_is_made_int8_in_its_own_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    weights = numpy_helper.from_array(random.normal(size=(64, 8)).astype(np.float32), "w")
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (("x", 64), ("y", 8))
    ]
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="dense")
    graph = helper.make_graph([node], "net", ports[:1], ports[1:], [weights])
    opset = [helper.make_opsetid("", 17)]
    source = tmp_path / "net.onnx"
    onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), str(source))
    data = tmp_path / "data.npz"
    np.savez(data, x=random.random((80, 64)).astype(np.float32))
    arguments = (str(source), "-o", str(tmp_path / "out"), "--calibration", str(data))
    code, found = export(capsys, *arguments, "--precision", "int8")
    assert code == 0, found
    (made,) = found["artifacts"]
    assert (made["format"], made["precision"]) == ("onnx", "int8")
    assert made["size_bytes"] < source.stat().st_size
    assert made["parity"]["snr_db"] > 15


def test_ranges_come_from_all_samples_that_are_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sample is five times the others; wherever it stands, the input's scale holds it."""
    source, data = tiny_models.dense(tmp_path), tmp_path / "data.npz"
    arguments = [str(source), "-o", str(tmp_path / "out"), "--precision", "int8"]
    for place in (0, 7, 19):
        x = np.random.default_rng(0).random((20, 6)).astype(np.float32)
        x[place] *= 5
        np.savez(data, x=x)
        code, found = export(capsys, *arguments, "--calibration", str(data))
        assert code == 0
        jsonschema.validate(found, schema("export"))
        assert (found["calibration"]["given"], found["calibration"]["used"]) == (20, 20)
        (port,) = found["artifacts"][0]["audit"]["inputs"]
        assert port["scale"] * 255 == pytest.approx(x.max(), rel=0.02)
    more = ["--calibration", str(data), "--samples", "5"]
    assert main(["export", *arguments, *more]) == 0
    text = f"Calibration data: 5 of the 20 samples in {data}; --samples takes more."
    shown = "".join(capsys.readouterr().out.split())  # long lines are wrapped, long paths folded
    assert "".join(text.split()) in shown
    assert main(["export", str(source), "-o", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calibration"] is None
