"""Limits that nothing can miss, or nothing can keep, are refused with what was probably meant."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import tiny_models

from edgehone.budgets import Budget
from edgehone.cli.app import main
from edgehone.config import load, load_budgets
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.limits import complaint, contradiction, require_limits
from edgehone.errors import ConfigError

Bound = Literal["max", "min"]
BYTES = ("size_bytes", "compressed_bytes", "peak_memory_bytes")
TIMES = tuple(name for name, each in METRICS.items() if each.timed)
SCORES = ("accuracy", "top5", "mae", "mse", "rmse", "r2", "python:mine:f1")


def said(metric: str, bound: Bound, limit: float, scored: str = "accuracy") -> str:
    found = complaint(Budget(metric, bound, limit), scored)
    return " ".join(found) if found else ""


@pytest.mark.parametrize(
    ("metric", "bound", "limit", "meant"),
    [
        ("accuracy_drop", "max", 1.0, '"1 point"'),
        ("accuracy_drop", "max", 0.99995, '"1 point"'),
        ("accuracy_drop", "min", -0.99999, '"1 point"'),
        ("accuracy", "max", 1.0, 'min = "90 %"'),
        ("accuracy", "max", 0.99999, "accuracy_drop"),
        ("accuracy", "min", 0.0, 'min = "90 %"'),
        ("accuracy", "min", 1e-300, 'min = "90 %"'),
        ("agreement", "max", 1.0, 'min = "95 %"'),
        ("agreement", "min", 0.0, 'min = "95 %"'),
        *((name, "min", 0.0, "max = ") for name in (*BYTES, *TIMES, "instructions")),
        *((name, "min", -5.0, "max = ") for name in (*BYTES, *TIMES, "instructions")),
        *((name, "max", 1e308, "max = ") for name in (*BYTES, *TIMES, "instructions")),
        ("size_bytes", "min", 1.0, 'max = "200 KiB"'),
        ("size_bytes", "max", 2.0**31, 'max = "200 KiB"'),
        ("latency_p50_ms", "min", 1e-9, 'max = "30 ms"'),
        ("latency_p99_ms", "max", 3.6e6, 'max = "30 ms"'),
        ("instructions", "min", 1.0, 'max = "20 M"'),
    ],
)
def test_limits_that_nothing_misses_are_refused(
    metric: str, bound: Bound, limit: float, meant: str
) -> None:
    text = said(metric, bound, limit)
    assert "cannot be missed" in text or "lacks its unit" in text
    assert meant in text


@pytest.mark.parametrize("metric", [*BYTES, *TIMES, "instructions", "accuracy", "agreement"])
def test_limits_that_nothing_keeps_are_refused(metric: str) -> None:
    assert "cannot be kept" in said(metric, "max", -0.5)
    assert said(metric, "min", 1e308)


@pytest.mark.parametrize(
    ("scored", "bound", "limit", "text"),
    [
        ("mae", "max", 1.0, ""),
        ("mae", "max", 1000.0, ""),
        ("rmse", "max", 0.0, ""),
        ("mse", "min", 0.5, ""),
        ("r2", "min", 0.0, ""),
        ("r2", "min", -2.0, ""),
        ("r2", "max", 0.5, ""),
        ("python:mine:f1", "max", 1.0, ""),
        ("python:mine:f1", "min", -7.0, ""),
        ("mae", "min", 0.0, "cannot be missed"),
        ("mae", "max", -1.0, "cannot be kept"),
        ("mse", "max", 1e308, "cannot be missed"),
        ("r2", "max", 1.0, "cannot be missed"),
        ("r2", "min", 95.0, "cannot be kept"),
        ("python:mine:f1", "max", 1e308, "cannot be missed"),
        ("top5", "max", 1.0, "cannot be missed"),
        ("top5", "min", 95.0, "lacks its unit"),
    ],
)
def test_what_accuracy_can_be_depends_on_the_task(
    scored: str, bound: Bound, limit: float, text: str
) -> None:
    found = said("accuracy", bound, limit, scored)
    assert (text in found) if text else found == ""


@pytest.mark.parametrize("scored", ["mae", "mse", "rmse", "r2"])
def test_a_rise_of_an_error_may_be_large(scored: str) -> None:
    assert said("accuracy_drop", "max", 1.0, scored) == ""
    assert said("accuracy_drop", "max", 40.0, scored) == ""
    assert "cannot be missed" in said("accuracy_drop", "max", 1e308, scored)


@settings(max_examples=200)
@given(st.sampled_from(SCORES), st.floats(0.001, 0.98), st.sampled_from(["max", "min"]))
def test_usual_limits_on_quality_are_limits(scored: str, limit: float, bound: Bound) -> None:
    for metric in ("accuracy", "accuracy_drop", "agreement"):
        assert complaint(Budget(metric, bound, limit), scored) is None


@settings(max_examples=200)
@given(st.sampled_from([*BYTES, *TIMES, "instructions"]), st.floats(1, 1e5))
def test_usual_limits_on_cost_are_limits(metric: str, limit: float) -> None:
    assert complaint(Budget(metric, "max", limit), "accuracy") is None


@pytest.mark.parametrize("scored", [*SCORES, None])
def test_every_metric_has_limits_that_nothing_misses(scored: str | None) -> None:
    for metric in METRICS:
        known = scored is not None or metric not in ("accuracy", "accuracy_drop")
        assert bool(complaint(Budget(metric, "max", 1e308), scored)) == known
        assert bool(complaint(Budget(metric, "min", -1e308), scored)) == known


@pytest.mark.parametrize(
    ("budgets", "text"),
    [
        ([("size_bytes", "max", 5, ""), ("size_bytes", "max", 5, "")], "[[budget]] 1 and 2 both"),
        ([("size_bytes", "max", 5, "pi"), ("size_bytes", "max", 6, "pi")], "on 'pi': 5 and 6"),
        ([("size_bytes", "max", 50, ""), ("size_bytes", "min", 60, "")], "Nothing can keep both"),
        ([("size_bytes", "min", 60, "pi"), ("size_bytes", "max", 50, "")], "on 'pi'"),
        ([("size_bytes", "min", 60, ""), ("size_bytes", "max", 50, "pi")], "on 'pi'"),
        ([("size_bytes", "max", 50, ""), ("size_bytes", "min", 50, "")], ""),
        ([("size_bytes", "max", 50, "pi"), ("size_bytes", "min", 60, "phone")], ""),
        ([("size_bytes", "max", 50, ""), ("size_bytes", "max", 40, "pi")], ""),
        ([("size_bytes", "max", 50, ""), ("compressed_bytes", "min", 60, "")], ""),
    ],
)
def test_budgets_that_speak_twice_or_against_each_other_are_refused(
    budgets: list[tuple[str, Bound, float, str]], text: str
) -> None:
    found = contradiction([Budget(*each) for each in budgets])
    assert (text in " ".join(found or ())) if text else found is None


@pytest.mark.slow
def test_many_budgets_are_compared_at_once() -> None:
    budgets = [Budget("size_bytes", "max", 50, f"board-{number}") for number in range(100_000)]
    require_limits(budgets, "accuracy")


PROJECT = '[model]\nteacher = "t.keras"\n[data]\nsource = "d.npz"\n'
MAE = '[task]\nkind = "regression"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "edgehone.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ('metric = "accuracy_drop"\nmax = 1', "lacks its unit"),
        ('metric = "accuracy_drop"\nmax = "100 points"', 'max = "100 points", and'),
        ('metric = "accuracy"\nmax = 1.0', "cannot be missed"),
        ('metric = "accuracy"\nmin = "200 %"', "cannot be kept"),
        ('metric = "size_bytes"\nmin = 0', "cannot be missed"),
        ('metric = "size_bytes"\nmax = 1e308', "cannot be missed"),
        ('metric = "size_bytes"\nmax = "-1 KiB"', "cannot be kept"),
        ('metric = "agreement"\nmin = "0 %"', "cannot be missed"),
    ],
)
def test_project_files_are_refused_as_they_are_read(table: str, text: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"{PROJECT}[[budget]]\n{table}\n")
    with pytest.raises(ConfigError, match="budget") as caught:
        load(path)
    assert text in caught.value.message
    assert caught.value.message.startswith(f"{path}: ")
    assert caught.value.hint


@pytest.mark.parametrize("limit", ['max = "1 %"', 'max = "2 points"', 'max = "0.5%"'])
@pytest.mark.parametrize("metric", ["accuracy_drop", "accuracy"])
@pytest.mark.parametrize("task", ["mae", "r2", "python:mine:score"])
def test_percent_of_a_score_that_is_no_fraction_is_refused(
    limit: str, metric: str, task: str, tmp_path: Path
) -> None:
    text = f'{PROJECT}{MAE}metric = "{task}"\n[[budget]]\nmetric = "{metric}"\n{limit}\n'
    with pytest.raises(ConfigError, match="is not a fraction and has no percent") as caught:
        load(written(tmp_path, text))
    assert "without quotation marks" in caught.value.hint


def test_percent_of_agreement_is_a_fraction_whatever_the_task(tmp_path: Path) -> None:
    text = f'{PROJECT}{MAE}[[budget]]\nmetric = "agreement"\nmin = "95 %"\n'
    assert load(written(tmp_path, text)).budgets == (Budget("agreement", "min", 0.95),)


@pytest.mark.parametrize("device", [" ", "\\t", "a\\u0007b", "new\\nline"])
def test_names_that_no_device_has_are_refused(device: str, tmp_path: Path) -> None:
    table = f'[[budget]]\nmetric = "size_bytes"\nmax = 90\ndevice = "{device}"\n'
    with pytest.raises(ConfigError, match="no device can be called"):
        load_budgets(written(tmp_path, table))


def _gating(words: list[str]) -> Callable[[Path, str], list[str]]:
    def make(folder: Path, table: str) -> list[str]:
        path = folder / "budgets.toml"
        path.write_text(f"[[budget]]\n{table}\n")
        return ["gate", str(path), *words]

    return make


@pytest.mark.parametrize(
    "table",
    [
        'metric = "size_bytes"\nmin = 0',
        'metric = "accuracy"\nmax = 1.0',
        'metric = "accuracy_drop"\nmax = "100 points"',
        'metric = "latency_p50_ms"\nmax = 1e300',
        'metric = "size_bytes"\nmax = 90\n[[budget]]\nmetric = "size_bytes"\nmax = 80',
    ],
)
@pytest.mark.parametrize("options", [(), ("--calibrate", "2")])
def test_the_gate_measures_nothing_for_budgets_that_are_none(
    table: str, options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(tiny_models.dense(tmp_path))
    assert main(_gating([model, *options])(tmp_path, table)) == 2
    assert "budget" in capsys.readouterr().err


def test_projects_are_the_same_however_limits_are_written(tmp_path: Path) -> None:
    one = f'{PROJECT}[[budget]]\nmetric = "size_bytes"\nmax = "2 KiB"\n'
    texts = (one, one.replace('"2 KiB"', "2048"))
    first, second = (load(written(tmp_path, text)) for text in texts)
    assert first == second
    assert len({*first.budget, *second.budget}) == 1
    assert [each.written for each in (*first.budgets, *second.budgets)] == ["2 KiB", ""]
