"""Tables of .tflite files that do not fit together are named, before anything follows them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models

from edgehone.errors import ModelError
from edgehone.export import trial
from edgehone.formats import _flatbuffer
from edgehone.formats._audit import audit

Change = Callable[[Any], None]


def changed(folder: Path, change: Change, precision: str = "int8") -> Path:
    """A dense layer's file whose tables are as `change` leaves them."""
    path = tiny_models.dense(folder, precision)
    model = _flatbuffer.read(path)
    change(model)
    path.write_bytes(_flatbuffer.pack(model))
    return path


def main(model: Any) -> Any:
    return model.subgraphs[0]


def _set(get: Callable[[Any], Any], name: str, value: Any) -> Change:
    return lambda model: setattr(get(model), name, value)


def operator(model: Any) -> Any:
    return main(model).operators[0]


def source(model: Any) -> Any:
    return main(model).tensors[main(model).inputs[0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set(operator, "inputs", np.array([0, 99], np.int32)), "an input of operator 0"),
        (_set(operator, "inputs", np.array([-2], np.int32)), "an input of operator 0"),
        (_set(operator, "outputs", np.array([99], np.int32)), "an output of operator 0"),
        (_set(operator, "opcodeIndex", 7), "the kind of operator 0"),
        (_set(main, "inputs", np.array([99], np.int32)), "an input of graph 0"),
        (_set(main, "outputs", np.array([-1], np.int32)), "an output of graph 0"),
        (_set(source, "buffer", 2**31), "its tables cannot be read"),
        (_set(source, "shape", np.array([1, -6], np.int32)), "a shape that cannot be"),
        (_set(source, "shape", np.array([2**30, 6], np.int32)), "one of its tensors has 6 GiB"),
        (_set(lambda m: source(m).quantization, "zeroPoint", np.zeros(5, np.int64)), "zero points"),
        (
            _set(lambda m: source(m).quantization, "scale", np.array([np.nan], np.float32)),
            "not a number",
        ),
        (
            _set(lambda m: source(m).quantization, "scale", np.array([-0.5], np.float32)),
            "a negative one",
        ),
        (lambda model: setattr(model, "subgraphs", []), "it holds no graph"),
    ],
)
def test_numbers_that_point_nowhere_are_told(change: Change, message: str, tmp_path: Path) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(ModelError, match=message) as caught:
        audit(path)
    assert caught.value.message.startswith(f"Cannot read {path}: ")
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    "change",
    [
        _set(operator, "inputs", np.array([0, 1, -1], np.int32)),
        _set(source, "name", None),
        _set(source, "quantization", None),
        _set(source, "shapeSignature", np.array([-1, 6], np.int32)),
        _set(lambda model: model, "signatureDefs", None),
    ],
)
def test_what_files_may_leave_out_is_no_fault(change: Change, tmp_path: Path) -> None:
    assert audit(changed(tmp_path, change, "float32"))["format"] == "tflite"


@pytest.mark.slow
def test_a_sound_file_survives_and_a_broken_one_is_left_to_its_reader(tmp_path: Path) -> None:
    path = tiny_models.dense(tmp_path)
    trial.require_survival(path, run=True)
    path.write_bytes(path.read_bytes()[:300])
    trial.require_survival(path)


@pytest.mark.slow
def test_the_same_content_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started, program = tmp_path / "started", tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho >> "{started}"\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    path, copy = tiny_models.dense(tmp_path), tmp_path / "copy.tflite"
    content = path.read_bytes() + b"of this test"
    for number, each in enumerate((content, content + bytes(4), content)):
        path.write_bytes(each)
        copy.write_bytes(each)
        for file in (path, path, copy):
            trial.require_survival(file, run=True)
        assert len(started.read_text()) == min(number + 1, 2)
    trial.require_survival(path)
    assert len(started.read_text()) == 3
