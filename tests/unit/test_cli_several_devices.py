"""Commands on several devices: everything measured is told, what was lost decides the exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tests import tiny_models
from tests.unit.test_cli_measuring import run, valid, write

from edgehone.cli.app import main

CUT = {"answers": [{"stdout": "", "stderr": "link cut", "exit_code": 255}]}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_models.dense(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> list[str]:
    """Three boards: two answer, the link to the third is cut."""
    scripts = {"slow": {"latency_ms": {"base": 5.0}}, "quick": {}, "cut": CUT}
    for name, script in scripts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(script))
    tables = "".join(
        f'[devices.{name}]\ntarget = "arm-cpu"\naddress = "scripted://{tmp_path / name}.json"\n'
        for name in scripts
    )
    folder = tmp_path / "config" / "edgehone"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(tables)
    return ["--on", "slow", "--on", "quick"]


@pytest.fixture(autouse=True)
def users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_bench_measures_on_every_device_named(
    model: Path, project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, "bench", str(model), *project)
    assert code == 0
    assert valid("bench", found)
    names = [measured["device"]["name"] for measured in found["measurements"]]
    assert names == ["slow", "quick"]
    slow, quick = (measured["latency_ms"]["p50"] for measured in found["measurements"])
    assert slow > quick
    assert found["lost"] == []


@pytest.mark.slow
def test_bench_keeps_what_was_measured_when_a_device_is_lost(
    model: Path, project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, "bench", str(model), "--on", "cut", *project)
    assert code == 4
    assert valid("bench", found)
    assert [measured["device"]["name"] for measured in found["measurements"]] == ["slow", "quick"]
    (lost,) = found["lost"]
    assert (lost["device"], lost["exit_code"]) == ("cut", 4)
    assert "link cut" in lost["message"]
    assert main(["bench", str(model), "--on", "cut", *project]) == 4
    shown = capsys.readouterr().out
    assert "on slow" in shown
    assert "cut failed: " in shown


@pytest.mark.slow
def test_compare_tells_of_every_device(
    model: Path, project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(model.read_bytes() + bytes(4096))
    code, found = run(capsys, "compare", str(model), str(other), *project, "--on", "cut")
    assert code == 4
    assert valid("compare", found)
    assert [each["device"] for each in found["comparisons"]] == ["slow", "quick"]
    assert found["ratio"] == found["comparisons"][0]["ratio"]


def test_the_gate_holds_budgets_against_the_device_they_name(
    model: Path, project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = 'metric = "size_bytes"\nmax = "1 MiB"\ndevice = '
    budgets = write(tmp_path / "b.toml", f'{size}"slow"', f'{size}"quick"')
    code, found = run(capsys, "gate", str(budgets), str(model))
    assert (code, found["decision"]) == (0, "pass")
    assert valid("gate", found)
    assert [check["device"] for check in found["checks"]] == ["slow", "quick"]


@pytest.mark.slow
def test_the_gate_goes_to_every_device_that_a_budget_names(
    model: Path, project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size, fine = 'metric = "size_bytes"\nmax = "1 MiB"', 'metric = "compressed_bytes"\nmax = 1'
    budgets = write(tmp_path / "b.toml", size, f'{fine}\ndevice = "quick"')
    code, found = run(capsys, "gate", str(budgets), str(model))
    assert (code, found["decision"]) == (1, "fail")
    assert {check["device"] for check in found["checks"]} == {"quick"}


@pytest.mark.slow
@pytest.mark.parametrize("device", ["quick", "Slow", "slow ", "slwo", "board"])
def test_budgets_about_devices_that_were_not_measured_are_left_open_wherever_it_is_told(
    device: str,
    model: Path,
    project: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    size = 'metric = "size_bytes"\nmax = "1 MiB"'
    budgets = write(tmp_path / "b.toml", size, f'{size}\ndevice = "{device}"')
    markdown, junit = tmp_path / "gate.md", tmp_path / "gate.xml"
    words = ["gate", str(budgets), str(model), "--on", "slow"]
    code, found = run(capsys, *words, "--markdown", str(markdown), "--junit", str(junit))
    assert (code, found["decision"]) == (3, "inconclusive")
    assert valid("gate", found)
    kept, left = found["checks"]
    assert (kept["verdict"], kept["device"]) == ("pass", "slow")
    assert (left["verdict"], left["device"], left["value"]) == ("inconclusive", device, None)
    assert left["file"] == str(model)
    assert left["reason"].startswith(f"nothing was measured on {device!r}")
    assert main(words) == 3
    shown = " ".join(capsys.readouterr().out.split())
    root = ElementTree.parse(junit).getroot()  # noqa: S314  our own file
    assert (root.get("tests"), root.get("errors"), root.get("failures")) == ("2", "1", "0")
    (error,) = root.iter("error")
    for line in (shown, markdown.read_text(), str(error.get("message"))):
        assert device in line
    assert markdown.read_text().startswith("## ⚠️ Budgets: inconclusive")
    assert "inconclusive: 1 of 2 budgets are kept, 1 inconclusive." in shown


@pytest.fixture
def scored(model: Path, tmp_path: Path) -> list[str]:
    """Budgets on accuracy that any file keeps, a file, and data to score it on."""
    data = np.random.default_rng(0).random((90, 6)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=data, y=np.arange(90) % 3)
    budgets = write(tmp_path / "accuracy.toml", 'metric = "accuracy"\nmin = 0.001')
    return ["gate", str(budgets), str(model), "--data", str(tmp_path / "data.npz")]


@pytest.mark.slow
def test_the_gate_cannot_pass_while_a_device_is_lost(
    scored: list[str], project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, *scored, *project, "--on", "cut")
    assert (code, found["decision"]) == (4, "inconclusive")
    assert [check["verdict"] for check in found["checks"]] == ["pass", "pass", "inconclusive"]
    assert "lost" in found["checks"][2]["reason"]


@pytest.mark.slow
def test_the_gate_fails_when_one_device_fails_even_if_another_is_lost(
    scored: list[str], project: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "accuracy.toml", 'metric = "accuracy"\nmin = 1')
    markdown, junit = tmp_path / "gate.md", tmp_path / "gate.xml"
    written = ["--markdown", str(markdown), "--junit", str(junit)]
    code, found = run(capsys, *scored, *project, "--on", "cut", *written)
    assert (code, found["decision"]) == (1, "fail")
    assert "cut failed" in markdown.read_text()
    assert ".min@quick" in junit.read_text()
