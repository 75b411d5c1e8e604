"""`edgehone devices learn`: a device's cost table, filled ahead of time."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import tiny_models, tiny_nets

import edgehone as eh
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.formats.tflite import TFLite
from edgehone.search.common_shapes import common_keys
from edgehone.values import Event


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def device(tmp_path: Path) -> str:
    (tmp_path / "toy.json").write_text("{}")
    return f"arm-cpu@scripted://{tmp_path / 'toy.json'}"


def learn(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert main(["devices", "learn", *words, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("error" if code else "devices_learn"))
    return dict(found)


@pytest.mark.slow
def test_usual_shapes_are_learned_once(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (device, "--precision", "int8", "--folder", str(tmp_path / "runs"))
    first = learn(capsys, *words)
    assert first["entries"] == len(common_keys(("int8",), TFLite.OPERATORS)) + 2
    assert first["measured"] + first["interpolated"] + first["known"] == first["entries"]
    assert 0 < first["measured"] < first["entries"]
    assert (first["unit"], set(first["overhead"])) == ("ms", {"int8"})
    again = learn(capsys, *words)
    assert (again["measured"], again["entries"]) == (0, first["entries"])
    assert again["interpolated"] == first["interpolated"]


@pytest.mark.slow
def test_people_read_how_much_was_measured(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["devices", "learn", device, "--precision", "int8", "--format", "onnx"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "measured now" in said.out
    assert "time single layers" in said.err
    assert Path("runs/store.sqlite").is_file()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["toyy"], 2, "Unknown device"),
        (["local", "--precision", "int7"], 2, "int7"),
        (["local", "--format", "onnx", "--precision", "int8x4"], 2, "no precision 'int8x4'"),
        (["local", "--format", "onix"], 2, "onix"),
        pytest.param(
            ["local", "--model", "absent.keras"], 5, "absent.keras", marks=pytest.mark.slow
        ),
        (["local", "--model", "m.tflite"], 2, "finished file"),
        (["arm-cpu@ssh://nobody@127.0.0.1:9"], 4, "takes no ssh connections"),
    ],
)
def test_what_cannot_be_learned_is_told_and_nothing_is_written(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "learn", *words]) == code
    assert message in capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.slow
def test_the_layers_of_a_model_are_learned_before_a_run(device: str, tmp_path: Path) -> None:
    events: list[Event] = []
    found = eh.learn(device, tiny_nets.residual_net(16), folder=tmp_path, progress=events.append)
    assert found["measured"] > 0
    assert {event.stage for event in events} >= {"load the model", "price"}
    again = eh.learn(device, tiny_nets.residual_net(16), folder=tmp_path)
    assert again["measured"] == 0
    counted = f"arm-emulated@{device.partition('@')[2]}"
    found = eh.learn(counted, tiny_nets.residual_net(), precisions="int8", folder=tmp_path)
    assert found["unit"] == "instructions"
    file = tiny_models.dense(tmp_path)
    with pytest.raises(eh.EdgehoneError, match="finished file"):
        eh.learn(device, file, folder=tmp_path)
