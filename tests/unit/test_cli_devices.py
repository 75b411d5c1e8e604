"""`edgehone devices`: adding, listing and forgetting; set-up of devices that need none."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgehone.cli.app import main
from edgehone.config import user_devices, user_file
from edgehone.documents import schema


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "")  # without adb, whose server would stay
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["devices", *words, "--json"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("_".join(["devices", *words[:1]])))
    return code, found


def test_a_device_is_added_listed_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    code, added = run(capsys, "add", "toy", "arm-cpu", "scripted://")
    assert code == 0
    assert added == {
        "schema": 1,
        "name": "toy",
        "target": "arm-cpu",
        "address": "scripted://",
        "file": str(user_file()),
    }
    _, found = run(capsys)
    rows = {row["name"]: row for row in found["devices"]}
    assert next(iter(rows)) == "local"
    assert (rows["toy"]["target"], rows["toy"]["reachable"]) == ("arm-cpu", True)
    assert run(capsys, "forget", "toy")[0] == 0
    assert user_devices() == {}


def test_a_name_is_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "add", "toy", "arm-cpu", "scripted://"]) == 0
    assert "devices setup toy" in capsys.readouterr().err
    assert main(["devices", "add", "toy", "local", "scripted://"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert main(["devices", "add", "toy", "local", "scripted://", "--replace"]) == 0
    assert user_devices()["toy"].target == "local"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["toy", "raspberry-pi-6", "scripted://"], "raspberry-pi-5"),
        (["toy", "arm-cpu", "pi@board"], "No way to reach"),
        (["-toy", "arm-cpu", "scripted://"], "No such option"),
        (["a b", "arm-cpu", "scripted://"], "cannot be called"),
        (["local", "arm-cpu", "scripted://"], "always there"),
        (["toy", "arm-cpu"], "ADDRESS"),
    ],
)
def test_what_cannot_be_a_device_is_not_written(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "add", *words]) == 2
    assert message in capsys.readouterr().err
    assert not user_file().exists()


def test_a_device_configured_wrongly_is_a_row_and_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = tmp_path / "dead.json"
    dead.write_text(json.dumps({"answers": [{"stderr": "gone", "exit_code": 1}]}))
    user_file().parent.mkdir(parents=True)
    user_file().write_text(
        '[devices.old]\ntarget = "gone"\naddress = "scripted://"\n'
        f'[devices.dead]\ntarget = "local"\naddress = "scripted://{dead}"\n'
        '[devices.toy]\ntarget = "local"\naddress = "scripted://"\n'
    )
    code, found = run(capsys)
    rows = {row["name"]: row for row in found["devices"]}
    assert (code, list(rows)) == (0, ["local", "dead", "old", "toy"])
    assert {name: row["reachable"] for name, row in rows.items()} == {
        "local": True,
        "dead": False,
        "old": False,
        "toy": True,
    }
    assert "Unknown target 'gone'" in rows["old"]["remarks"][0]
    assert "gone" in " ".join(rows["dead"]["remarks"])
    assert main(["devices", "--on", "old"]) == 2


def test_a_device_that_is_fitted_already_needs_no_set_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, found = run(capsys, "setup", "local")
    assert code == 0
    assert (found["name"], found["program"], found["removed"]) == ("local", None, False)
    assert main(["devices", "setup", "local"]) == 0
    assert "needs no set-up" in capsys.readouterr().out


def test_set_up_of_an_unknown_device_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "setup", "my-pi"]) == 2
    assert "my-pi" in capsys.readouterr().err


def test_devices_explains_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("add", "setup", "forget", "--on", "--json"))
    assert main(["devices", "stup", "x"]) == 2
    assert "edgehone devices --help" in capsys.readouterr().err
