"""Outputs beside the best answer that never looks at its sample."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.tasks import constant_answer
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.metrics import metric_for
from edgehone.values import Accuracy, ConstantAnswer, Task

Array = NDArray[Any]
RNG = np.random.default_rng(5)
LABELS = RNG.choice(10, size=400, p=[0.19, *[0.09] * 9])
ACCURACY = Task()


def scores_for(labels: Array, classes: int = 10) -> Array:
    return np.eye(classes)[labels].astype(np.float32)


def found(task: Task, y: Array, outputs: Array) -> tuple[Accuracy, ConstantAnswer]:
    accuracy = constant_answer.with_constant_answer(task, y, outputs, evaluate(task, y, outputs))
    assert accuracy.guess is not None
    return accuracy, accuracy.guess


def partly_right(y: Array, share: float, classes: int = 10) -> Array:
    right = RNG.random(len(y)) < share
    return scores_for(np.where(right, y, (y + 1) % classes), classes)


def test_no_constant_class_scores_more_than_the_one_that_is_compared_with() -> None:
    every = [evaluate(ACCURACY, LABELS, scores_for(np.full(400, k))).value for k in range(10)]
    _, guess = found(ACCURACY, LABELS, partly_right(LABELS, 0.9))
    assert guess.value == max(every)
    assert guess.answer == "always class 0"
    assert guess.beaten


def test_outputs_that_say_one_class_have_no_gain_and_say_so() -> None:
    accuracy, guess = found(ACCURACY, LABELS, scores_for(np.zeros(400, dtype=int)))
    assert guess.gain == 0
    assert not guess.beaten
    text = constant_answer.complaint("net.tflite", accuracy, "test")
    assert text.startswith("net.tflite is no better than a constant answer on the test data")
    assert "400 samples" in text


def test_random_answers_are_no_better_than_a_constant_one() -> None:
    accuracy, guess = found(ACCURACY, LABELS, RNG.random((400, 10)))
    assert not guess.beaten
    assert constant_answer.complaint("The teacher", accuracy, "validation")


def test_a_good_model_is_told_nothing_even_on_few_samples() -> None:
    y = np.arange(12) % 3
    accuracy, guess = found(ACCURACY, y, scores_for(y, 3))
    assert guess.beaten
    assert constant_answer.complaint("The teacher", accuracy, "validation") == ""


@pytest.mark.parametrize(("recall", "beaten"), [(0.0, False), (0.1, False), (0.9, True)])
def test_rare_positives_must_be_found_to_beat_always_no(recall: float, beaten: bool) -> None:
    y = (np.arange(1000) < 30).astype(int)
    outputs = np.where((y == 1) & (np.arange(1000) < 30 * recall), 0.9, 0.1)[:, None]
    accuracy, guess = found(ACCURACY, y, outputs)
    assert (guess.answer, guess.value) == ("always class 0", 0.97)
    assert guess.beaten == beaten
    if recall == 0.1:
        assert guess.gain > 0
        text = constant_answer.complaint("The teacher", accuracy, "validation")
        assert "not proven better than" in text


def test_imbalance_is_named_where_accuracy_says_little() -> None:
    rare = (np.arange(1000) < 30).astype(int)
    assert "97 % of the labels are one class" in constant_answer.advice(ACCURACY, rare)
    assert "python:module:function" in constant_answer.advice(ACCURACY, rare)
    assert "numbered in the order" in constant_answer.advice(ACCURACY, LABELS)
    assert "unit" in constant_answer.advice(Task("regression", "mae"), RNG.random(9))


def test_one_column_that_always_says_yes_is_tried_too() -> None:
    y = (np.arange(100) < 70).astype(int)
    _, guess = found(ACCURACY, y, np.full((100, 1), 0.7))
    assert (guess.answer, guess.value, guess.gain) == ("always class 1", 0.7, 0.0)


def test_the_five_commonest_classes_are_the_constant_answer_of_top5() -> None:
    _, guess = found(Task(metric="top5"), LABELS, RNG.random((400, 10)))
    counts = np.sort(np.bincount(LABELS))[::-1]
    assert guess.value == pytest.approx(counts[:5].sum() / 400)
    assert not guess.beaten


def test_labels_of_every_position_have_one_commonest_class() -> None:
    y = (RNG.random((20, 4, 4)) < 0.3).astype(int)
    _, guess = found(ACCURACY, y, scores_for(np.zeros_like(y), 2))
    assert guess.value == pytest.approx((y == 0).mean())
    assert not guess.beaten


@pytest.mark.parametrize(
    ("metric", "best"),
    [
        ("mae", lambda y: np.abs(y - np.median(y, axis=0)).mean()),
        ("mse", lambda y: ((y - y.mean(axis=0)) ** 2).mean()),
        ("rmse", lambda y: np.sqrt(((y - y.mean(axis=0)) ** 2).mean())),
        ("r2", lambda y: 0.0),
    ],
)
def test_numbers_are_compared_with_the_constant_that_suits_the_metric(
    metric: str, best: Any
) -> None:
    y = RNG.exponential(size=(200, 2)) * [1, 50]
    task = Task("regression", metric)
    _, guess = found(task, y, y + RNG.normal(size=y.shape) * 0.1)
    assert guess.value == pytest.approx(best(y), abs=1e-5)
    assert guess.beaten
    _, blind = found(task, y, np.broadcast_to(y.mean(axis=0), y.shape).copy())
    assert not blind.beaten


def test_targets_without_a_last_axis_are_compared_as_well() -> None:
    y = RNG.normal(size=50)
    _, guess = found(Task("regression", "mae"), y, y[:, None])
    assert guess.beaten


@pytest.mark.parametrize(("noise", "beaten"), [(0.1, True), (9.0, False)])
def test_reconstructions_are_compared_with_the_mean_sample(noise: float, beaten: bool) -> None:
    y = RNG.random((60, 4, 4, 1))
    outputs = y + noise * RNG.normal(size=y.shape)
    _, guess = found(Task("reconstruction", "mse"), y, outputs)
    assert guess.value == pytest.approx(y.var(axis=0).mean(), rel=1e-4)
    assert guess.beaten == beaten


METRICS = """
import numpy as np

def f1(y, outputs):
    said = outputs[:, 0] > 0.5
    both = (said & (y == 1)).sum()
    return 2 * both / max(1, said.sum() + (y == 1).sum())

def log_loss(y, outputs):
    return -np.log(np.clip(outputs[np.arange(len(y)), y], 1e-6, 1))
log_loss.higher_is_better = False

def correlation(y, outputs):
    return np.nan if np.ptp(outputs) == 0 else np.corrcoef(y, outputs[:, 0])[0, 1]
"""


@pytest.fixture
def own_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "constant_metrics.py").write_text(METRICS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "python:constant_metrics"
    sys.modules.pop("constant_metrics", None)


def test_a_metric_of_ones_own_is_compared_with_the_constant_it_likes_best(own_metrics: str) -> None:
    y = (np.arange(300) < 30).astype(int)
    task = Task(metric=f"{own_metrics}:f1")
    _, guess = found(task, y, np.where(y == 1, 0.9, 0.1)[:, None])
    assert guess.answer == "always class 1"  # whose F1 is not 0, as that of always no is
    assert guess.value == pytest.approx(2 * 30 / 330)
    assert guess.beaten
    shares = Task(metric=f"{own_metrics}:log_loss")
    _, guess = found(shares, LABELS, partly_right(LABELS, 0.99))
    assert guess.answer == "always the shares of the classes"
    assert guess.value < metric_for(shares).value(LABELS, scores_for(np.zeros(400, int)))


def test_a_metric_that_scores_no_constant_is_compared_with_nothing(own_metrics: str) -> None:
    y, task = RNG.normal(size=50), Task("regression", f"{own_metrics}:correlation")
    accuracy = evaluate(task, y, y[:, None])
    assert constant_answer.with_constant_answer(task, y, y[:, None], accuracy) == accuracy
    assert constant_answer.complaint("The teacher", accuracy, "validation") == ""
