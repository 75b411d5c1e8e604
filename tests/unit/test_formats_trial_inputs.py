"""A file is run once with numbers that it surely takes."""

from pathlib import Path

import numpy as np
from tests import tflite_files, unlike_files

from edgehone.formats import _flatbuffer
from edgehone.formats._interpreter import open_interpreter
from edgehone.formats._tflite.delegates import xnnpack
from edgehone.formats._trial_inputs import trial_inputs


def test_inputs_are_what_stands_for_zero(tmp_path: Path) -> None:
    content = tflite_files.float_file(tmp_path).read_bytes()
    interpreter = open_interpreter(content)
    model = _flatbuffer.parse(content, "file")
    for detail, (index, values) in zip(
        interpreter.get_input_details(), trial_inputs(interpreter, model), strict=True
    ):
        assert index == detail["index"]
        assert values.shape == tuple(detail["shape"])
        assert not values.any()


def test_a_file_of_identifiers_runs(tmp_path: Path) -> None:
    content = unlike_files.counted_tflite(tmp_path).read_bytes()
    model = _flatbuffer.parse(content, "file")
    ((_, values),) = trial_inputs(open_interpreter(content), model)
    assert (values == np.clip(values, 0, unlike_files.KNOWN - 1)).all()
    assert "reason" not in xnnpack(content, model)
