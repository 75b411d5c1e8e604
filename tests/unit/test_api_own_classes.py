"""Classes of the caller's, passed in where a name may stand: what they are called, and a whole
run with one of each.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests import small_project
from tests.boxed_format import Boxed
from tests.own_classes import Blocks4k, Digits, Few, FirstStay, Handmade, Near, Signed, Unfinished

import edgehone as eh
from edgehone.actions.api import named
from edgehone.actions.api.arguments import task_table
from edgehone.actions.api.references import metric_name
from edgehone.actions.api.techniques import table_of, techniques_of
from edgehone.cli.app import main
from edgehone.errors import ConfigError, UsageError
from edgehone.search.strategies.random import Random

OWN = "python:tests.own_classes:"


@pytest.mark.parametrize(
    ("given", "point", "name"),
    [
        ("uniform", named.STRATEGY, "uniform"),
        (Random, named.STRATEGY, "random"),
        (Random(), named.STRATEGY, "random"),
        (Few, named.STRATEGY, f"{OWN}Few"),
        (Few(), named.STRATEGY, f"{OWN}Few"),
        (Few(most=3), named.STRATEGY, f"{OWN}Few(most=3)"),
        (Signed(by="a, (b) 'c'"), named.SECTION, f"{OWN}Signed(by=\"a, (b) 'c'\")"),
        (Boxed, named.FORMAT, "python:tests.boxed_format:Boxed"),
        (Boxed(), named.FORMAT, "python:tests.boxed_format:Boxed"),
        (Blocks4k(512), named.METRIC, f"{OWN}Blocks4k(block=512)"),
    ],
)
def test_a_class_or_an_object_is_passed_where_a_name_may_stand(
    given: Any, point: named.Point, name: str
) -> None:
    assert named.one(given, point) == name
    assert named.several([given, given], point) == [name, name]


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (Signed, "strategy is the class Signed, and not derived from Strategy", "edgehone.Strateg"),
        (3, "strategy is of type int", "a class derived from edgehone.Strategy"),
        (Unfinished, "strategy Unfinished is abstract", "Define in it: ask"),
    ],
)
def test_what_is_no_strategy_is_told_what_one_needs(given: Any, message: str, hint: str) -> None:
    with pytest.raises((UsageError, ConfigError), match=message) as caught:
        named.one(given, named.STRATEGY)
    assert hint in caught.value.hint


def test_settings_that_no_file_can_hold_are_refused() -> None:
    with pytest.raises(ConfigError, match="Handmade holds by, and settings are the fields"):
        named.one(Handmade("me"), named.SECTION)
    with pytest.raises(ConfigError, match="has the setting most = <object"):
        named.one(Few(most=object()), named.STRATEGY)  # type: ignore[arg-type]  # the point of it
    inside = type("Inside", (Few,), {"__module__": __name__})
    with pytest.raises(UsageError, match="cannot be found by its name"):
        named.one(inside, named.STRATEGY)


def test_tasks_and_their_metrics_are_classes_objects_and_functions() -> None:
    assert task_table(Digits) == task_table(Digits()) == {"kind": f"{OWN}Digits"}
    both = task_table(eh.Task(Digits, Near(best=2)))  # type: ignore[arg-type]  # as is documented
    assert both == {"kind": f"{OWN}Digits", "metric": f"{OWN}Near(best=2)"}
    assert metric_name(Near) == f"{OWN}Near"
    with pytest.raises(UsageError, match="metric is of type int, and cannot be called"):
        metric_name(3)


def test_an_importance_is_a_setting_of_pruning() -> None:
    for given, name in (
        (FirstStay, f"{OWN}FirstStay"),
        (FirstStay(power=2.0), f"{OWN}FirstStay(power=2.0)"),
        ("taylor", "taylor"),
    ):
        ((step, _),) = techniques_of([eh.PruneChannels(importance=given)])
        assert step.settings == {"importance": name}
        assert table_of("own", [step])["steps"] == [
            {"technique": "prune_channels", **step.settings}
        ]
    for wrong, message in (
        (Signed, "Signed is not a Importance|Signed is not an Importance"),
        (3, "importance = 3 is not an importance"),
        (f"{OWN}Few", "is not a"),
        ("l3", "'l3'"),
    ):
        with pytest.raises(ConfigError, match=message):
            eh.PruneChannels(importance=wrong)  # type: ignore[arg-type]  # the point of it


def test_a_budget_is_about_a_metric_of_ones_own() -> None:
    budget = eh.Budget(Blocks4k(block=512), max=3)
    assert budget.value.metric == f"{OWN}Blocks4k(block=512)"
    with pytest.raises(UsageError, match="The metric of a budget is the class Few"):
        eh.Budget(Few, max=3)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("own")
    small_project.write(home)
    return home


@pytest.mark.slow
def test_a_run_takes_one_of_each_and_remembers_them(project: Path) -> None:
    common: dict[str, Any] = {
        "budgets": [eh.Budget(Blocks4k, max=40), eh.Budget("accuracy_drop", max=0.9)],
        "minimize": "size_bytes",
        "on": small_project.device(project),
        "task": Digits,
        "metric": Near(best=2),
        "scale": 1 / 16,
        "settings": {
            "distill": {"epochs": 1},
            "search": {"precisions": ["int8"], "strategy": Few(most=1)},
            "measure": {"blocks": 2, "minimum_s": 0.01},
        },
        "recipes": {"own": [eh.PruneChannels(ratio=0.5, importance=FirstStay(power=2.0))]},
        "formats": "tflite",
        "sections": [Signed(by="the tests")],
        "folder": project / "runs",
    }
    run = eh.run(project / "teacher.keras", project / "data.npz", **common)
    assert run.document["stopped"] == "1 are enough"
    assert run.value.project.metric == f"{OWN}Near(best=2)"
    assert [each.round for each in run.value.rounds] == [0, 1]
    assert run.candidates[0].name == "own"
    assert run.candidates[0].reports[0].settings["importance"] == f"{OWN}FirstStay(power=2.0)"
    checks = run.candidates[0].decision
    assert checks is not None
    assert checks.checks[0].metric == f"{OWN}Blocks4k"
    page = run.report(project / "page.html", sections=Handmade("and by hand")).read_text()
    assert "<p>by the tests</p>" in page
    assert "and by hand" in page
    with pytest.raises(UsageError, match="A section of the report is of type int"):
        run.report(project / "none.html", sections=3)
    assert not (project / "none.html").exists()
    judged = eh.gate([eh.Budget(Blocks4k(block=64), max=1)], run=run.id, folder=project / "runs")
    assert judged.decision == "fail"


SCRIPT = """
import edgehone as eh

class Few(eh.Strategy):
    def ask(self, tables, trials, goal):
        return eh.Stop("none are enough")

run = eh.run(
    "teacher.keras", "data.npz", scale=1 / 16, budgets=[eh.Budget("size_bytes", max="1 MiB")],
    minimize="size_bytes", strategy=Few, on="{device}", folder="runs",
    settings={{"measure": {{"blocks": 2}}}},
    progress=lambda event: print(event.text) if event.stage == "warning" else None,
)
print(run.document["stopped"])
print(run.document["warnings"])
"""


@pytest.mark.slow
def test_a_class_of_a_script_works_there_and_elsewhere_says_where_it_belongs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "own.py").write_text(SCRIPT.format(device=small_project.device(project)))
    done = subprocess.run(
        [sys.executable, "own.py"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]
    warned, stopped, warnings = done.stdout.strip().splitlines()
    assert warned.startswith("Defined in the script or notebook itself: Few.")
    assert stopped == "none are enough"
    assert warned in warnings
    assert main(["run", "--resume", "latest", "--folder", str(project / "runs")]) == 2
    assert "Move Few to a module" in capsys.readouterr().err


@pytest.mark.slow
def test_a_task_and_a_metric_of_ones_own_are_passed_to_gate_and_bench(project: Path) -> None:
    files = eh.export(project / "teacher.keras", project / "out", formats="tflite")
    data = project / "data.npz"
    where: dict[str, Any] = {"on": small_project.device(project), "data": data, "scale": 1 / 16}
    for task in (Digits, Digits(), eh.Task(Digits, Near(best=3))):  # type: ignore[arg-type]
        (found,) = eh.bench(files, task=task, blocks=1, memory=False, **where)
        scored = found.accuracy
        judged = eh.gate([eh.Budget("accuracy", min=0.2)], files, task=task, **where)
        assert judged.passed
    assert scored is not None
    assert scored.metric == f"{OWN}Near(best=3)"
