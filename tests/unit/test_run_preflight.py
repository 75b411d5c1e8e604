"""What a run refuses before it works."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehone.budgets import Budget
from edgehone.config import Config, load
from edgehone.errors import ConfigError, ConversionError, DataError, ModelError
from edgehone.measure.device import resolve
from edgehone.run import preflight
from edgehone.run.baselines import require_float
from edgehone.run.stages.quantization import Refused
from edgehone.system.references import in_main
from edgehone.values import Task

PROJECT = """
[model]
teacher = "teacher.keras"
[data]
source = "data.npz"
[[budget]]
metric = "size_bytes"
max = 1000
"""


def config(folder: Path, text: str = PROJECT) -> Config:
    path = folder / "edgehone.toml"
    path.write_text(text)
    return load(path)


def model(inputs: Any = ((None, 6),), outputs: Any = ((None, 3),)) -> Any:
    """What of a Keras model is looked at: its inputs and outputs."""

    def tensors(shapes: Any, name: str) -> list[Any]:
        return [
            SimpleNamespace(name=f"{name}{number}", shape=shape, dtype="float32")
            for number, shape in enumerate(shapes)
        ]

    return SimpleNamespace(inputs=tensors(inputs, "in"), outputs=tensors(outputs, "out"))


def write_data(folder: Path, y: Any) -> None:
    x = np.random.default_rng(0).random((len(y), 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=y)


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_model_files_that_are_not_there_are_told_by_name(tmp_path: Path, role: str) -> None:
    name = "none.keras"
    (tmp_path / "teacher.keras").write_bytes(b"here")
    text = PROJECT
    if role == "teacher":
        text = text.replace("teacher.keras", name)
    else:
        text = text.replace("[data]", f'student = "{name}"\n[data]')
    with pytest.raises(ModelError, match="There is no model file"):
        preflight.require_sources(config(tmp_path, text))
    preflight.require_sources(config(tmp_path))


def test_a_metric_that_cannot_be_found_is_told(tmp_path: Path) -> None:
    (tmp_path / "teacher.keras").write_bytes(b"here")
    text = PROJECT.replace("[data]", '[task]\nmetric = "python:no_such_module:f"\n[data]')
    with pytest.raises(ConfigError, match="no_such_module"):
        preflight.require_sources(config(tmp_path, text))


def test_classes_of_a_script_itself_are_warned_of_and_formats_refused(tmp_path: Path) -> None:
    assert preflight.unimportable(config(tmp_path)) == ""
    search = '[search]\nstrategy = "python:__main__:Few(most=2)"\n'
    metric = '[task]\nmetric = "python:__main__:near"\n'
    raw = {"search": {"strategy": "python:__main__:Few(most=2)"}, "task": "python:__main__:near"}
    assert in_main(raw) == ["Few", "near"]
    warning = preflight.unimportable(config(tmp_path, search + metric + PROJECT))
    assert warning.startswith("Defined in the script or notebook itself: Few, near.")
    assert "move them to a module" in warning
    preflight.require_importable(["tflite", "python:boxes:Boxed"])
    with pytest.raises(ConfigError, match="The format Boxed is defined in the script") as found:
        preflight.require_importable(["python:__main__:Boxed"])
    assert "Move Boxed to a module" in found.value.hint


def test_budgets_about_other_devices_alone_are_told(tmp_path: Path) -> None:
    project = config(tmp_path, PROJECT + 'device = "phone"\n')
    preflight.require_budgets(project, ["phone"])
    with pytest.raises(ConfigError, match="all are about phone"):
        preflight.require_budgets(project, ["local"])


def test_precisions_that_the_first_format_lacks_are_told(tmp_path: Path) -> None:
    text = PROJECT.replace("[data]", '[search]\nprecisions = ["int8", "weights4"]\n[data]')
    with pytest.raises(ConfigError, match="tflite has no weights4"):
        preflight.require_precisions(config(tmp_path, text), ("float32", "int8"))
    preflight.require_precisions(config(tmp_path, text), ("int8", "weights4"))


@pytest.mark.slow
@pytest.mark.parametrize(("inputs", "outputs"), [(5, 3), (6, 4)])
def test_a_student_of_other_shapes_is_told(inputs: int, outputs: int) -> None:
    from edgehone.graph import backend

    keras = backend.keras()

    def net(inputs: int, outputs: int) -> Any:
        return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])

    preflight.require_alike(net(6, 3), net(6, 3), "student.keras")
    with pytest.raises(ModelError, match=r"'student\.keras' has .* of shape"):
        preflight.require_alike(net(inputs, outputs), net(6, 3), "student.keras")


def test_one_column_tells_two_classes_apart(tmp_path: Path) -> None:
    write_data(tmp_path, np.arange(60) % 2)
    found = preflight.load_data(config(tmp_path), model(outputs=[(None, 1)]))
    assert found.class_count == 2
    write_data(tmp_path, np.arange(60) % 3)
    with pytest.raises(DataError, match="has 2 classes"):
        preflight.load_data(config(tmp_path), model(outputs=[(None, 1)]))


@pytest.mark.parametrize(
    ("kind", "y", "message"),
    [
        (
            "classification",
            np.ones((60, 2), int),
            r"y in .* has shape \(60, 2\), but the model's outputs have \(n, 3\)",
        ),
        ("regression", np.ones((60, 2)), "2 numbers a sample, but the model gives 3"),
    ],
)
def test_targets_that_do_not_fit_the_model_are_told_at_once(
    tmp_path: Path, kind: str, y: Any, message: str
) -> None:
    y[::2] = 0
    write_data(tmp_path, y)
    text = PROJECT.replace("[data]", f'[task]\nkind = "{kind}"\n[data]')
    with pytest.raises(DataError, match=message) as caught:
        preflight.load_data(config(tmp_path, text), model())
    assert caught.value.hint


def test_a_teacher_that_cannot_be_converted_is_told_with_the_reason() -> None:
    with pytest.raises(ConversionError, match="no such operator") as caught:
        require_float(Refused("onnx", "no such operator", "leave it out"))
    assert (caught.value.exit_code, caught.value.hint) == (5, "leave it out")


COUNTING = '[objective]\nminimize = "instructions"\n'
SCRIPTED, EMULATED = "local@scripted://", "arm-emulated"


@pytest.mark.parametrize(
    ("text", "devices", "sentence", "advice"),
    [
        ("", [EMULATED], "objective is latency_p50_ms", 'minimize = "instructions"'),
        ("", [SCRIPTED], "objective is latency_p50_ms", 'minimize = "size_bytes"'),
        ('[objective]\nminimize = "cold_ms"\n', [EMULATED], "objective is cold_ms", "--on"),
        ('[objective]\nminimize = "peak_memory_bytes"\n', [EMULATED], "the emulator's", "--on"),
        (COUNTING, ["local"], "'local' does not count instructions", "--on"),
        (
            COUNTING + '[[budget]]\nmetric = "latency_p90_ms"\nmax = 3\n',
            [EMULATED],
            "budget is about latency_p90_ms",
            "`device`",
        ),
        (
            '[[budget]]\nmetric = "instructions"\nmax = 3\n',
            [EMULATED, "local"],
            "objective",
            "instructions",
        ),
    ],
)
def test_what_a_device_cannot_tell_is_refused_before_any_work(
    tmp_path: Path, text: str, devices: list[str], sentence: str, advice: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        preflight.require_answers(config(tmp_path, PROJECT + text), [resolve(d) for d in devices])
    assert advice in caught.value.hint


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        (COUNTING, [EMULATED]),
        ("", ["local", EMULATED]),
        (f'{COUNTING}[[budget]]\nmetric = "cold_ms"\nmax = 3\ndevice = "local"\n', [EMULATED]),
    ],
)
def test_what_a_device_can_tell_is_admitted(tmp_path: Path, text: str, devices: list[str]) -> None:
    preflight.require_answers(config(tmp_path, PROJECT + text), [resolve(d) for d in devices])


def task(metric: str) -> Task:
    kind = "classification" if metric in ("accuracy", "top5") else "regression"
    return Task(kind, metric)


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse"])
def test_the_least_error_is_no_budget(metric: str) -> None:
    with pytest.raises(ConfigError, match=rf"accuracy \({metric}\) has min = 0\.9") as caught:
        preflight.require_directions([Budget("accuracy", "min", 0.9)], task(metric))
    assert "max = 0.9" in caught.value.hint
    preflight.require_directions([Budget("accuracy", "max", 17.0)], task(metric))


@pytest.mark.parametrize("metric", ["accuracy", "top5", "r2"])
def test_the_most_quality_is_no_budget(metric: str) -> None:
    with pytest.raises(ConfigError, match="higher is better") as caught:
        preflight.require_directions([Budget("accuracy", "max", 0.9)], task(metric))
    assert "min = 0.9" in caught.value.hint
    preflight.require_directions([Budget("accuracy", "min", 0.9)], task(metric))


@pytest.mark.parametrize("metric", ["accuracy", "mae"])
def test_drops_and_agreement_have_one_side_whatever_the_metric(metric: str) -> None:
    for wrong in (Budget("accuracy_drop", "min", 0.01), Budget("agreement", "max", 0.9)):
        with pytest.raises(ConfigError, match="is better"):
            preflight.require_directions([wrong], task(metric))
    right = [Budget("accuracy_drop", "max", 0.01), Budget("agreement", "min", 0.9)]
    preflight.require_directions(right, task(metric))


def test_a_metric_of_the_users_own_says_which_side_is_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_error.py").write_text(
        "def worst(y, outputs):\n    return abs(y - outputs).max()\n"
        "worst.higher_is_better = False\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = Task("regression", "python:own_error:worst")
    with pytest.raises(ConfigError, match=r"accuracy \(worst\)"):
        preflight.require_directions([Budget("accuracy", "min", 0.9)], own)
    preflight.require_directions([Budget("accuracy", "max", 0.9)], own)


def test_a_run_refuses_a_limit_from_the_wrong_side(tmp_path: Path) -> None:
    text = PROJECT.replace("[data]", '[task]\nkind = "regression"\n[data]')
    text = text.replace('metric = "size_bytes"\nmax = 1000', 'metric = "accuracy"\nmin = 0.9')
    with pytest.raises(ConfigError, match=r"accuracy \(mae\)"):
        preflight.require_budgets(config(tmp_path, text), "local")
