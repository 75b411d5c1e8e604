"""What `export` says of files that are not what their model is, and what it refuses for that."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models, unlike_files

from edgehone.actions.export.parity_limit import ParityLimit
from edgehone.cli.app import main
from edgehone.errors import ConversionError, UsageError
from edgehone.export.repacking import lean_size
from edgehone.formats.tflite import TFLite
from edgehone.values import LayerSpec

pytestmark = pytest.mark.slow

WRECK = ("--percentile", "51")
"""Ranges that hold next to nothing of what the layers compute."""


def export(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["export", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def net(tmp_path: Path) -> tuple[str, ...]:
    """A net of linear outputs, samples with the labels it gives, and where files go."""
    from edgehone.export.execution import outputs

    source = tiny_models.net(tmp_path)
    x = np.random.default_rng(0).random((120, 6, 6, 3)).astype(np.float32)
    y = outputs(source, x).argmax(axis=1)
    y[:12] = (y[:12] + 1) % 5
    np.savez(tmp_path / "data.npz", x=x, y=y)
    data = ("--calibration", str(tmp_path / "data.npz"), "--precision", "int8")
    return (str(source), "-o", str(tmp_path / "out"), *data)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, ...]:
    """A regression of two numbers of unlike range."""
    source = unlike_files.two_ranges_tflite(tmp_path)
    np.savez(tmp_path / "data.npz", x=unlike_files.numbers())
    data = ("--calibration", str(tmp_path / "data.npz"), "--precision", "int8")
    return (str(source), "-o", str(tmp_path / "out"), *data)


def test_labels_in_the_data_tell_the_accuracy_of_model_and_file(
    net: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = export(capsys, *net)
    (artifact,) = found["artifacts"]
    parity = artifact["parity"]
    assert code == 0
    assert parity["kinds"] == ["labels"]
    assert parity["n"] == 120
    assert parity["accuracy"]["float"] == pytest.approx(0.9)
    assert abs(parity["accuracy"]["file"] - 0.9) < 0.1
    assert parity["agreement"] > 0.9
    assert parity["verdict"] == "good"
    assert main(["export", *net]) == 0
    text = capsys.readouterr().out
    assert "same label" in text
    assert "Accuracy of the model itself: 90.0" in text


def test_a_wrecked_file_ends_in_a_warning_and_is_refused_where_parity_is_required(
    net: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *net, *WRECK]) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    last = " ".join(" ".join(lines[-4:]).split())
    assert "WARNING:" in last
    assert "is wrecked" in last
    assert "accuracy 90.0 % in float" in last
    (tmp_path / "out" / "net-int8.tflite").unlink()
    code, found = export(capsys, *net, *WRECK, "--require-parity", "0.95")
    assert code == 5
    assert "--require-parity asks for 95 %" in found["skipped"][0]["reason"]
    assert not list((tmp_path / "out").iterdir())
    assert export(capsys, *net, "--require-parity", "0.9")[0] == 0


def test_a_regression_shows_its_worst_column_and_no_label(
    pair: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = export(capsys, *pair, "--require-parity", "25dB")
    (artifact,) = found["artifacts"]
    assert (code, artifact["precision"]) == (0, "int8+float32")
    assert artifact["parity"]["kinds"] == ["numbers"]
    assert artifact["parity"]["agreement"] is None
    assert artifact["parity"]["worst"]["snr_db"] == artifact["parity"]["snr_db"] > 25
    assert set(artifact["audit"]["kept_float"]) == {"pair"}
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["export", *pair]) == 0
    text = capsys.readouterr().out
    assert "same label" not in text
    assert "accuracy" not in text
    assert "keeps float32 at pair: 8 bits over the range" in " ".join(text.split())
    assert "1 of 3 operators compute in float: pair" in " ".join(text.split())


def test_full_int8_is_refused_with_what_stays_float(
    pair: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = export(capsys, *pair, "--require", "int8")
    assert code == 5
    assert "Layers compute in float: pair. pair: 8 bits" in found["skipped"][0]["reason"]


def test_parity_that_cannot_be_required_is_wrong_usage(
    pair: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    source = pair[:3]
    for arguments, words in (
        ((*pair, "--require-parity", "0.98"), "this model gives none"),
        ((*pair, "--require-parity", "98"), "is not a limit"),
        ((*source, "--require-parity", "20dB"), "needs data"),
    ):
        assert main(["export", *arguments]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_targets_of_the_data_say_what_a_single_sigmoid_gives(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    x = unlike_files.numbers(60)
    weights = np.random.default_rng(1).normal(size=(6, 1)).astype(np.float32)
    steps = [("Gemm", ["x", "w"], "h", "dense"), ("Sigmoid", ["h"], "y", "dense/Sigmoid")]
    file = tmp_path / "net.onnx"
    unlike_files.steps_onnx(file, steps, {"w": weights}, ("x", 6), ("y", 1))
    y = 1 / (1 + np.exp(-x @ weights))
    np.savez(tmp_path / "data.npz", x=x, y=(y > 0.5).astype(int) if kind == "labels" else y)
    data = ("--calibration", str(tmp_path / "data.npz"), "--precision", "int8")
    _, found = export(capsys, str(file), "-o", str(tmp_path / "out"), *data)
    assert found["artifacts"][0]["parity"]["kinds"] == [kind]


def test_a_file_larger_than_its_float_one_says_so_and_what_is_smaller(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tiny_models.dense(tmp_path, name="net")
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).random((40, 6), np.float32))
    data = ("--calibration", str(tmp_path / "data.npz"), "--precision", "int8")
    arguments = (str(source), "-o", str(tmp_path / "out"), *data)
    _, found = export(capsys, *arguments)
    (artifact,) = found["artifacts"]
    before = artifact["audit"]["float_size_bytes"]
    assert before == lean_size(source, TFLite()) < artifact["size_bytes"]
    assert artifact["smaller"]["size_bytes"] <= before
    assert main(["export", *arguments]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"is larger than the float32 file ({before:,})" in text
    assert f"with precision {artifact['smaller']['precision']} it has" in text


@pytest.mark.parametrize("text", ["0", "1.1", "dB", "much", "nan", "-0.5", "infdB"])
def test_a_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a limit"):
        ParityLimit.read(text)


def test_limits_hold_at_their_bounds() -> None:
    worst = {"output": 0, "column": 1}
    parity = {"names": ["y"], "worst": worst, "snr_db": 20.0, "agreement": 0.98, "max_error": 1.0}
    ParityLimit.read("20 dB").check(parity)
    ParityLimit.read("0.98").check(parity)
    ParityLimit.read("20dB").check({**parity, "snr_db": None})  # no error at all
    for text, changed in (
        ("20.1dB", {}),
        ("0.981", {}),
        ("20dB", {"snr_db": None, "max_error": None}),
    ):
        with pytest.raises(ConversionError, match="--require-parity asks"):
            ParityLimit.read(text).check({**parity, **changed})


def test_export_and_bench_give_one_logit_the_same_accuracy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.export.execution import outputs

    spec = LayerSpec("dense", 1, 1, 6, 1)
    file = tiny_models.layer(tmp_path, spec, "float32", "logit")
    x = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    logits = outputs(file, x)[:, 0]
    x = x[(logits > 0) & (logits < 1)][:60]  # as if they were probabilities
    y = np.ones(len(x), np.int64)
    y[:6] = 0
    np.savez(tmp_path / "d.npz", x=x, y=y)
    (tmp_path / "t.toml").write_text('[task]\nkind = "classification"\n')
    data = str(tmp_path / "d.npz")
    config = ("--config", str(tmp_path / "t.toml"))
    code, found = export(
        capsys, str(file), "-o", str(tmp_path / "out"), "--calibration", data, *config
    )
    assert code == 0
    accuracy = found["artifacts"][0]["parity"]["accuracy"]
    assert accuracy["float"] == accuracy["file"] == pytest.approx(1 - 6 / len(x))
    assert main(["bench", str(file), "--data", data, "--on", "local@scripted://", "--json"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["measurements"]
    assert measured["accuracy"]["value"] == pytest.approx(accuracy["float"])
