"""Metrics, their intervals, drops and agreement."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgehone.errors import ConfigError, DataError, ExecutionError
from edgehone.tasks.evaluate import agreement, evaluate
from edgehone.tasks.metrics import metric_for, metric_names
from edgehone.tasks.outputs import predicted_labels
from edgehone.values import Task

RNG = np.random.default_rng(0)
REGRESSION = Task("regression", "mae")


def scores_for(labels: list[int], classes: int = 3) -> np.ndarray:
    return np.eye(classes)[labels].astype(np.float32)


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "user_metrics_module.py"
    sys.modules.pop("user_metrics_module", None)


def test_accuracy_counts_right_labels_with_wilson_interval() -> None:
    y = np.array([0, 1, 2, 0])
    found = evaluate(Task(), y, scores_for([0, 1, 2, 1]))
    assert (found.metric, found.value, found.n) == ("accuracy", 0.75, 4)
    assert found.ci95 == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert found.drop is None
    assert found.agreement is None


@pytest.mark.parametrize(
    "outputs",
    [
        np.array([[0.2], [0.9], [0.6]]),
        np.array([0.2, 0.9, 0.6]),
        np.array([[-3.0], [2.0], [0.1]]),
    ],
)
def test_one_column_is_a_sigmoid_or_its_logit(outputs: np.ndarray) -> None:
    assert predicted_labels(outputs).tolist() == [0, 1, 1]
    assert evaluate(Task(), np.array([0, 1, 0]), outputs).value == pytest.approx(2 / 3)


def test_outputs_that_are_no_numbers_are_never_right() -> None:
    outputs = np.full((2, 3), np.nan)
    assert evaluate(Task(), np.array([0, 0]), outputs).value == 0


def test_ties_go_to_the_first_class() -> None:
    assert predicted_labels(np.array([[1, 1, 0]])).tolist() == [0]


def test_top5_looks_at_five_best() -> None:
    outputs = np.arange(8.0)[None].repeat(2, axis=0)
    found = evaluate(Task(metric="top5"), np.array([3, 2]), outputs)
    assert found.value == 0.5
    with pytest.raises(ConfigError, match="more than 5"):
        evaluate(Task(metric="top5"), np.array([0]), scores_for([0]))


def test_segmentation_labels_are_averaged_over_positions() -> None:
    outputs = np.eye(2)[np.array([[[0, 1], [1, 1]]])]
    assert evaluate(Task(), np.array([[[0, 1], [1, 0]]]), outputs).value == 0.75


def test_regression_metrics_agree_with_plain_formulas() -> None:
    y = RNG.normal(size=(50, 2))
    out = y + RNG.normal(size=(50, 2)) * 0.3
    expected = {
        "mae": np.abs(out - y).mean(),
        "mse": ((out - y) ** 2).mean(),
        "rmse": np.sqrt(((out - y) ** 2).mean()),
        "mape": np.abs((out - y) / y).mean(),
        "r2": np.mean(1 - ((out - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)),
    }
    assert set(metric_names("regression")) == set(expected)
    for name, value in expected.items():
        found = evaluate(Task("regression", name), y, out, seed=1)
        assert found.value == pytest.approx(value)
        assert found.ci95[0] < value < found.ci95[1]
        assert found.higher_is_better == (name == "r2")


def test_targets_of_shape_n_fit_outputs_of_shape_n_1() -> None:
    found = evaluate(REGRESSION, np.array([1.0, 2.0]), np.array([[1.5], [2.0]]))
    assert found.value == 0.25


def test_drop_is_positive_when_worse_for_either_direction() -> None:
    y = np.array([0, 1, 2, 0])
    found = evaluate(Task(), y, scores_for([0, 1, 1, 1]), reference=scores_for([0, 1, 2, 0]))
    assert found.drop == 0.5
    zeros = np.zeros((4, 1))
    for metric in ("mae", "rmse"):
        task = Task("regression", metric)
        found = evaluate(task, zeros, zeros + 2, reference=zeros + 1)
        assert found.drop == pytest.approx(1.0)
        assert found.drop_ci95 == pytest.approx((1.0, 1.0))


def test_drop_interval_admits_doubt_when_nothing_changed() -> None:
    y = np.zeros(100, dtype=int)
    outputs = scores_for([0] * 100)
    found = evaluate(Task(), y, outputs, reference=outputs)
    assert found.drop == 0
    assert found.drop_ci95 is not None
    assert found.drop_ci95[0] < 0 < found.drop_ci95[1] < 0.03


def test_drop_interval_is_paired() -> None:
    y = RNG.integers(0, 3, 400)
    wrong = np.where(np.arange(400) < 100, (y + 1) % 3, y)
    reference = scores_for(list(wrong))
    wrong[100:104] = (y[100:104] + 1) % 3
    found = evaluate(Task(), y, scores_for(list(wrong)), reference=reference)
    assert found.drop == pytest.approx(0.01)
    assert found.drop_ci95 is not None
    assert found.drop_ci95[1] - found.drop_ci95[0] < 0.5 * (found.ci95[1] - found.ci95[0])


def test_agreement_is_label_agreement_or_one_minus_error() -> None:
    assert agreement(Task(), scores_for([0, 1]), scores_for([0, 2])) == 0.5
    teacher = RNG.normal(size=(200, 3))
    noise = RNG.normal(size=(200, 3))
    assert agreement(REGRESSION, teacher, teacher) == 1
    assert agreement(REGRESSION, teacher + 0.1 * noise, teacher) == pytest.approx(0.9, abs=0.02)
    assert agreement(REGRESSION, teacher + 9 * noise, teacher) == 0


@pytest.mark.parametrize(
    ("y", "outputs", "message"),
    [
        (np.array([0, 1]), scores_for([0]), "1 outputs for 2 targets"),
        (np.array([], dtype=int), scores_for([]), "0 outputs"),
        (np.array([0, 3]), scores_for([0, 1]), "Label 3 is out of range"),
        (np.array([0, -1]), scores_for([0, 1]), "Label -1 is out of range"),
        (np.array([[0], [1]]), scores_for([0, 1]), "shape"),
    ],
)
def test_arrays_that_do_not_fit_are_told(y: np.ndarray, outputs: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        evaluate(Task(), y, outputs)


def test_outputs_of_another_width_are_told() -> None:
    with pytest.raises(DataError, match="3 numbers a sample, but the targets have 2"):
        evaluate(REGRESSION, np.zeros((4, 2)), np.zeros((4, 3)))


def test_numeric_outputs_must_be_numbers() -> None:
    with pytest.raises(ExecutionError, match="not all numbers"):
        evaluate(REGRESSION, np.zeros(2), np.array([[np.inf], [0.0]]))


def test_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="not a metric of a regression") as caught:
        metric_for(Task("regression", "accuracy"))
    assert "mae" in caught.value.hint


def test_custom_metric_may_return_one_number_or_scores(user_module: Path) -> None:
    user_module.write_text(
        "import numpy as np\n"
        "def whole(y, out): return float(np.max(np.abs(y - out[:, 0])))\n"
        "whole.higher_is_better = False\n"
        "def each(y, out): return 1 - np.abs(y - out[:, 0])\n"
        "def text(y, out): return 'good'\n"
        "def short(y, out): return [1, 2]\n"
        "def nan(y, out): return float('nan')\n"
        "def broken(y, out): raise KeyError('no')\n"
    )
    y, out = np.array([0.0, 1.0, 2.0]), np.array([[0.5], [1.0], [2.0]])
    whole = evaluate(Task("regression", "python:user_metrics_module:whole"), y, out, reference=out)
    assert (whole.value, whole.higher_is_better, whole.drop) == (0.5, False, 0.0)
    each = evaluate(Task("regression", "python:user_metrics_module:each"), y, out, reference=out)
    assert each.value == pytest.approx(2.5 / 3)
    assert each.higher_is_better
    for name in ("text", "short", "nan", "broken", "missing"):
        with pytest.raises(ConfigError, match=name):
            evaluate(Task("regression", f"python:user_metrics_module:{name}"), y, out)


def test_custom_metric_cannot_change_what_others_see(user_module: Path) -> None:
    user_module.write_text("def spoil(y, out):\n    y[:] = 0\n    out[:] = 0\n    return 1.0\n")
    y, out = np.array([0.0, 1.0]), np.array([[0.5], [1.0]])
    evaluate(Task("regression", "python:user_metrics_module:spoil"), y, out)
    assert y.tolist() == [0, 1]
    assert out.tolist() == [[0.5], [1]]


def test_custom_metric_that_returns_nothing_is_told_so(user_module: Path) -> None:
    user_module.write_text("def forgot(y, out):\n    pass\n")
    with pytest.raises(ConfigError, match="returned nothing"):
        evaluate(Task(metric="python:user_metrics_module:forgot"), np.zeros(2), np.zeros((2, 2)))


def test_same_seed_gives_same_interval() -> None:
    y, out = RNG.normal(size=40), RNG.normal(size=(40, 1))
    task = Task("regression", "r2")
    assert evaluate(task, y, out, seed=3) == evaluate(task, y, out, seed=3)
    assert evaluate(task, y, out, seed=3).ci95 != evaluate(task, y, out, seed=4).ci95


def test_logits_of_two_files_are_judged_by_the_references_threshold() -> None:
    y = np.array([0, 1, 1, 1])
    reference = np.array([[-0.1], [0.1], [0.3], [0.4]])
    rounded = np.array([[0.0], [0.1], [0.3], [0.4]])  # which alone might be probabilities
    found = evaluate(Task(), y, rounded, teacher=reference, reference=reference)
    assert (found.value, found.drop, found.agreement) == (1.0, 0.0, 1.0)
    assert evaluate(Task(), y, rounded).value == 0.25
    assert evaluate(Task(), y, rounded, threshold=0.0).value == 1.0


def test_probabilities_of_a_reference_stay_probabilities() -> None:
    y = np.array([0, 1, 0, 1])
    reference = np.array([0.1, 0.9, 0.4, 0.6])
    found = evaluate(Task(), y, reference + 0.3, reference=reference)
    assert (found.value, found.discordant) == (0.75, (1, 0))
