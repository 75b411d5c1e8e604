import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files

from edgehone.actions.export.options import Bits
from edgehone.cli.app import main
from edgehone.config.recipes import RecipeTable
from edgehone.documents import bits_from_json, bits_json, recipe_from_json, recipe_json
from edgehone.errors import UsageError
from edgehone.export.execution import outputs
from edgehone.values import PrecisionPlan, Recipe


@pytest.mark.parametrize(
    ("text", "limit"), [("0.01", (0.01, False)), ("30dB", (30.0, True)), (" 25 db", (25.0, True))]
)
def test_bound_is_a_fraction_or_a_ratio(text: str, limit: tuple[float, bool]) -> None:
    assert Bits(float_worst=text).limit == limit


@pytest.mark.parametrize("text", ["much", "1.5", "-0.1", "nan", "-3dB", "dB", "inf"])
def test_bound_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="bound") as caught:
        Bits(float_worst=text)
    assert caught.value.hint


def test_bits_become_a_plan_that_json_keeps_without_its_defaults() -> None:
    assert bits_json(Bits().plan("int8")) == {"default": "int8", "layers": {}}
    bits = Bits("octav", 99.9, "int8", 32, symmetric=True)
    plan = bits.plan("dynamic4")
    assert bits_json(plan) == {
        "default": "dynamic4",
        "layers": {},
        "algorithm": "octav",
        "percentile": 99.9,
        "io": "int8",
        "block": 32,
        "symmetric": True,
    }
    assert bits_from_json(json.loads(json.dumps(bits_json(plan)))) == plan
    recipe = Recipe((), PrecisionPlan("int8", {"a": "float32"}, percentile=99.0))
    assert recipe_from_json(recipe_json(recipe)) == recipe


def test_recipe_tables_have_the_same_settings() -> None:
    table = RecipeTable(
        name="mine", precision="int8x4", algorithm="octav", percentile=99, io="int8"
    )
    assert table.value.precision == PrecisionPlan("int8x4", {}, "octav", 99.0, "int8")
    assert RecipeTable(name="plain").value.precision == PrecisionPlan()


def exported(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    """What `edgehone export --json` says about int8 of a net with an uneven channel."""
    source = folder / "net.tflite"
    source.write_bytes(tflite_files.uneven(tflite_files.float_content()))
    x = tflite_files.samples(160)
    y = outputs(source, x).argmax(axis=1)
    np.savez(folder / "data.npz", x=x, y=y)
    arguments = ["export", str(source), "-o", str(folder / "out"), "--precision", "int8"]
    code = main([*arguments, "--calibration", str(folder / "data.npz"), *more, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_export_puts_the_worst_layers_back_until_labels_agree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = exported(tmp_path, capsys, "--float-worst", "0.02")
    (artifact,) = found["artifacts"]
    text = artifact["float_worst"]
    assert code == 0
    assert text["kind"] == "accuracy_drop"
    assert text["before"] > 0.1
    assert text["after"] <= 0.02
    floated = {layer["layer"] for layer in text["layers"] if layer["floated"]}
    assert floated
    assert artifact["precision"] == "int8+float32"
    types = {layer["name"]: layer["types"][1] for layer in artifact["audit"]["layers"]}
    assert {name for name in types if types[name] == "float32"} >= floated


@pytest.mark.slow
def test_export_takes_algorithm_percentile_and_borders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = exported(
        tmp_path, capsys, "--algorithm", "octav", "--percentile", "99.9", "--io", "float32"
    )
    (artifact,) = found["artifacts"]
    assert code == 0
    assert {border["dtype"] for border in artifact["audit"]["inputs"]} == {"float32"}


@pytest.mark.slow
def test_export_tells_which_layers_another_algorithm_stands_in_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = exported(tmp_path, capsys, "--algorithm", "gptq")
    assert code == 0
    assert set(found["artifacts"][0]["audit"]["stand_ins"]) == {"first", "middle"}
    arguments = ["export", str(tmp_path / "net.tflite"), "-o", str(tmp_path / "out")]
    more = ["--precision", "int8", "--calibration", str(tmp_path / "data.npz")]
    assert main([*arguments, *more, "--algorithm", "gptq"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "gptq is for FULLY_CONNECTED, this is CONV_2D" in text
    assert "1 more" in text


@pytest.mark.slow
def test_export_says_which_bound_cannot_be_kept_and_what_needs_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--float-worst", "300dB", "--worst-as", "int16x8")
    code, found = exported(tmp_path, capsys, *more)
    assert code == 5
    assert "snr_db" in found["skipped"][0]["reason"]
    arguments = ["export", "net.tflite", "-o", str(tmp_path / "out"), "--float-worst", "0.1"]
    assert main(arguments) == 2
    assert "needs data" in capsys.readouterr().err
