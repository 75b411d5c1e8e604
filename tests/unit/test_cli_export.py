import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files, tiny_nets
from tests.unit.test_cli_measuring import valid

from edgehone.cli.app import main
from edgehone.report.numbers import TIMES

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
    assert valid("inspect", found)
    net = tiny_nets.dense_net(8, 3, "softmax")
    for key, (tensor,) in (("inputs", net.inputs), ("outputs", net.outputs)):
        (port,) = found[key]
        assert port["shape"] == list(tensor.shape)
        assert (port["dtype"], bool(port["name"])) == ("float32", True)
    assert main(["inspect", str(model)]) == 0
    text = capsys.readouterr().out
    assert "parameters" in text
    (source,), (result,) = found["inputs"], found["outputs"]
    for title, port in (("Inputs", source), ("Outputs", result)):
        assert f"{title}: {port['name']} · {TIMES} {port['shape'][1]}" in text


def test_inspect_lists_inputs_of_every_type_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    picture = keras.Input((4, 4, 1), name="picture")
    ids = keras.Input((3,), dtype="int32", name="ids")
    word = keras.Input((), dtype="string", name="word")
    rows = keras.layers.Flatten()(keras.layers.Embedding(10, 2)(ids))
    code = keras.layers.StringLookup(vocabulary=["a"], output_mode="one_hot")(word)
    both = keras.layers.Concatenate()([keras.layers.Flatten()(picture), rows, code])
    outputs = [keras.layers.Dense(n, name=name)(both) for n, name in ((3, "kind"), (1, "size"))]
    path = tmp_path / "several.keras"
    keras.Model([picture, ids, word], outputs).save(path)
    code, found = run(capsys, "inspect", str(path))
    assert code == 0
    assert {p["name"]: (p["shape"], p["dtype"]) for p in found["inputs"]} == {
        "picture": ([None, 4, 4, 1], "float32"),
        "ids": ([None, 3], "int32"),
        "word": ([None], "string"),
    }
    assert {p["name"]: p["shape"] for p in found["outputs"]} == {
        "kind": [None, 3],
        "size": [None, 1],
    }


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
        *("--precision", "float32,int16x8,int8", "--calibration", str(data)),
    )
    assert code == 5
    assert [(s["format"], s["precision"]) for s in found["skipped"]] == [("onnx", "int16x8")]
    assert len(found["artifacts"]) == 5
    for artifact in found["artifacts"]:
        assert Path(artifact["path"]).stat().st_size == artifact["size_bytes"]
        assert artifact["parity"]["data"] == "calibration"
        assert artifact["audit"]["operators"]
    assert {path.name for path in out.iterdir()} == {
        Path(artifact["path"]).name for artifact in found["artifacts"]
    }


def test_export_refuses_a_model_of_no_fixed_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "net.keras"
    tiny_nets.any_size().save(source)
    assert main(["export", str(source), "-o", str(tmp_path / "out")]) == 5
    assert "no fixed size" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_export_takes_several_inputs_by_name_and_a_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, data, out = tmp_path / "net.keras", tmp_path / "data.npz", tmp_path / "out"
    tiny_nets.two_inputs().save(source)
    random = np.random.default_rng(0)
    left, right = (random.random((20, 3)).astype(np.float32) for _ in range(2))
    np.savez(data, right=right, left=left)
    arguments = ("export", str(source), "-o", str(out), "--calibration", str(data))
    code, found = run(capsys, *arguments, "--precision", "int8", "--batch", "4")
    (artifact,) = found["artifacts"]
    assert code == 0
    ports = [(port["name"], port["shape"]) for port in artifact["audit"]["inputs"]]
    assert ports == [("left", [4, 3]), ("right", [4, 3])]
    assert artifact["parity"]["snr_db"] > 20
    assert artifact["parity"]["first_divergence"] is None
    assert artifact["parity"]["layers_db"]
    np.savez(data, left=left)
    assert main([*arguments, "--precision", "int8"]) == 2
    assert "no array for the inputs right" in capsys.readouterr().err


def test_export_writes_nothing_that_lacks_what_is_required(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, found = run(
        capsys, "export", str(model), "-o", str(out), "--require", "int8", "--require", "no-flex"
    )
    assert code == 5
    assert found["artifacts"] == []
    assert (
        "It is not int8: Layers compute in float: flat, hidden, head"
        in found["skipped"][0]["reason"]
    )
    assert not out.exists() or list(out.iterdir()) == []
    assert main(["export", str(model), "-o", str(out), "--require", "nice"]) == 2
    assert "no-flex" in capsys.readouterr().err
    for wrong in (("--batch", "0"), ("--recurrent", "sideways")):
        assert main(["export", str(model), "-o", str(out), *wrong]) == 2
        assert wrong[1] in capsys.readouterr().err


def test_inspect_holds_a_file_against_what_is_required(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tflite_files.float_file(tmp_path)
    code, found = run(capsys, "inspect", str(file), "--require", "int8", "--require", "xnnpack")
    assert code == 5
    assert [each["requirement"] for each in found["findings"]] == ["int8"]
    assert main(["inspect", str(file), "--require", "xnnpack"]) == 0
    text = capsys.readouterr().out
    assert "Tensors by role" in text
    assert "XNNPACK: 3 of 3 operators, 100% of the MACs" in text
    assert main(["inspect", str(tmp_path / "net.keras"), "--require", "int8"]) == 2


def test_export_refuses_a_place_that_cannot_be_written_before_any_work(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main(["export", str(model), "-o", str(file)]) == 2
    text = capsys.readouterr().err
    assert text.startswith("error: Cannot write")  # no progress: nothing was begun


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


def test_texts_for_an_input_that_takes_numbers_are_told_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, data = tmp_path / "net.keras", tmp_path / "data.npz"
    tiny_nets.two_inputs().save(source)
    np.savez(data, left=np.zeros((9, 3)), right=np.full((9, 3), "1.5"))
    asked = ("export", str(source), "-o", str(tmp_path / "out"), "--calibration", str(data))
    assert main(asked) == 2
    text = capsys.readouterr().err
    assert "right in" in text
    assert "has texts (type <U3), not numbers" in text


def test_the_hint_names_the_projects_own_data(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["export", str(model), "-o", "out", "--precision", "int8"]
    for source, named in (("", "DATA"), ("my digits.npz", f"'{tmp_path / 'my digits.npz'}'")):
        Path("edgehone.toml").write_text(f'[data]\nsource = "{source}"\n' if source else "")
        assert main(words) == 2
        assert f"--calibration {named}" in " ".join(capsys.readouterr().err.split())
        assert not Path("out").exists()
