import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_nets

from edgehone.cli.app import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edgehone.graph.loading import save

    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    save(tiny_nets.dense_net(8, 3, "softmax"), path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_inspect_tells_costs_and_groups_of_a_model(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, "inspect", str(model))
    assert code == 0
    assert found["params"] == sum(layer["params"] for layer in found["layers"]) > 0
    assert {"layers", "channels", "prunable", "reason"} <= set(found["groups"][0])
    assert main(["inspect", str(model)]) == 0
    assert "parameters" in capsys.readouterr().out


def test_export_makes_what_it_can_and_says_what_it_cannot(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = tiny_nets.dense_net(8, 3, "softmax").inputs[0].shape[1:]
    data = tmp_path / "calibration.npz"
    random = np.random.default_rng(0)
    np.savez(data, x=random.random((80, *shape)).astype(np.float32))
    out = tmp_path / "out"
    code, found = run(
        capsys,
        *("export", str(model), "-o", str(out), "--format", "tflite,onnx"),
        *("--precision", "float32,float16,int8", "--calibration", str(data)),
    )
    assert code == 5
    assert [(s["format"], s["precision"]) for s in found["skipped"]] == [("onnx", "float16")]
    assert len(found["artifacts"]) == 5
    for artifact in found["artifacts"]:
        assert Path(artifact["path"]).stat().st_size == artifact["size_bytes"]
        assert artifact["parity"]["data"] == "calibration"
        assert artifact["audit"]["operators"]
    assert {path.name for path in out.iterdir()} == {
        Path(artifact["path"]).name for artifact in found["artifacts"]
    }


@pytest.mark.parametrize(
    ("build", "message"),
    [(tiny_nets.two_inputs, "2 inputs"), (tiny_nets.any_size, "no fixed size")],
)
def test_export_refuses_models_that_no_device_runs(
    build: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "net.keras"
    build().save(source)
    assert main(["export", str(source), "-o", str(tmp_path / "out")]) == 5
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_export_refuses_a_place_that_cannot_be_written_before_any_work(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main(["export", str(model), "-o", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: Cannot write")  # no progress: nothing was begun


def test_export_takes_layers_that_the_users_module_registers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "module_with_a_layer.py").write_text(
        "import keras\n"
        "@keras.saving.register_keras_serializable()\n"
        "class Doubling(keras.layers.Layer):\n"
        "    def call(self, x): return x * 2\n"
        "def build():\n"
        "    own, end = Doubling(), keras.layers.Dense(2)\n"
        "    return keras.Sequential([keras.layers.Input((3,)), own, end])\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    code, found = run(capsys, "export", "python:module_with_a_layer:build", "-o", "out")
    assert code == 0
    assert found["artifacts"][0]["parity"]["max_error"] < 1e-5


def test_export_asks_for_data_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.keras")
    assert main(["export", missing, "-o", str(tmp_path), "--precision", "int8"]) == 2
    assert "--calibration" in capsys.readouterr().err
    assert main(["export", missing, "-o", str(tmp_path), "--precision", "int7"]) == 2
    assert main(["export", missing, "-o", str(tmp_path)]) == 5
    assert list(tmp_path.iterdir()) == []
