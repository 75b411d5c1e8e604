"""What `export` says of calibration data on which a model guesses, or says one thing only."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from edgehone.actions.export.calibration_checks import FEWEST, Seen, differences_between, doubts
from edgehone.actions.scaling import Scaling
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.values import Task

RANDOM = np.random.default_rng(0)
RIGHT, WRONG = 1.0, 1 / 255
"""What the samples are multiplied by: nothing, or as if the model took 0 to 1."""


def seen(outputs: Any, targets: Any = None, task: Task | None = None) -> Seen:
    x = np.linspace(0, 1, len(outputs))[:, None]
    expects = "the model seems to expect 0 to 255"
    names = ("cat", "dog", "owl")
    return Seen(task or Task(), x, np.asarray(outputs), targets, Scaling(1, 0), expects, names)


def test_a_model_that_guesses_is_told_of_with_both_ranges() -> None:
    y = np.arange(90) % 3
    (text,) = doubts(seen(RANDOM.random((90, 3)), y), labels=True)
    for part in ("a constant answer on the calibration data", "hold 0 to 1", "expect 0 to 255"):
        assert part in text
    assert doubts(seen(np.eye(3)[y], y), labels=True) == []


def test_a_regression_that_guesses_is_told_of() -> None:
    y = RANDOM.normal(size=(60, 1)).astype(np.float32)
    task = Task("regression", "mae")
    (text,) = doubts(seen(y * 0 + 5, y, task), labels=False)
    assert "the median of the targets" in text or "the mean of the targets" in text
    assert doubts(seen(y, y, task), labels=False) == []


def test_targets_that_do_not_fit_are_told_of() -> None:
    (text,) = doubts(
        seen(np.zeros((9, 2)), np.zeros((9, 3)), Task("regression", "mae")), labels=False
    )
    assert "targets do not fit" in text


def test_one_label_for_all_samples_is_asked_about_by_name() -> None:
    always = np.tile([0.1, 0.8, 0.1], (FEWEST, 1))
    (text,) = doubts(seen(always), labels=True)
    assert f"gives all {FEWEST} samples label 1 (dog)" in text
    assert "scaled as in training?" in text
    assert doubts(seen(always), labels=False) == []
    assert doubts(seen(always[1:]), labels=True) == []
    varied = np.vstack([always, [[1, 0, 0]]])
    assert doubts(seen(varied), labels=True) == []


@pytest.mark.parametrize(
    ("snr_db", "agreement", "data", "warned"),
    [
        (-22.9, 1.0, "calibration", True),
        (30.0, 1.0, "calibration", False),
        (-22.9, None, "calibration", False),
        (-22.9, 1.0, "random numbers", False),
        (None, 1.0, "calibration", False),
    ],
)
def test_labels_that_agree_on_noise_are_told_of(
    snr_db: float | None, agreement: float | None, data: str, warned: bool
) -> None:
    parity = {"snr_db": snr_db, "agreement": agreement, "data": data, "verdict": "good"}
    assert bool(differences_between([{"path": "m.tflite", "parity": parity}])) == warned


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of two numbers from 0 to 255: whether the first is above 128."""
    from edgehone.graph import backend

    keras = backend.keras()
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, activation="softmax", name="side")]
    )
    kernel = np.array([[-0.05, 0.05], [0.0, 0.0]], np.float32)
    model.layers[-1].set_weights([kernel, np.array([6.4, -6.4], np.float32)])
    path = tmp_path_factory.mktemp("net") / "net.keras"
    model.save(path)
    return path


def saved(folder: Path, factor: float, **others: Any) -> str:
    x = RANDOM.uniform(0, 255, (120, 2)).astype(np.float32)
    y = (x[:, 0] > 128).astype(np.int64)
    np.savez(folder / "data.npz", x=x * factor, **{"y": y, **others})
    return str(folder / "data.npz")


def warned(net: Path, folder: Path, data: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    to = ("-o", str(folder / "out"), "--precision", "int8", "--calibration", data)
    assert main(["export", str(net), *to, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(schema("export")["properties"]["warnings"]).validate(
        document["warnings"]
    )
    assert main(["export", str(net), *to]) == 0
    assert capsys.readouterr().out.count("warning: ") == len(document["warnings"])
    return list(document["warnings"])


@pytest.mark.slow
def test_wrongly_scaled_calibration_data_are_warned_of(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert warned(net, tmp_path, saved(tmp_path, RIGHT), capsys) == []
    text = warned(net, tmp_path, saved(tmp_path, WRONG), capsys)
    assert "The model is no" in text[0]
    assert "a constant answer" in text[0]
    assert "--scale" in text[0]


@pytest.mark.slow
def test_labels_that_the_model_lacks_are_told_of_where_accuracy_is_left_out(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = warned(net, tmp_path, saved(tmp_path, RIGHT, y=np.arange(120) % 4), capsys)
    assert "Accuracy is left out" in text
    assert "from 0 to 3" in text
    (text,) = warned(net, tmp_path, saved(tmp_path, RIGHT, y=np.arange(120) / 4), capsys)
    assert "Accuracy is left out" in text
    assert "not an integer" in text
