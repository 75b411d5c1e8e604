"""Kits for reduced builds of ONNX Runtime: the .ort file answers as the .onnx file does."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tests import app_kits
from tests.app_kits import made

from edgehone.export.apps._ort_bytes import in_order

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_the_ort_file_answers_as_the_exporting_machine(tmp_path: Path) -> None:
    made(app_kits.channels_first(tmp_path), tmp_path / "kit", "ort")
    folder = tmp_path / "kit/ort"
    argv = [sys.executable, str(folder / "test_golden.py")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "edgehone-app {" in done.stdout
    (folder / "model.ort").write_bytes(b"ORTM")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1


def test_the_operators_that_a_build_must_have_are_listed(tmp_path: Path) -> None:
    made(app_kits.channels_first(tmp_path), tmp_path / "kit", "ort")
    text = (tmp_path / "kit/ort/required_operators.config").read_text()
    names = {name for line in text.splitlines()[1:] for name in line.split(";")[2].split(",")}
    assert {"Gemm", "Reshape"} <= names
    assert str(tmp_path) not in text


def test_the_same_model_is_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    source = app_kits.channels_first(tmp_path)
    found = set()
    for number in range(5):
        result = tmp_path / f"{number}.ort"
        program = [sys.executable, "-m", "edgehone.export.apps._ort_program"]
        argv = [*program, str(source), str(result), str(tmp_path / "needed")]
        subprocess.run(argv, capture_output=True, timeout=120, check=True)
        found.add(result.read_bytes())
    (content,) = found
    assert in_order(content) == content


def test_what_is_written_anew_answers_as_before(tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "net.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    source = app_kits.channels_first(tmp_path)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    content = (tmp_path / "net.ort").read_bytes()
    given = {"x": np.random.default_rng(0).random((1, 3, 6, 6), np.float32)}
    answers = [
        onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]).run(None, given)[0]
        for each in (content, in_order(content))
    ]
    np.testing.assert_array_equal(*answers)
    with pytest.raises(ValueError, match="no model"):
        in_order(content[:4] + b"TFL3" + content[8:])
