"""`init --model --data` looks at both and writes a project that fits, or nothing."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import small_project

from edgehone.actions.looking import candidates
from edgehone.cli.app import main
from edgehone.config import Config, load
from edgehone.documents import schema
from edgehone.graph import backend

BYTES = 1 / 255


@pytest.mark.parametrize(
    ("held", "expects", "found"),
    [
        ((0.0, 255.0), None, [(1.0, 0.0), (BYTES, 0.0), (2 * BYTES, -1.0)]),
        ((0.0, 251.0), None, [(1.0, 0.0), (BYTES, 0.0), (2 * BYTES, -1.0)]),
        ((0.0, 1.0), None, [(1.0, 0.0), (2.0, -1.0), (255.0, 0.0)]),
        ((-1.0, 1.0), None, [(1.0, 0.0), (0.5, 0.5), (127.5, 127.5)]),
        ((0.0, 16.0), (0.0, 1.0), [(1.0, 0.0), (1 / 16, 0.0), (1 / 8, -1.0), (255 / 16, 0.0)]),
        ((0.0, 0.0), None, [(1.0, 0.0)]),
    ],
)
def test_scales_that_may_be_meant(
    held: tuple[float, float],
    expects: tuple[float, float] | None,
    found: list[tuple[float, float]],
) -> None:
    tried = candidates(held, expects)
    assert tried[0] == (1.0, 0.0)
    assert np.asarray(sorted(tried)) == pytest.approx(np.asarray(sorted(found)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that wants digits (0 to 16) scaled to 0 to 1, data, and folders of images."""
    folder = tmp_path_factory.mktemp("init")
    small_project.write(folder / "given")
    (folder / "given" / "edgehone.toml").unlink()
    return folder / "given"


def made(
    capsys: pytest.CaptureFixture[str], folder: Path, *words: str, code: int = 0
) -> tuple[Any, Config]:
    assert main(["init", str(folder), *words, "--json"]) == code, capsys.readouterr().err
    value = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, schema("error" if code else "init"))
    return value, load(folder / "edgehone.toml")


@pytest.mark.slow
def test_a_project_fits_its_model_and_data(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", str(home / "teacher.keras"), "--data", str(home / "data.npz")]
    value, config = made(capsys, tmp_path, *words)
    assert config.data.scale == pytest.approx(1 / 16)
    assert Path(config.model.teacher).resolve() == home / "teacher.keras"
    assert config.task.kind == "classification"
    assert config.objective.value.metric == "latency_p50_ms"
    drop, size = config.budgets
    assert (drop.metric, drop.limit) == ("accuracy_drop", 0.02)  # what 105 samples may prove
    assert size.metric == "size_bytes"
    saw = value["saw"]
    for note in (
        "8 x 8 x 1",
        "10 classes: zero, one",
        "values 0 to 16",
        "x/16",
        "105 test samples",
    ):
        assert note in " ".join(saw)
    assert "no Rescaling" in saw[2]
    assert value["warning"] == ""
    text = (tmp_path / "edgehone.toml").read_text()
    assert all(len(line) <= 100 for line in text.splitlines())
    assert all("".join(each.split()) in "".join(text.split()).replace("#", "") for each in saw)


@pytest.mark.slow
def test_a_project_for_a_device_and_another_objective(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", str(home / "teacher.keras"), "--data", str(home / "data.npz")]
    where = ["--on", "raspberry-pi-5@ssh://pi@board", "--minimize", "size_bytes"]
    value, config = made(capsys, tmp_path, *words, *where, "--scale", "1/16")
    assert config.devices["my-board"].target == "raspberry-pi-5"
    assert config.devices["my-board"].address == "ssh://pi@board"
    assert config.objective.value.metric == "size_bytes"
    assert config.data.scale == 1 / 16
    assert main(["init", str(tmp_path / "b"), *words, "--on", "arm-emulated"]) == 0
    assert "edgehone run --on arm-emulated" in capsys.readouterr().out
    assert load(tmp_path / "b" / "edgehone.toml").objective.value.metric == "instructions"
    assert value["device"] == where[1]


@pytest.mark.slow
def test_a_rescaling_inside_the_model_needs_no_scale_and_functions_are_sources_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = "python:edgehone.actions.demo:teacher"
    value, config = made(capsys, tmp_path, "--model", source, "--data", "digits")
    assert (config.data.scale, config.data.offset) == (1.0, 0.0)
    assert (config.model.teacher, config.data.source) == (source, "digits")
    assert any("Rescaling 'rescale'" in line for line in value["saw"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["regression", "reconstruction"])
def test_other_tasks_are_seen(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.write(tmp_path / "given", kind=kind)
    words = ["--model", str(project.parent / "teacher.keras")]
    value, config = made(
        capsys, tmp_path / "made", *words, "--data", str(project.parent / "data.npz")
    )
    assert (config.task.kind, value["task"]["kind"]) == (kind, kind)
    assert Path(config.model.teacher).resolve() == project.parent / "teacher.keras"


@pytest.mark.slow
def test_a_teacher_that_guesses_is_warned_of(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = np.load(home / "data.npz")
    np.savez(tmp_path / "mixed.npz", x=given["x"], y=np.roll(given["y"], 7))
    words = ["--model", str(home / "teacher.keras"), "--data", str(tmp_path / "mixed.npz")]
    value, config = made(capsys, tmp_path / "made", *words)
    assert "constant answer" in value["warning"]
    assert Path(config.data.source).resolve() == tmp_path / "mixed.npz"


WRONG = [
    (["--model", "MODEL"], 2, "belong together"),
    (["--data", "DATA"], 2, "belong together"),
    (["--scale", "1/255"], 2, "--scale has no effect without a model"),
    (["--model", "none.keras", "--data", "DATA"], 5, "none.keras"),
    (["--model", "MODEL", "--data", "none.npz"], 2, "none.npz"),
    (["--model", "MODEL", "--data", "OTHER"], 2, "(3, 3)"),
    (["--model", "DATA", "--data", "DATA"], 5, "data.npz"),
    (["--model", "MODEL", "--data", "DATA", "--on", "no-board"], 2, "no-board"),
    (["--model", "MODEL", "--data", "DATA", "--minimize", "latency"], 2, "'latency'"),
    (["--model", "MODEL", "--data", "DATA", "--scale", "0"], 2, "--scale is 0"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("words", "code", "text"), WRONG, ids=lambda given: str(given)[:60])
def test_wrong_input_is_an_error_and_nothing_is_written(
    words: list[str],
    code: int,
    text: str,
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros((40, 3, 3), np.float32), y=np.arange(40) % 10)
    places = {
        "MODEL": home / "teacher.keras",
        "DATA": home / "data.npz",
        "OTHER": tmp_path / "other.npz",
    }
    given = [str(places.get(word, word)) for word in words]
    assert main(["init", str(tmp_path / "made"), *given]) == code
    assert text in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
def test_a_project_that_is_there_stays(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "edgehone.toml").write_text("mine")
    words = ["--model", str(home / "teacher.keras"), "--data", str(home / "data.npz")]
    assert main(["init", str(tmp_path), *words]) == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "edgehone.toml").read_text() == "mine"
    assert main(["init", str(tmp_path), *words, "--force"]) == 0
    assert load(tmp_path / "edgehone.toml").data.scale == 1 / 16


@pytest.mark.slow
def test_labels_of_a_table_that_are_texts_become_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = backend.keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.set_weights([5 * np.eye(4, 3), np.zeros(3)])
    model.save(tmp_path / "net.keras")
    y = np.arange(90) % 3
    x = np.eye(4)[y] + np.random.default_rng(0).random((90, 4)) / 2
    names = ("cat", "dog", "owl")
    rows = [",".join([*map(str, row), names[label]]) for row, label in zip(x, y, strict=True)]
    (tmp_path / "pets.csv").write_text("\n".join(["a,b,c,d,label", *rows]))
    words = ["--model", str(tmp_path / "net.keras"), "--data", str(tmp_path / "pets.csv")]
    value, config = made(capsys, tmp_path / "project", *words)
    assert config.data.classes == names
    assert "3 classes: cat, dog, owl" in " ".join(value["saw"])
    assert any("Labels are texts" in text for text in value["saw"])
    assert value["warning"] == ""
