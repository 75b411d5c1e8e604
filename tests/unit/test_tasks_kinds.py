"""Kinds of task: found by file or by name, one of a user's own, and none known elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tiny_nets import context, dense_net, images

import edgehone
from edgehone.compress.distill import Distill
from edgehone.compress.training.fitting import Schedule, fit_hard, hard_loss
from edgehone.config.sections import TaskSection
from edgehone.data import DataSettings, Split, load
from edgehone.errors import ConfigError, UsageError
from edgehone.search.sensitivity import divergence
from edgehone.system.numbers import Shape
from edgehone.tasks import kinds, numeric
from edgehone.tasks.constant_answer import with_constant_answer
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import TaskKind, kind_of, known, named, task_of
from edgehone.tasks.scoring import Metric, by_name
from edgehone.values import Task

Array = NDArray[Any]

OWN = """
from edgehone.tasks import numeric
from edgehone.tasks.kinds import TaskKind
from edgehone.tasks.scoring import Metric, averaged, by_name
from edgehone.tasks.outputs import flat

def _near(y, outputs):
    return averaged((abs(flat(outputs) - flat(y)) <= 0.5).astype(float))

class Counting(TaskKind):
    '''How many there are.'''

    METRICS = by_name(Metric("right_share", higher_is_better=True, terms=_near))

    def targets(self, y, name, output):
        return numeric.matching(y.astype("float32"), name, output)

    def check(self, y, outputs):
        numeric.check_numbers(y, outputs)

    def loss(self, keras, metric):
        return keras.losses.Poisson()

    def soft_loss(self, keras, temperature):
        return keras.losses.get("mse")

    def divergence(self, teacher, outputs):
        return numeric.relative_error(teacher, outputs)

    def constants(self, y, outputs, metric):
        return numeric.averages(y)
"""


class Here(TaskKind):
    """A kind of task that a Python user passes in."""

    METRICS = by_name(Metric("mae", higher_is_better=False, terms=numeric.MAE.terms))

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """As they are."""
        return y

    def check(self, y: Array, outputs: Array) -> None:
        """Everything fits."""

    def loss(self, keras: Any, metric: str) -> Any:
        """Absolute error."""
        return keras.losses.MeanAbsoluteError()

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Absolute error."""
        return keras.losses.get("mae")

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Absolute error."""
        return float(np.abs(teacher - outputs).mean())

    def constants(self, y: Array, outputs: Array, metric: str) -> Any:
        """Mean and median."""
        return numeric.averages(y)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are kinds of task beside those of the package."""
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(kinds.PACKAGE):
            del sys.modules[name]


def works(task: Task, source: Path) -> None:
    """The kind loads data, scores, guesses and has a sensitivity."""
    y = np.arange(60.0) % 4
    np.savez(source, x=np.random.default_rng(0).random((60, 3)), y=y)
    data = load(str(source), DataSettings(task=task, output_shape=(1,)))
    assert data.class_count == 0
    assert data.test.y.dtype.name == "float32"
    outputs = data.train.y[:, None] + 0.2
    found = with_constant_answer(task, data.train.y, outputs, evaluate(task, data.train.y, outputs))
    assert (found.metric, found.value) == ("right_share", 1.0)
    assert found.guess is not None
    assert found.guess.beaten
    assert divergence(task.kind, outputs, outputs) == 0


def test_a_file_in_the_folder_is_a_kind_and_no_other_file_knows_it(folder: Path) -> None:
    before = known()
    (folder / "counting.py").write_text(OWN)
    assert known() == sorted([*before, "counting"])
    task = TaskSection(kind="counting").value
    assert task == task_of("counting") == Task("counting", "right_share")
    works(task, folder / "data.npz")


def test_a_users_class_is_a_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_kinds.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    task = TaskSection(kind="python:my_kinds:Counting").value
    assert task == Task("python:my_kinds:Counting", "right_share")
    works(task, tmp_path / "data.npz")
    assert named(type(kind_of(task))) == task.kind
    del sys.modules["my_kinds"]


def test_a_class_at_hand_has_the_name_that_finds_it() -> None:
    assert named(Here) == f"python:{__name__}:Here"
    assert type(kind_of(named(Here))) is Here
    assert task_of(Here) == Task(f"python:{__name__}:Here", "mae")
    assert task_of(Here, "python:own:metric").metric == "python:own:metric"

    class Inside(Here):
        """What no name finds."""

    with pytest.raises(ConfigError, match="not at the top level") as caught:
        named(Inside)
    assert "top level" in caught.value.hint


@pytest.mark.slow
def test_techniques_train_by_a_users_kind() -> None:
    train = images()
    y = np.asarray(train.x).mean(axis=(1, 2, 3)).astype(np.float32)
    shop = context(train=Split(train.x, y), task=task_of(Here))
    teacher = fit_hard(dense_net(8, 1, "linear"), shop, Schedule(4, 16, 1e-2))
    losses = teacher.detail["losses"]
    assert losses[-1] < losses[0]
    learned = Distill(epochs=4, batch_size=16, soft=1.0, hard=0.0).apply(
        dense_net(8, 1, "linear", seed=2), replace(shop, teacher=teacher.model)
    )
    assert learned.detail["losses"][-1] < learned.detail["losses"][0]


def test_kinds_are_looked_up_without_tensorflow() -> None:
    code = (
        "import sys, edgehone.config, edgehone.tasks.metrics as m; m.direction_of('none'); "
        "print([name for name in sys.modules if name in ('keras', 'tensorflow')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_kind_that_leaves_something_out_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_kinds.py").write_text(OWN.replace("def loss", "def lose"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="abstract TaskKind") as caught:
        kind_of("python:half_kinds:Counting")
    assert caught.value.hint == "Define in it: loss."
    del sys.modules["half_kinds"]


def test_an_unknown_kind_is_told_with_what_is_near() -> None:
    with pytest.raises(UsageError, match="Unknown task kind 'segmentaton'") as caught:
        kind_of("segmentaton")
    assert "segmentation" in caught.value.hint


def test_no_file_outside_tasks_knows_a_kind_by_name() -> None:
    package = Path(edgehone.__file__).parent
    quoted = re.compile(rf"[\"']({'|'.join(known())})[\"']")
    found = [
        (path.relative_to(package).as_posix(), line.strip())
        for path in sorted(package.rglob("*.py"))
        for line in path.read_text().splitlines()
        if path.relative_to(package).parts[0] != "tasks" and quoted.search(line)
    ]
    assert found == [("values.py", 'kind: str = "classification"')]  # the default of all


@pytest.mark.slow
def test_places_without_a_label_teach_nothing() -> None:
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, 3, (4, 6)), rng.normal(size=(4, 6, 3)).astype(np.float32)
    spoiled = y.copy()
    spoiled[:, 4:] = -1
    kind = kind_of("sequence(padding=0)")
    assert np.array_equal(kind.targets(spoiled + 1, "y", (6, 4)), np.where(spoiled < 0, -1, y + 1))
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    expected = -np.log(np.take_along_axis(shares, y[..., None], axis=-1))[:, :4].mean()
    loss = hard_loss(Task("sequence(padding=0)", "step_accuracy"))
    found = float(loss(kind.training_targets(spoiled, 3), logits))
    assert found == pytest.approx(expected, rel=1e-5)
