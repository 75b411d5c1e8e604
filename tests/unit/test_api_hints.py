"""The same wrong input through the three interfaces: each names what its user can change."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models

import edgehone as eh
from edgehone.cli.app import main
from edgehone.errors import EdgehoneError

FEATURES, CLASSES, SAMPLES = 6, 3, 90
ON = "local@scripted://"
_X = np.random.default_rng(0).random((SAMPLES, FEATURES)).astype(np.float32)
_Y = np.arange(SAMPLES) % CLASSES


@dataclass(frozen=True)
class Wrong:
    """Data that do not fit, and the words of the hint at a terminal, in Python and of a project."""

    name: str
    terminal: str
    python: str
    project: str
    task: str = "classification"
    scale: float = 1.0
    arrays: Mapping[str, Any] = field(default_factory=dict)


def _kind(name: str) -> str:
    return f'kind = "{name}" under [task] of the project file'


DATA = (
    Wrong(
        "measured values for labels",
        _kind("regression"),
        'task="regression"',
        _kind("regression"),
        arrays={"x": _X, "y": _Y + 0.5},
    ),
    Wrong(
        "several labels a sample",
        _kind("multilabel"),
        'task="multilabel"',
        _kind("multilabel"),
        arrays={"x": _X, "y": np.tile([1, 1, 0], (SAMPLES, 1))},
    ),
    Wrong(
        "one label where several are meant",
        _kind("classification"),
        'task="classification"',
        _kind("classification"),
        task="multilabel",
        arrays={"x": _X, "y": _Y},
    ),
    Wrong(
        "other numbers than the model gives",
        "what kind under [task] of the project file says",
        "what task says",
        "what kind under [task] of the project file says",
        task="regression",
        arrays={"x": _X, "y": np.zeros((SAMPLES, 2))},
    ),
    Wrong(
        "numbers beyond float32",
        "check --scale and --offset.",
        "check scale and offset.",
        "check scale and offset under [data] of the project file.",
        scale=1e38,
        arrays={"x": _X + 9, "y": _Y},
    ),
)
ROWS = pytest.mark.parametrize("wrong", DATA, ids=lambda each: each.name)


def hint_of(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command that fails advises."""
    assert main([*words, "--json"]) != 0
    found: str = json.loads(capfd.readouterr().out)["error"]["hint"]
    return found


def raised(call: Callable[[], Any]) -> str:
    """What a function that fails advises."""
    with pytest.raises(EdgehoneError) as found:
        call()
    return found.value.hint


def project(wrong: Wrong) -> str:
    """A project on the data, with a teacher that nothing opens before the data are read."""
    return (
        '[model]\nteacher = "net.keras"\n[data]\nsource = "data.npz"\n'
        f'scale = {wrong.scale}\n[task]\nkind = "{wrong.task}"\n'
        '[objective]\nminimize = "size_bytes"\n[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n'
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tiny_models.dense(tmp_path, name="net")
    return tmp_path


@ROWS
def test_a_terminal_names_options_else_keys(
    wrong: Wrong, place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    np.savez(place / "data.npz", **wrong.arrays)
    Path("edgehone.toml").write_text(f'[task]\nkind = "{wrong.task}"\n')
    scale = ("--scale", str(wrong.scale))
    words = ("bench", "net.tflite", "--data", "data.npz", *scale, "--on", ON)
    assert wrong.terminal in hint_of(capfd, *words)


@ROWS
def test_python_names_arguments(wrong: Wrong, place: Path) -> None:
    data = (wrong.arrays["x"], wrong.arrays["y"])
    hint = raised(
        lambda: eh.bench("net.tflite", on=ON, data=data, task=wrong.task, scale=wrong.scale)
    )
    assert wrong.python in hint
    assert "[" not in hint
    assert "--" not in hint


@pytest.mark.slow
@ROWS
def test_a_project_names_its_keys(
    wrong: Wrong, place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _teacher().save("net.keras")
    np.savez(place / "data.npz", **wrong.arrays)
    Path("edgehone.toml").write_text(project(wrong))
    assert wrong.project in hint_of(capfd, "run", "--on", ON)
    assert wrong.project in raised(lambda: eh.run("edgehone.toml", on=ON))


@pytest.mark.slow
@ROWS
def test_a_run_of_python_names_arguments(wrong: Wrong, place: Path) -> None:
    budget = eh.Budget("size_bytes", max="1 MiB")
    data = (wrong.arrays["x"], wrong.arrays["y"])
    hint = raised(
        lambda: eh.run(
            _teacher(),
            data,
            budgets=[budget],
            minimize="size_bytes",
            on=ON,
            task=wrong.task,
            scale=wrong.scale,
        )
    )
    assert wrong.python in hint
    assert "[" not in hint


def _teacher() -> Any:
    import keras

    return keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(CLASSES)])


SIZE = eh.Budget("size_bytes", max="1 MiB")
DROP = eh.Budget("accuracy_drop", max="1 point")
ACCURACY = eh.Budget("accuracy", min=0.5)

CALLS: tuple[tuple[str, Callable[[], Any], str], ...] = (
    ("a gate without a baseline", lambda: eh.gate(DROP, "net.tflite"), "baseline=FILE"),
    ("a gate without data", lambda: eh.gate(ACCURACY, "net.tflite"), "data=DATA"),
    ("a gate on nothing", lambda: eh.gate(SIZE), "run=RUN"),
    (
        "a budget that no device keeps",
        lambda: eh.gate([ACCURACY], "net.tflite", on=()),
        "data=DATA",
    ),
    (
        "integers without ranges",
        lambda: eh.export("net.keras", "out", precision="int8"),
        "calibration=DATA",
    ),
    (
        "parity without data",
        lambda: eh.export("net.keras", "out", options=eh.Options(require_parity="20dB")),
        "calibration=DATA",
    ),
    (
        "a bound that is none",
        lambda: eh.export("net.keras", "out", options=eh.Options(float_worst="much")),
        "30dB",
    ),
    (
        "another format of a finished file",
        lambda: eh.export("net.tflite", "out", formats="onnx", precision="float16"),
        "formats",
    ),
    (
        "loops of a finished file",
        lambda: eh.export("net.tflite", "out", options=eh.Options(recurrent="unrolled")),
        "options.batch and options.recurrent",
    ),
    (
        "pixels that are none",
        lambda: eh.app("net.tflite", "kits", "linux", input_kind="image"),
        'input_kind="numbers"',
    ),
    ("a deviation of 0", lambda: eh.app("net.tflite", "kits", "linux", std=(0.0,)), "std=1"),
    (
        "an identity without its issuer",
        lambda: eh.verify("none.zip", trust=eh.Trust(identity="me@example.org")),
        "trust.identity and trust.issuer",
    ),
    (
        "a certificate without its key",
        lambda: eh.bundle("net.tflite", "r.zip", signer=eh.Signer(certificate=Path("c.pem"))),
        "signer.key",
    ),
    ("an unknown key", lambda: _run(settings={"distill": {"epochs": "a"}}), "help()"),
    ("a number of rounds below 0", lambda: _run(rounds=-1), "help()"),
    ("an unknown metric", lambda: eh.Budget("f2", max=1), "size_bytes"),
)


def _run(**given: Any) -> Any:
    return eh.run("net.keras", (_X, _Y), budgets=[SIZE], **given)


@pytest.mark.parametrize(("call", "hint"), [pytest.param(*rest, id=name) for name, *rest in CALLS])
def test_what_is_raised_in_python_is_written_in_python(
    call: Callable[[], Any], hint: str, place: Path
) -> None:
    with pytest.raises(EdgehoneError) as found:
        call()
    assert hint in found.value.hint
    text = f"{found.value.message} {found.value.hint}"
    assert "--" not in text
    assert "under [" not in text
    assert "[[" not in text


def test_arguments_are_named_and_not_the_tables_made_of_them() -> None:
    with pytest.raises(EdgehoneError, match=r"^rounds must be"):
        _run(rounds=-1)
    with pytest.raises(EdgehoneError, match=r'^settings\["distill"\]\["epochs"\] must be'):
        _run(settings={"distill": {"epochs": "a"}})
    with pytest.raises(EdgehoneError, match=r"^settings has no table 'serch'"):
        _run(settings={"serch": {}})
    with pytest.raises(EdgehoneError, match=r"^task: kind 'classif' is unknown"):
        _run(task="classif")
    with pytest.raises(EdgehoneError, match=r"^recipe 1: name must match"):
        _run(recipes={"n n": [eh.Slim]})
