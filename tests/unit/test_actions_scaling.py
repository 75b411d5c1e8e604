import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import byte_files, tiny_models
from tests.unit.test_cli_measuring import valid

from edgehone.actions.scaling import number, scale_number
from edgehone.cli.app import main
from edgehone.errors import UsageError

QUICK = ("--on", "local@scripted://")
ACCURACY = '[[budget]]\nmetric = "accuracy"\nmin = 0.01\n'


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """The one measurement of a command that succeeds."""
    assert main(["bench", *map(str, arguments), *QUICK, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert valid("bench", document)
    (found,) = document["measurements"]
    return found


@pytest.mark.parametrize(
    ("text", "value"), [("1/255", 1 / 255), ("0.5", 0.5), ("-1", -1.0), ("1e-3", 1e-3)]
)
def test_numbers_are_decimals_or_fractions(text: str, value: float) -> None:
    assert number(text, "--offset") == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "one", "1/0", "nan", "inf", "1/255/2", "1,5"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(UsageError, match="--scale must be a number"):
        scale_number(text)


def test_a_scale_of_0_is_refused() -> None:
    with pytest.raises(UsageError, match="makes all samples equal"):
        scale_number("0")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scale", "zero_point", "text"),
    [(1 / 255, -128, ("1/255", "0")), (1 / 127.5, 0, ("1/127.5", "-128/127.5"))],
)
def test_bytes_to_an_int8_file_are_what_its_scale_makes_of_them(
    scale: float,
    zero_point: int,
    text: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, data = byte_files.byte_file(tmp_path, scale, zero_point), byte_files.byte_data(tmp_path)
    options = ("--scale", str(scale), "--offset", str(float(zero_point == 0) * -128 * scale))
    meant = bench(capsys, model, "--data", data, *options)
    as_numbers = bench(capsys, model, "--data", data, "--scale", "1")
    raw = bench(capsys, model, "--data", data)
    assert raw["inputs"]["bytes"] is True
    assert raw["accuracy"]["value"] == meant["accuracy"]["value"]
    assert raw["inputs"]["clipped"]["test"] == {"values": 0.0, "samples": 0.0}
    assert (meant["inputs"]["bytes"], as_numbers["inputs"]["bytes"]) == (False, False)
    assert as_numbers["inputs"]["clipped"]["test"]["values"] > 0.9
    assert as_numbers["inputs"]["clipped"]["test"]["samples"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("zero_point", [0, 128])
def test_bytes_to_a_uint8_file_are_passed_on_and_it_is_said(
    zero_point: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = byte_files.unsigned_file(tmp_path, zero_point)
    data = byte_files.byte_data(tmp_path)
    assert bench(capsys, model, "--data", data)["inputs"]["bytes"] is True
    assert main(["bench", str(model), "--data", str(data), *QUICK]) == 0
    assert "go to input bytes as they are" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_the_gate_says_what_became_of_bytes_and_of_clipped_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = byte_files.unsigned_file(tmp_path), byte_files.byte_data(tmp_path)
    budgets, summary = tmp_path / "budgets.toml", tmp_path / "summary.md"
    budgets.write_text(ACCURACY)
    words = ["gate", str(budgets), str(model), "--data", str(data), "--markdown", str(summary)]
    assert main([*words, *QUICK]) == 0
    assert "as they are" in " ".join(capsys.readouterr().out.split())
    assert "as they are" in summary.read_text()
    assert main([*words, *QUICK, "--scale", "1"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "% of the values" in text
    assert "are clipped. Check how the data is scaled (--scale and --offset)." in text


@pytest.mark.slow
def test_a_data_table_alone_says_how_data_is_scaled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = byte_files.byte_file(tmp_path, 1 / 255, -128), byte_files.byte_data(tmp_path)
    file = tmp_path / "scale.toml"
    file.write_text('[data]\nsource = "bytes.npz"\nscale = 1.0\n')
    named = bench(capsys, model, "--data", data, "--config", file)
    assert named["inputs"]["bytes"] is False  # it says that numbers are meant
    assert named["inputs"]["clipped"]["test"]["values"] > 0.9
    over = bench(capsys, model, "--data", data, "--config", file, "--scale", "1/255")
    assert over["inputs"]["clipped"]["test"]["values"] == 0.0


@pytest.mark.slow
def test_a_budgets_file_may_name_data_and_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model, data = tiny_models.dense(tmp_path), tmp_path / "numbers.npz"
    x = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    np.savez(data, x=x, y=np.random.default_rng(1).random((60, 3)))
    budgets = tmp_path / "budgets.toml"
    error = '[[budget]]\nmetric = "accuracy"\nmax = 1000\n'
    budgets.write_text(f'[data]\nsource = "numbers.npz"\n[task]\nkind = "regression"\n{error}')
    Path("edgehone.toml").write_text('[data]\nsource = "elsewhere.npz"\n')
    words = ["gate", str(budgets), str(model), *QUICK, "--json"]
    assert main(words) in (0, 3)
    (found,) = json.loads(capsys.readouterr().out)["measurements"]
    assert found["accuracy"]["metric"] == "mae"
    other = tmp_path / "other.toml"
    other.write_text('[task]\nkind = "regression"\nmetric = "mse"\n')
    assert main([*words, "--config", str(other)]) in (0, 3)
    (found,) = json.loads(capsys.readouterr().out)["measurements"]
    assert found["accuracy"]["metric"] == "mse"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        '[model]\nteacher = "t.keras"\n',
        "[data]\nscale = 0.5\n",
        '[data]\nsource = 3\n[search]\nrounds = "many"\n',  # nothing here needs them
        '[[budget]]\nmetric = "wishes"\n',
        '[task]\nkind = "divination"\n',
        '[devices.board]\ntarget = "raspberry-pi-5"\n',
    ],
)
def test_a_half_written_project_stops_no_command_that_needs_less(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edgehone.toml").write_text(text)
    assert bench(capsys, tiny_models.dense(tmp_path))["verdict"] == "emulated"


@pytest.mark.slow
def test_a_device_is_checked_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = '[devices.desk]\ntarget = "local"\naddress = "scripted://"\n'
    Path("edgehone.toml").write_text(f'[devices.board]\ntarget = "raspberry-pi-5"\n{whole}')
    path = str(tiny_models.dense(tmp_path))
    assert main(["bench", path, "--on", "desk"]) == 0
    assert main(["bench", path, "--on", "board"]) == 2
    assert "[devices.board] address is missing" in capsys.readouterr().err


@pytest.mark.slow
def test_an_export_reports_what_its_input_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_models.dense(tmp_path)
    x = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    x[7, 2] = 50.0
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(300) % 3)
    words = ["export", str(model), "-o", str(tmp_path / "out"), "--precision", "int8"]
    words += ["--calibration", str(tmp_path / "x.npz"), "--percentile", "99", "--json"]
    assert main([*words, "--scale", "1/2", "--offset", "0.5"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert valid("export", document)
    (found,) = document["artifacts"][0]["inputs"]
    assert 0 < found["clipped"]["calibration"]["values"] < 0.1
    assert found["bytes"] is False
