"""Kits for reduced builds of ONNX Runtime: the .ort file answers as the .onnx file does."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests import app_kits
from tests.app_kits import made

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
