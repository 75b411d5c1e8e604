from pathlib import Path

import numpy as np
from tests import tiny_models

from edgehone.export.artifacts import make_artifact
from edgehone.export.repacking import in_place, lean_size
from edgehone.export.smaller import is_larger, smallest
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def test_a_larger_file_is_told_of_the_smallest_form(tmp_path: Path) -> None:
    source, form = tiny_models.dense(tmp_path), TFLite()
    x = np.random.default_rng(0).random((20, 6)).astype(np.float32)
    file = tmp_path / "int8.tflite"
    form.quantize(source, PrecisionPlan(), Calibration((x,)), file)
    in_place(file, form, form.audit(file))
    artifact = make_artifact(file, precision="int8")
    assert artifact.size_bytes > lean_size(source, form)
    assert is_larger(form, source, artifact)
    found = smallest(form, source, tmp_path)
    sizes = {"float32": lean_size(source, form)}
    for precision in ("float16", "dynamic8"):
        other = tmp_path / f"{precision}.tflite"
        form.quantize(source, PrecisionPlan(precision), Calibration(()), other)
        sizes[precision] = lean_size(other, form)
    assert found["size_bytes"] == min(sizes.values()) == sizes[found["precision"]]
    assert not is_larger(form, file, artifact)  # it is not larger than itself
    assert not is_larger(form, source, make_artifact(source, precision="float32"))
