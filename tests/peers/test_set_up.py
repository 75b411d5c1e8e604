"""From nothing to numbers: a machine behind a real sshd is added, set up, measured and cleared."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import needs, tiny_models
from tests.adb_device import AdbDevice, AdbServer
from tests.ssh_server import SshServer

from edgehone.cli.app import main
from edgehone.documents import schema

pytestmark = [pytest.mark.slow, pytest.mark.peer]


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    needs.program("python3")
    with SshServer(tmp_path / "board") as running:
        monkeypatch.setenv("EDGEHONE_SSH_CONFIG", str(running.config))
        yield running


@pytest.fixture
def adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    with AdbServer(tmp_path / "adb") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = main([*words, "--json"])
    text = capsys.readouterr()
    found = json.loads(text.out)
    if words[:2] == ("devices", "setup") and not code:
        jsonschema.validate(found, schema("devices_setup"))
    return code, found, text.err


def listed(capsys: pytest.CaptureFixture[str], name: str) -> dict[str, Any]:
    _, found, _ = run(capsys, "devices", "--on", name)
    return dict(found["devices"][0])


def test_three_commands_from_a_fresh_board_to_its_numbers(
    server: SshServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = tiny_models.dense(tmp_path)
    assert run(capsys, "devices", "add", "board", "local", server.address)[0] == 0
    assert listed(capsys, "board")["remarks"][1] == "Run: edgehone devices setup board"
    assert main(["bench", str(net), "--on", "board"]) == 4
    assert "edgehone devices setup board" in capsys.readouterr().err

    code, found, text = run(capsys, "devices", "setup", "board")
    assert (code, found["program"]) == (0, "python")
    assert "send: " in text
    assert "send: " not in run(capsys, "devices", "setup", "board")[2]

    row = listed(capsys, "board")
    assert found["packages"]["ai-edge-litert"] in row["runtimes"]["litert"]
    assert found["packages"]["onnxruntime"] in row["runtimes"]["onnxruntime"]
    code, measured, _ = run(capsys, "bench", str(net), "--on", "board", "--blocks", "2")
    assert code == 0
    assert measured["measurements"][0]["latency_ms"]["p50"] > 0

    assert run(capsys, "devices", "setup", "board", "--remove")[1]["removed"] is True
    assert not (server.home / "edgehone").exists()
    assert "not set up" in listed(capsys, "board")["remarks"][0]


def test_a_board_that_is_gone_is_a_row(
    server: SshServer, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "devices", "add", "board", "arm-cpu", server.address)
    server.kill()
    row = listed(capsys, "board")
    assert (row["reachable"], row["fit"]) == (False, False)
    assert row["remarks"][0]


def test_phones_that_nobody_named_are_found(
    adb: AdbServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def connect(phone: AdbDevice) -> None:
        words = [needs.program("adb"), "connect", phone.serial]
        subprocess.run(words, capture_output=True, timeout=30, check=True)

    with AdbDevice(tmp_path / "one") as one, AdbDevice(tmp_path / "two", keys=[]) as two:
        connect(one)
        connect(two)
        _, found, _ = run(capsys, "devices")
        rows = {row["name"]: " ".join(row["remarks"]) for row in found["devices"]}
        assert (
            f"edgehone devices add NAME android-arm64 adb://{one.serial}"
            in (rows[f"adb://{one.serial}"])
        )
        assert "unauthorized" in rows[f"adb://{two.serial}"]
        run(capsys, "devices", "add", "one", "android-arm64", one.address)
        _, found, _ = run(capsys, "devices")
        assert {row["name"] for row in found["devices"]} == {
            "local",
            "one",
            f"adb://{two.serial}",
        }
