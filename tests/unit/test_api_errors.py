"""Whatever a caller gives, what comes back is an error of our tree that somebody thought of."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import kept_run, tiny_models

import edgehone as eh

ODD: tuple[Any, ...] = (
    None,
    object(),
    3,
    -1,
    True,
    float("nan"),
    "",
    "no such thing",
    "\0",
    b"bytes",
    [],
    [None],
    {},
    {"x": 1},
    ("a", "b", "c", "d"),
    np.zeros((0, 2)),
    lambda: None,
    int,
)

FUNCTIONS: tuple[Callable[..., Any], ...] = (
    eh.app,
    eh.app_measurements,
    eh.bench,
    eh.bundle,
    eh.compare,
    eh.compress,
    eh.devices,
    eh.export,
    eh.gate,
    eh.inspect,
    eh.release,
    eh.repack,
    eh.run,
    eh.techniques,
    eh.verify,
)


SLOW = (eh.bench, eh.compress, eh.devices, eh.export, eh.gate, eh.inspect, eh.run)
"""These import TensorFlow, ask this machine how it is, or take many arguments."""


def complaints(function: Callable[..., Any], **arguments: Any) -> list[str]:
    """What an unfitting call is told; nothing for one that returns."""
    try:
        function(**arguments)
    except eh.EdgehoneError as error:
        return [error.message]
    return []


def usual(function: Callable[..., Any], folder: Path) -> dict[str, Any]:
    """Arguments with which a call ends early, for want of a file or device."""
    file, missing = folder / "missing.tflite", folder / "missing.keras"
    budget = eh.Budget("size_bytes", max="1 MiB")
    found: dict[str, dict[str, Any]] = {
        "app": {"model": file, "folder": folder / "kits", "platforms": "linux"},
        "app_measurements": {"log": folder / "missing.log", "runs": folder},
        "bench": {"files": file, "on": "nowhere"},
        "bundle": {"what": file, "path": folder / "r.zip", "folder": folder},
        "compare": {"a": file, "b": file, "on": "nowhere"},
        "compress": {"model": missing, "recipe": [eh.Slim], "data": ([[1.0]], [1])},
        "devices": {"on": "nowhere"},
        "export": {"model": missing, "folder": folder / "out"},
        "gate": {"budgets": budget, "files": file, "on": "nowhere", "folder": folder},
        "inspect": {"model": missing},
        "run": {"teacher": missing, "data": ([[1.0]], [1]), "budgets": [budget], "folder": folder},
        "release": {"bundle": folder / "missing.zip", "name": "v1", "folder": folder},
        "repack": {"file": file, "destination": folder / "small.tflite"},
        "techniques": {"name": "nothing"},
        "verify": {"bundle": folder / "missing.zip"},
    }
    return found[function.__name__]


@pytest.mark.slow
@pytest.mark.parametrize(
    "function",
    [
        pytest.param(each, marks=[pytest.mark.slow] if each in SLOW else [], id=each.__name__)
        for each in FUNCTIONS
    ],
)
def test_odd_arguments_are_errors_of_our_tree(
    function: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in inspect.signature(function).parameters:
        for odd in ODD:
            text = complaints(function, **{**usual(function, tmp_path), name: odd})
            assert not any(not each or "unforeseen" in each for each in text), (name, odd, text)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_wrong_signatures_are_usage_errors(function: Callable[..., Any]) -> None:
    with pytest.raises(eh.errors.UsageError) as error:
        function(frobnicate=1)
    assert error.value.message.startswith(f"{function.__name__}()")
    assert next(iter(inspect.signature(function).parameters)) in error.value.hint


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max": 1, "min": 2}, "max and min are both given"),
        ({}, "needs either a max or a min"),
        ({"max": "3 ms"}, "no unit that fits"),
        ({"max": [3]}, "max must be a valid number"),
    ],
)
def test_budgets_are_checked_where_they_are_written(limits: Any, message: str) -> None:
    with pytest.raises(eh.errors.ConfigError, match=message):
        eh.Budget("size_bytes", **limits)


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(eh.errors.ConfigError) as error:
        eh.Budget("size_byte", max=1)
    assert "size_bytes" in error.value.hint


def test_a_gate_without_budgets_or_files_is_no_gate(tmp_path: Path) -> None:
    with pytest.raises(eh.errors.UsageError, match="no budget"):
        eh.gate([], tiny_models.dense(tmp_path))
    with pytest.raises(eh.errors.UsageError, match="Neither files nor a run"):
        eh.gate([eh.Budget("size_bytes", max=1)])


def test_a_run_takes_one_objective() -> None:
    with pytest.raises(eh.errors.UsageError, match="both"):
        eh.run("teacher.keras", "data.npz", minimize="size_bytes", maximize="accuracy")


def test_a_project_file_says_everything_itself(tmp_path: Path) -> None:
    with pytest.raises(eh.errors.UsageError, match="beside a project file"):
        eh.run(tmp_path / "edgehone.toml", "data.npz")
    with pytest.raises(eh.errors.UsageError, match="distill is given beside a project file"):
        eh.run(tmp_path / "edgehone.toml", settings={"distill": {"epochs": 2}}, final_epochs=4)
    text = '[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n'
    (tmp_path / "edgehone.toml").write_text(f'{text}[[budget]]\nmetric = "size_bytes"\nmax = 1\n')
    with pytest.raises(eh.errors.ConfigError, match="final_epochs must be"):
        eh.run(tmp_path / "edgehone.toml", final_epochs=-1)


def test_hints_name_arguments_and_not_the_options_of_a_command(tmp_path: Path) -> None:
    file = tiny_models.dense(tmp_path)
    budget = eh.Budget("accuracy_drop", max="1 point")
    with pytest.raises(eh.EdgehoneError) as found:
        eh.gate([budget], file)
    assert "baseline=FILE" in found.value.hint
    assert "run=RUN" in found.value.hint
    assert "--" not in found.value.hint


def test_a_file_that_is_none_is_not_spoken_of_as_several(tmp_path: Path) -> None:
    assert complaints(eh.repack, file=None, destination=tmp_path)[0].startswith("file is None")
    assert complaints(eh.bench, files=[None])[0].startswith("each of files is None")


@pytest.mark.slow
def test_files_of_a_run_are_given_on_as_they_are(tmp_path: Path) -> None:
    """To whatever takes files: as entries of the run, measurements or artifacts."""
    kept = kept_run.kept_run(tmp_path / "kept")
    winner = eh.Run.open(kept.run, kept.folder).winner
    assert winner is not None
    budget = eh.Budget("size_bytes", max="1 MiB")
    for given in (winner, winner.measurement, winner.measurement.artifact, winner.path):
        assert eh.gate(budget, given).passed
        assert eh.inspect(given)["size_bytes"] == winner.size_bytes
