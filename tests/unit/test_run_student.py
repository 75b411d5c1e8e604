"""The light search for a student: screening, halving, and the whole of it in a run."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import run_parts, small_project

from edgehone.budgets import Budget
from edgehone.compress._base import TrainingContext
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.config import load
from edgehone.data import DataSettings
from edgehone.data import load as load_data
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.graph import backend
from edgehone.graph.loading import save
from edgehone.report.page import render
from edgehone.run import loop
from edgehone.run.student import SearchOfStudents
from edgehone.search.students import FINALISTS, Student, halved, screened
from edgehone.store import Store
from edgehone.values import Event, Task


def student(macs: int, params: int = 0, width: float = 0.5) -> Student:
    return Student(width, 1.0, params or macs, macs)


def test_screened_tells_why_students_are_left_out() -> None:
    students = [student(macs) for macs in (90, 10, 20, 30, 40, 50)]
    students += [student(20), student(60, params=500), student(100), student(120)]
    found = screened(students, teacher_macs=100, most_params=100, most=4)
    assert [each.macs for each in found] == sorted(each.macs for each in students)
    reasons = {(each.macs, each.params): each.left_out for each in found if each.left_out}
    assert reasons[(60, 500)] == "larger than the budgets allow"
    assert reasons[(100, 100)] == reasons[(120, 120)] == "no cheaper than the teacher"
    assert sum(each.left_out == "costs as much as another one" for each in found) == 1
    stay = [each.macs for each in found if not each.left_out]
    assert len(stay) == 4
    assert (stay[0], stay[-1]) == (10, 90)


def test_screened_keeps_those_too_large_when_all_are() -> None:
    found = screened([student(10), student(20)], teacher_macs=100, most_params=5, most=4)
    assert not any(each.left_out for each in found)


def test_halved_trains_the_better_half_twice_as_long() -> None:
    asked: list[tuple[int, int]] = []

    def train(each: Student, epochs: int) -> float:
        asked.append((each.macs, epochs))
        return each.macs / 100 if each.macs != 40 else 0.0  # 40 does worse than all that cost less

    found = halved([student(10 * n) for n in range(1, 9)], 2, train)
    by_epochs = {epochs: [m for m, e in asked if e == epochs] for epochs in (2, 4, 8)}
    assert by_epochs[2] == [10 * n for n in range(1, 9)]
    assert len(by_epochs[4]) == 4
    assert 40 not in by_epochs[4]
    assert {10, 80} <= set(by_epochs[4])
    assert len(by_epochs[8]) == FINALISTS
    assert found[3].left_out == "outdone after 2 epochs"
    assert [len(each.scores) for each in found if not each.left_out] == [3, 3, 3]


def test_halved_never_keeps_the_outdone_before_what_outdoes_them() -> None:
    scores = {10: 0.5, 20: 0.4, 30: 0.3, 40: 0.2, 50: 0.6, 60: 0.1}
    found = halved([student(macs) for macs in scores], 1, lambda each, _: scores[each.macs])
    assert [each.macs for each in found if not each.left_out][-1] == 50
    assert not found[0].left_out
    assert found[5].left_out


def test_halved_leaves_out_nobody_of_a_few_and_survives_nobody() -> None:
    few = halved([student(1), student(2)], 3, lambda each, _: 0.5)
    assert [each.scores for each in few] == [((3, 0.5),)] * 2
    gone = Student(0.5, 1.0, 1, 1, left_out="no cheaper than the teacher")
    assert halved([gone], 1, lambda each, _: 0.0) == [gone]


@pytest.mark.parametrize(
    ("drops", "best"),
    [
        ((0.01, 0.0, 0.0), 0),
        ((0.2, 0.02, 0.0), 1),
        ((0.2, None, 0.01), 2),
        ((0.3, 0.15, 0.2), 1),  # none keeps the budget: the most accurate
        ((None, None, None), 2),
    ],
)
def test_the_smallest_that_keeps_the_budgets_is_chosen_or_else_the_most_accurate(
    drops: tuple[float | None, ...], best: int, tmp_path: Path
) -> None:
    budgets = (Budget("accuracy_drop", "max", 0.05),)
    state = run_parts.state(run_parts.context(tmp_path), budgets=budgets)
    search = SearchOfStudents(state.context, state.teacher, state.device, state.outputs, state.goal)
    finalists = [
        None
        if drop is None
        else run_parts.measured(1000 + n, validation=run_parts.accuracy(0.9 - drop, drop=drop))
        for n, drop in enumerate(drops)
    ]
    assert search.best_of(finalists) == best


def deep_teacher(folder: Path) -> None:
    """A teacher with three residual blocks in the place of the project's own."""
    data = load_data(str(folder / "data.npz"), DataSettings(task=Task(), scale=1 / 16))
    backend.seed(3)
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="stem")(x)
    for number in range(3):
        y = layers.Conv2D(16, 3, padding="same", activation="relu", name=f"block{number}_a")(x)
        y = layers.Conv2D(16, 3, padding="same", name=f"block{number}_b")(y)
        x = layers.Add(name=f"block{number}")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(layers.ReLU(name="last")(x))
    x = layers.Dense(10, activation="softmax", name="digit")(x)
    model = backend.keras().Model(image, x)
    trained = fit_hard(model, TrainingContext(None, data, Task()), Schedule(4, 32, 5e-3)).model
    save(trained, folder / "teacher.keras")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("students")
    budgets = small_project.BUDGETS.format(drop=0.35)  # less than the deep teacher's accuracy
    project = small_project.write(home, rounds=0, budgets=budgets)
    deep_teacher(home)
    text = project.read_text().replace(
        '[model]\nteacher = "teacher.keras"',
        '[model]\nteacher = "teacher.keras"\nstudent = "auto"\n'
        "[student]\nsearch = true\ncandidates = 5",
    )
    project.write_text(text)
    return home


def run(folder: Path, events: list[Event] | None = None) -> dict[str, Any]:
    lines = [] if events is None else events
    return loop.run(
        load(folder / "edgehone.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
        progress=lines.append,
    ).to_json()


@pytest.mark.slow
def test_run_searches_a_student_and_shows_what_was_tried(folder: Path) -> None:
    events: list[Event] = []
    found = run(folder, events)
    jsonschema.validate(found, schema("run"))
    students = found["students"]
    assert [each["macs"] for each in students] == sorted(each["macs"] for each in students)
    assert {each["depth"] for each in students} == {0.34, 0.67, 1.0}
    trained = [each for each in students if each["scores"]]
    assert len(trained) == 5
    assert all(0 <= score <= 1 for each in trained for _, score in each["scores"])
    measured = [each for each in students if each["latency_p50_ms"]]
    assert 0 < len(measured) <= FINALISTS  # two epochs leave some that int8 would wreck
    (chosen,) = [each for each in students if each["outcome"] == "chosen"]
    assert chosen in measured
    smallest = min(measured, key=lambda each: each["size_bytes"])
    most_accurate = max(measured, key=lambda each: each["scores"][-1][1])
    assert chosen in (smallest, most_accurate)  # as the smallest keeps the budgets by then or not
    student = next(each for each in found["candidates"] if each["name"] == "student")
    assert student["params"] == chosen["params"]
    assert any(event.stage.startswith("try student w") for event in events)
    page = render(RunDocument.from_json(found))
    assert "Students tried" in page
    assert "accuracy after 2 epochs" in page
    again: list[Event] = []
    assert run(folder, again)["students"] == students
    assert not any(event.stage.startswith("try student") for event in again)


@pytest.mark.slow
def test_run_scales_the_depth_of_the_student(folder: Path) -> None:
    text = (folder / "edgehone.toml").read_text()
    (folder / "edgehone.toml").write_text(
        text.replace("search = true\ncandidates = 5", "width = 1.0\ndepth = 0.34")
    )
    found = run(folder)
    student = next(each for each in found["candidates"] if each["name"] == "student")
    assert found["students"] == []
    layers = {layer["name"] for layer in student["layers"]}
    assert layers < {"stem", "digit", *(f"block{n}_{p}" for n in range(3) for p in "ab")}
    assert len(layers) == 4
    assert found["generalization"]["samples"] > 0
    assert len(found["generalization"]["classes"]) == 10
    assert found["generalization"]["noise"]["share"] == 0.1
