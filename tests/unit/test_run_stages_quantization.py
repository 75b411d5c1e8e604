"""A float file in other precisions: made once, verified, and put where the user wants it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files, tiny_models

from edgehone.errors import ConversionError
from edgehone.export.artifacts import Reference
from edgehone.export.execution import outputs
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.run.stages.quantization import Quantization, Refused, publish, quantize, smaller_form
from edgehone.run.workspace import Workspace, temporary
from edgehone.system.files import sha256_of
from edgehone.values import Artifact, PrecisionPlan, silent


class Counting(TFLite):
    """TFLite that notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def quantize(
        self, float_file: Path, plan: PrecisionPlan, calibration: Calibration, destination: Path
    ) -> dict[str, object]:
        self.asked.append(plan.default)
        return dict(super().quantize(float_file, plan, calibration, destination))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "work"
    folder.mkdir()
    return temporary(folder, silent)


@pytest.fixture
def asked(tmp_path: Path) -> Quantization:
    source, x = tflite_files.float_file(tmp_path), tflite_files.samples()
    return Quantization(
        source,
        "tflite",
        Counting(),
        PrecisionPlan("int8"),
        Calibration((x,)),
        calibrated_by=["samples", len(x)],
        reference=lambda: Reference(x, outputs(source, x), answer="labels"),
        compared_by="its own outputs",
        name="mine-int8",
    )


def made_by(asked: Quantization) -> list[str]:
    assert isinstance(asked.form, Counting)
    return asked.form.asked


def test_a_file_is_made_once_and_lies_under_its_hash(
    asked: Quantization, workspace: Workspace
) -> None:
    first, again = (quantize(asked, workspace) for _ in range(2))
    assert made_by(asked) == ["int8"]
    assert first == again
    assert first.sha256 == sha256_of(first.path)
    assert (first.format, first.precision) == ("tflite", "int8")
    assert first.parity is not None
    assert first.parity["n"] == len(tflite_files.samples())
    assert not list(workspace.scratch.iterdir())


@pytest.mark.parametrize("change", ["plan", "calibrated_by", "ranges", "compared_by", "float"])
def test_a_file_is_made_anew_when_anything_it_depends_on_changes(
    asked: Quantization, workspace: Workspace, tmp_path: Path, change: str
) -> None:
    quantize(asked, workspace)
    other = tmp_path / "other.tflite"
    other.write_bytes(asked.float_file.read_bytes())
    ranged = Calibration(asked.calibration.samples, {"first": (-1.0, 1.0)})
    changed = {
        "plan": replace(asked, plan=PrecisionPlan("dynamic8")),
        "calibrated_by": replace(asked, calibrated_by=["samples", 3]),
        "ranges": replace(asked, calibration=ranged),
        "compared_by": replace(asked, compared_by="another model"),
        "float": replace(asked, float_file=other),
    }
    quantize(changed[change], workspace)
    assert len(made_by(asked)) == 2


def test_a_file_that_fails_a_check_is_not_kept(asked: Quantization, workspace: Workspace) -> None:
    seen: list[Artifact] = []

    def refuse(artifact: Artifact) -> None:
        seen.append(artifact)
        raise ConversionError("It is too blue.", "Paint it.")

    with pytest.raises(ConversionError, match="too blue") as raised:
        quantize(replace(asked, checks=(seen.append, refuse)), workspace)
    assert len(seen) == 2
    assert seen[0].path.name == "mine-int8.tflite"
    assert Refused.by("tflite", raised.value) == Refused("tflite", "It is too blue.", "Paint it.")
    assert not list(workspace.folder.rglob("*.tflite"))


def test_a_file_is_put_whole_where_it_is_wanted(
    asked: Quantization, workspace: Workspace, tmp_path: Path
) -> None:
    made = quantize(asked, workspace)
    publish(made, tmp_path / "new" / "mine.tflite")
    assert sha256_of(tmp_path / "new" / "mine.tflite") == made.sha256


def test_the_smallest_form_of_a_float_file_is_found_once(
    asked: Quantization, workspace: Workspace, tmp_path: Path
) -> None:
    source = tiny_models.dense(tmp_path)  # so small that int8's scales weigh more than it saves
    x = np.random.default_rng(0).random((20, 6)).astype(np.float32)
    small = replace(
        asked,
        float_file=source,
        calibration=Calibration((x,)),
        reference=lambda: Reference(x, outputs(source, x), answer="labels"),
    )
    plans = [replace(small, plan=PrecisionPlan(kind)) for kind in ("int8", "int16x8")]
    found = [smaller_form(each, quantize(each, workspace), workspace) for each in plans]
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0]["size_bytes"] <= source.stat().st_size
    assert made_by(asked) == ["int8", "float16", "dynamic8", "int16x8"]
    as_it_is = replace(small, plan=PrecisionPlan("float32"))
    assert smaller_form(as_it_is, quantize(as_it_is, workspace), workspace) is None
