import hashlib
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files

from edgehone.actions import lone_files
from edgehone.errors import ModelError
from edgehone.export.artifacts import Reference, export, make_artifact, precision_label
from edgehone.export.execution import outputs
from edgehone.formats import _audit
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def test_make_artifact_weighs_and_hashes_the_file(tmp_path: Path) -> None:
    file = tflite_files.float_file(tmp_path)
    content = file.read_bytes()
    artifact = make_artifact(file, precision="float32")
    assert (artifact.format, artifact.size_bytes) == ("tflite", len(content))
    assert artifact.sha256 == hashlib.sha256(content).hexdigest()
    assert artifact.compressed_bytes == len(zlib.compress(content, 9))
    assert artifact.audit is not None
    assert artifact.parity is None


@pytest.mark.slow
def test_a_file_is_audited_once_when_it_is_read_or_exported(tmp_path: Path) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    reference = Reference(x, outputs(source, x), answer="labels")
    with calls_of(_audit.audit) as calls:
        read = lone_files.artifact(source)
        assert len(calls) == 1
        made = export(
            source,
            TFLite(),
            PrecisionPlan("dynamic8"),
            Calibration(()),
            tmp_path / "out.tflite",
            reference=reference,
        )
        assert len(calls) == 2
    assert read.audit == _audit.audit(source)
    assert made.audit is not None
    assert made.audit["operators"] == _audit.audit(made.path)["operators"]
    assert made.parity is not None
    assert made.parity["names"] == [each["name"] for each in made.audit["outputs"]]


@contextmanager
def calls_of(function: Any) -> Iterator[list[int]]:
    """One item for each call of a function of ours while the block runs."""
    found: list[int] = []

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is function.__code__:
            found.append(1)

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)


def test_export_compares_the_very_file_with_the_reference(tmp_path: Path) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    reference = Reference(x, outputs(source, x), answer="labels")
    plan = PrecisionPlan("int8", {"last": "float32", "nowhere": "float32"})
    artifact = export(
        source, TFLite(), plan, Calibration((x,)), tmp_path / "out.tflite", reference=reference
    )
    assert artifact.precision == "int8+float32"
    assert artifact.parity is not None
    assert artifact.parity["n"] == len(x)
    assert artifact.parity["max_error"] > 0
    assert artifact.audit is not None
    assert set(artifact.audit["refused"]) == {"nowhere"}


def test_export_refuses_a_reference_of_another_shape(tmp_path: Path) -> None:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples(3)
    reference = Reference(x, np.zeros((3, 4), np.float32), answer="labels")
    with pytest.raises(ModelError, match=r"\(3, 4\)"):
        export(
            source,
            TFLite(),
            PrecisionPlan("float32"),
            Calibration((x,)),
            tmp_path / "o.tflite",
            reference=reference,
        )


def test_precision_label_names_the_default_first_and_what_layers_have() -> None:
    assert precision_label(PrecisionPlan("int8")) == "int8"
    assert precision_label(PrecisionPlan("int8", {"a": "int8"})) == "int8"
    plan = PrecisionPlan("int8", {"a": "int8x4", "b": "float32", "c": "dynamic8"})
    assert precision_label(plan) == "int8+dynamic8+float32+int8x4"
    assert precision_label(plan, {"c": "why"}) == "int8+float32+int8x4"
