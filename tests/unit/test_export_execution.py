from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone.errors import ExecutionError, StorageError
from edgehone.export.execution import outputs
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec, PrecisionPlan


def test_outputs_are_float_whatever_the_borders_are(tmp_path: Path) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    reference = outputs(source, x)
    assert reference.shape == (len(x), 5)
    for precision in ("int8", "int16x8"):
        file = tmp_path / f"{precision}.tflite"
        TFLite().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
        computed = outputs(file, x)
        assert computed.dtype == np.float32
        assert np.abs(computed - reference).max() < 0.05 * np.abs(reference).max()


def test_outputs_of_a_sample_beyond_the_calibrated_range_are_clipped_not_wrapped(
    tmp_path: Path,
) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    file = tmp_path / "int8.tflite"
    TFLite().quantize(source, PrecisionPlan("int8"), Calibration((x,)), file)
    np.testing.assert_allclose(outputs(file, x[:1] * 0 + 1e6), outputs(file, x[:1] * 0 + 1.0))


def test_outputs_of_an_onnx_file_are_its_layer(tmp_path: Path) -> None:
    content = Onnx().layer_model(LayerSpec("dense", 1, 1, 4, 2, relu=True), "float32")
    assert isinstance(content, bytes)
    file = tmp_path / "layer.onnx"
    file.write_bytes(content)
    x = np.array([[1, 2, 3, 4], [-9, -9, -9, -9]], np.float32)
    assert outputs(file, x)[0].min() > 0
    assert not outputs(file, x)[1].any()


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_outputs_of_a_broken_file_or_a_wrong_shape_is_an_execution_error(
    tmp_path: Path, suffix: str
) -> None:
    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(b"nothing of the kind")
    with pytest.raises(ExecutionError, match="broken"):
        outputs(broken, tflite_files.samples(1))
    with pytest.raises(StorageError):
        outputs(tmp_path / f"missing{suffix}", tflite_files.samples(1))


def test_outputs_of_samples_that_do_not_fit_names_their_shape(tmp_path: Path) -> None:
    source = tflite_files.float_file(tmp_path)
    with pytest.raises(ExecutionError, match=r"\(5, 5, 3\)"):
        outputs(source, np.zeros((2, 5, 5, 3), np.float32))
    with pytest.raises(ExecutionError, match="no sample"):
        outputs(source, np.zeros((0, 6, 6, 3), np.float32))
