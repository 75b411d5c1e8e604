"""Real-world shapes of trouble each end in their documented error, and leave nothing behind."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models
from tests.app_troubles import APPS
from tests.bounds_troubles import BOUNDS, NONSENSE
from tests.data_troubles import DATASETS, IMAGES, KINDS, LABELS, LOADERS
from tests.gate_troubles import GATES
from tests.release_troubles import RELEASES
from tests.repack_troubles import REPACKS
from tests.run_troubles import INITS, OWN, RUN_NAMES
from tests.source_troubles import SOURCES
from tests.training_troubles import TRAINING
from tests.troubles import BUILT, DATA, FILES, KERAS, MODELS, PROJECTS, SCRIPTED, Trouble
from tests.unlabelled_troubles import UNLABELLED

from edgehone.cli.app import main

GUIDE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
NOT_MADE = "was not made"
DATA_QUICKLY = (*DATA, *KINDS, *LABELS, *IMAGES, *LOADERS, *SOURCES, *BOUNDS, *NONSENSE)
RUNS = (*RUN_NAMES, *INITS, *OWN)
OTHERS = (*DATASETS, *UNLABELLED, *TRAINING, *GATES, *RELEASES, *RUNS, *APPS, *REPACKS)
COSTLY = (*MODELS, *DATA_QUICKLY, *TRAINING, *GATES, *APPS, *REPACKS)
"""Those that load TensorFlow or start processes, many of them."""
TROUBLES = (*MODELS, *KERAS, *BUILT, *FILES, *PROJECTS, *DATA_QUICKLY, *OTHERS)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path below `folder` with its content."""
    found = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() else None for path in found}


def meets(
    trouble: Trouble,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EDGEHONE_RUNS", str(folder.parent / f"{folder.name}-runs"))
    arguments = list(trouble.make(folder))
    before = snapshot(folder)
    code = main(arguments)
    text = capfd.readouterr()
    lines = text.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    hints = [line for line in lines if line.startswith("hint: ")]
    assert (len(errors), len(hints)) == (1, 1), text.err
    assert code == trouble.code, text.err
    assert trouble.message in errors[0]
    assert trouble.hint in hints[0]
    assert lines[-2:] == [*errors, *hints]
    assert "Traceback" not in text.err
    assert not [line for line in lines if line.startswith(("WARNING", "W0000", "I0000", "E0000"))]
    assert len(errors[0]) < 500
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    "trouble",
    [
        *(*FILES, *PROJECTS, *RELEASES, *RUNS),
        *(pytest.param(each, marks=pytest.mark.slow) for each in COSTLY),
    ],
    ids=lambda each: each.name,
)
def test_trouble_ends_in_its_documented_error(
    trouble: Trouble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    meets(trouble, tmp_path, monkeypatch, capfd)


NAMES = ("two words", 'it\'s "quoted"', "$(touch owned)", "; touch owned", "new\nline", "[bold]")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_strange_names_of_files_are_names_and_nothing_else(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tiny_models.dense(tmp_path, name=name)
    assert main(["bench", path.name, *SCRIPTED, "--json"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["measurements"]
    assert measured["artifact"]["path"] == path.name
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


def test_a_name_that_begins_with_a_dash_can_be_given_after_two_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_models.dense(tmp_path, name="-net")
    assert main(["bench", *SCRIPTED, "--json", "--", "-net.tflite"]) == 0
    assert "-net.tflite" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_a_file_that_may_not_be_read_is_told_with_the_systems_reason(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_bytes(b"secret")

    really = os.open

    def refuse(path: Any, *arguments: Any, **settings: Any) -> int:
        # The system's answer to anyone but root, as whom tests may run.
        if str(path) == str(tmp_path / name):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path, *arguments, **settings)

    monkeypatch.setattr(os, "open", refuse)
    assert main(["inspect", str(tmp_path / name)]) == 2
    text = capsys.readouterr().err
    assert f"error: Cannot read {tmp_path / name}: Permission denied." in text
    assert "that you may use it" in text


@pytest.mark.slow
def test_labels_as_one_hot_rows_are_taken_as_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tiny_models.dense(tmp_path)
    x, y = np.random.default_rng(0).random((90, 6)).astype(np.float32), np.arange(90) % 3
    found = []
    for labels in (y, np.eye(3)[y]):
        np.savez("data.npz", x=x, y=labels)
        assert main(["bench", path.name, *SCRIPTED, "--data", "data.npz", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["measurements"][0]["accuracy"]["value"])
    assert found[0] == found[1]


def test_every_trouble_is_documented_and_every_documented_trouble_is_tried() -> None:
    tried = {trouble.message for trouble in TROUBLES}
    assert len(TROUBLES) >= 30
    documented = set(re.findall(r"^\| `([^`]+)`", GUIDE.read_text(), re.MULTILINE))
    assert documented == tried | {NOT_MADE}


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble", [*KERAS, *BUILT, *DATASETS, *UNLABELLED], ids=lambda each: each.name
)
def test_trouble_that_keras_finds_ends_in_its_documented_error(
    trouble: Trouble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    meets(trouble, tmp_path, monkeypatch, capfd)


@pytest.mark.slow
def test_a_model_that_does_not_convert_is_told_by_its_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    monkeypatch.chdir(tmp_path)
    source = keras.Input((3, 3), name="square")
    root = keras.ops.inv(keras.layers.Dense(3, name="dense")(source))
    keras.Model(source, root).save("net.keras")
    assert main(["export", "net.keras", "-o", "out"]) == 5
    text = capfd.readouterr()
    shown = " ".join(text.out.split())  # as wide as the terminal of whoever runs this
    assert NOT_MADE in shown
    assert "the format has no operator for MatrixInverse" in shown
    assert "Replace this layer" in shown
    assert "model.keras" not in shown  # a copy of our own, which nobody has heard of
    assert "Traceback" not in text.err
    assert [child.name for child in tmp_path.rglob("*") if child.is_file()] == ["net.keras"]


@pytest.mark.slow
def test_channels_first_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.graph import backend

    keras = backend.keras()
    monkeypatch.chdir(tmp_path)
    layers = keras.layers
    conv = layers.Conv2D(4, 3, data_format="channels_first")
    pool = layers.MaxPooling2D(2, data_format="channels_first")
    keras.Sequential([keras.Input((3, 8, 8)), conv, pool]).save("net.keras")
    assert main(["export", "net.keras", "-o", "out", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["artifacts"]
    assert made["parity"]["max_error"] < 1e-4
