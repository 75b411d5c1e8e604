"""One type at the borders of all of a project's files."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests import tiny_models

from edgehone.cli.app import main
from edgehone.errors import ConfigError
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.run.borders import held_by, with_io
from edgehone.values import PrecisionPlan, Recipe


def test_a_recipe_takes_the_projects_type_and_may_not_have_another() -> None:
    plain, own = Recipe((), PrecisionPlan("dynamic8")), Recipe((), PrecisionPlan("int8", io="int8"))
    assert with_io(plain, "") is plain
    assert with_io(plain, "uint8").precision == PrecisionPlan("dynamic8", io="uint8")
    assert with_io(own, "") is own
    assert with_io(own, "int8") is own
    with pytest.raises(ConfigError, match=r"Recipe 'x' has io = 'int8', and io under \[export\]"):
        with_io(own, "uint8", "Recipe 'x'")


def test_formats_with_float_borders_are_asked_for_no_other() -> None:
    bits = PrecisionPlan("int8", io="uint8")
    assert held_by(TFLite(), bits) is bits
    assert held_by(Onnx(), bits) == PrecisionPlan("int8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "io", "expected"),
    [("uint8", "", "uint8"), ("uint8", "float32", "float32"), ("", "", "int8")],
)
def test_export_takes_the_projects_type_unless_it_is_given_one(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    io: str,
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tiny_models.net(tmp_path)
    np.savez("data.npz", x=np.random.default_rng(0).random((40, 6, 6, 3)).astype(np.float32))
    Path("edgehone.toml").write_text(f'[export]\nio = "{text}"\n')
    words = ["export", str(source), "-o", "out", "--calibration", "data.npz"]
    words += ["--precision", "int8", "--json", *(["--io", io] if io else [])]
    assert main(words) == 0
    (artifact,) = json.loads(capsys.readouterr().out)["artifacts"]
    ends = [*artifact["audit"]["inputs"], *artifact["audit"]["outputs"]]
    assert [each["dtype"] for each in ends] == [expected, expected]
    assert artifact["parity"]["snr_db"] > 15


@pytest.mark.slow
def test_an_unknown_type_is_refused_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tiny_models.net(tmp_path)
    Path("edgehone.toml").write_text('[export]\nio = "int4"\n')
    assert main(["export", str(source), "-o", "out"]) == 2
    text = capsys.readouterr().err
    assert "export" in text
    assert "uint8" in text
    Path("edgehone.toml").unlink()
    np.savez("data.npz", x=np.zeros((40, 6, 6, 3), np.float32))
    words = ["--calibration", "data.npz", "--precision", "int8", "--io", "int4"]
    assert main(["export", str(source), "-o", "out", *words]) == 5
    assert "float32, int8, uint8" in capsys.readouterr().out


def test_a_float_file_without_data_keeps_float_borders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tiny_models.net(tmp_path)
    Path("edgehone.toml").write_text('[export]\nio = "int8"\n')
    assert main(["export", str(source), "-o", "out", "--json"]) == 0
    (artifact,) = json.loads(capsys.readouterr().out)["artifacts"]
    assert artifact["audit"]["inputs"][0]["dtype"] == "float32"
