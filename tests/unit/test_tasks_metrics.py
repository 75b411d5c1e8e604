"""Metrics of the folder against slow, plain references; what is refused; intervals of groups."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from edgehone.config.sections import TaskSection
from edgehone.errors import ConfigError, DataError
from edgehone.stats import wilson
from edgehone.tasks.constant_answer import with_constant_answer
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import known
from edgehone.tasks.metrics import metric_for, metric_names
from edgehone.values import Task

Array = NDArray[Any]
RNG = np.random.default_rng(3)
Y = RNG.choice(4, 90, p=(0.6, 0.25, 0.15, 0))  # the last class does not occur
LOGITS = RNG.normal(size=(90, 4)) + 1.5 * np.eye(4)[Y]


def value(kind: str, metric: str, y: Array, outputs: Array) -> float:
    return evaluate(Task(kind, metric), y, outputs).value


def f1(truth: Any, found: Any) -> float | None:
    hits = sum(1 for t, f in zip(truth, found, strict=True) if t and f)
    wrong = sum(1 for t, f in zip(truth, found, strict=True) if bool(t) != bool(f))
    return 2 * hits / (2 * hits + wrong) if hits + wrong else None


def test_classes_are_counted_one_by_one() -> None:
    found = LOGITS.argmax(axis=1)
    recalls = [np.mean(found[k == Y] == k) for k in range(3)]
    assert value("classification", "balanced_accuracy", Y, LOGITS) == pytest.approx(
        np.mean(recalls)
    )
    scores = [f1(k == Y, found == k) for k in range(4)]
    assert (found == 3).any()  # which is nobody's class, and costs
    assert value("classification", "macro_f1", Y, LOGITS) == pytest.approx(
        np.mean([each for each in scores if each is not None])
    )
    assert value("classification", "micro_f1", Y, LOGITS) == pytest.approx((found == Y).mean())
    assert value("classification", "topk(k=2)", Y, LOGITS) == pytest.approx(
        np.mean(
            [
                y in sorted(range(4), key=lambda k: -row[k])[:2]
                for y, row in zip(Y, LOGITS, strict=True)
            ]
        )
    )


def test_auc_of_classes_is_the_mean_over_those_that_occur() -> None:
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    each = [
        np.mean([[a > b for b in shares[k != Y, k]] for a in shares[k == Y, k]]) for k in range(3)
    ]
    assert value("classification", "auc", Y, LOGITS) == pytest.approx(np.mean(each))
    assert value("classification", "auc", Y, shares) == pytest.approx(np.mean(each))


def test_one_column_is_ranked_as_two_are() -> None:
    y, column = (Y > 0).astype(int), LOGITS[:, :1] * -1
    both = np.hstack([-column, column])
    for metric in ("auc", "pauc(max_fpr=0.2)", "balanced_accuracy", "macro_f1"):
        found = value("classification", metric, y, column)
        assert found == pytest.approx(value("classification", metric, y, both))
        assert found == pytest.approx(value("binary", metric, y, column))


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_a_binary_answer_is_a_yes_above_its_threshold(threshold: float) -> None:
    y, logits = (Y > 0).astype(int), LOGITS[:, 1:2]
    shares = 1 / (1 + np.exp(-logits))
    right = float(np.mean((shares[:, 0] > threshold) == y))
    for outputs in (logits, shares, shares[:, 0]):
        kind = f"binary(threshold={threshold})"
        assert value(kind, "accuracy", y, outputs) == pytest.approx(right)
        assert metric_for(Task(kind, "accuracy")).value(y, outputs) == pytest.approx(right)
        assert value(kind, "f1", y, outputs) == pytest.approx(f1(y, shares[:, 0] > threshold))


def test_places_without_a_label_count_nowhere() -> None:
    y = RNG.integers(0, 3, (12, 5, 4))
    outputs = RNG.random((12, 5, 4, 3)) + 0.5 * np.eye(3)[y]
    void = np.zeros(y.shape, bool)
    void[:, :, 3] = True
    spoiled = np.where(void, -1, y)
    for kind in ("segmentation(void=255)", "sequence(padding=0)"):
        names = metric_names(kind)
        assert "macro_f1" in names
        for metric in names:
            found = evaluate(Task(kind, metric), spoiled, outputs)
            whole = evaluate(Task(kind, metric), y[:, :, :3], outputs[:, :, :3])
            assert found.value == pytest.approx(whole.value)
            assert found.ci95 == pytest.approx(whole.ci95)
    inter = [np.sum((y == k) & (outputs.argmax(-1) == k)) for k in range(3)]
    union = [np.sum((y == k) | (outputs.argmax(-1) == k)) for k in range(3)]
    pooled = np.mean([a / b for a, b in zip(inter, union, strict=True)])
    assert value("segmentation", "pooled_iou", y, outputs) == pytest.approx(pooled)


def test_relative_errors_have_a_best_constant() -> None:
    y = np.exp(RNG.normal(size=(60, 2)))
    outputs = y * (1 + 0.1 * RNG.normal(size=y.shape))
    task = Task("regression", "mape")
    found = with_constant_answer(task, y, outputs, evaluate(task, y, outputs))
    assert found.value == pytest.approx(np.mean(np.abs(outputs - y) / y))
    tried = [np.abs(y[:, k, None] - y[None, :, k]) / y[:, k, None] for k in range(2)]
    best = np.mean([each.mean(axis=0).min() for each in tried])
    assert found.guess is not None
    assert found.guess.value == pytest.approx(best)
    with pytest.raises(DataError, match="Sample 2 has a target of 0"):
        evaluate(task, np.array([1.0, 2.0, 0.0]), np.ones(3))


def test_a_metric_that_is_not_defined_on_the_samples_says_what_it_needs() -> None:
    with pytest.raises(
        DataError, match=r"Metric 'auc' is not defined on these 5 samples"
    ) as caught:
        evaluate(Task("binary", "auc"), np.ones(5, int), np.linspace(0, 1, 5))
    assert "task.metric" in caught.value.hint or "metric" in caught.value.hint
    one = evaluate(Task("classification", "macro_f1"), np.array([1]), np.eye(3)[[1]])
    assert one.value == 1
    assert one.ci95 == pytest.approx(wilson(1, 1))
    rare = np.zeros(30, int)
    rare[0] = 1  # every third draw lacks it
    found = evaluate(Task("binary", "auc"), rare, np.linspace(1, 0, 30))
    assert found.value == 1
    assert found.ci95 == pytest.approx(wilson(1, 1))  # one sample of the rare class


def test_a_perfect_score_is_not_certain() -> None:
    y = np.arange(60) % 2
    perfect = np.eye(2)[y]
    for kind, metric, outputs, trials in (
        ("classification", "macro_f1", perfect, 60),
        ("classification", "auc", perfect, 30),
        ("anomaly", "auc", y * 1.0, 30),
        ("embedding", "retrieval_recall", perfect, 60),
        ("multilabel", "micro_f1", perfect, 60),
    ):
        truth = np.eye(2, dtype=int)[y] if kind == "multilabel" else y
        found = evaluate(Task(kind, metric), truth, outputs, reference=outputs)
        assert found.ci95 == pytest.approx(wilson(trials, trials))
        assert found.drop_ci95 is not None
        assert found.drop_ci95[0] < 0 < found.drop_ci95[1]
    groups = np.arange(60) // 10
    grouped = evaluate(Task("binary", "accuracy"), y, y * 1.0, reference=y * 1.0, groups=groups)
    assert grouped.ci95 == pytest.approx(wilson(6, 6))
    errors = evaluate(Task("regression", "rmse"), y, y * 1.0)
    assert errors.ci95 == (0, 0)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("topk(k=0)", "topk has k = 0"),
        ("topk(k=True)", "topk has k = True"),
        ("topk(n=3)", "Settings it takes: k"),
        ("topk(3)", "cannot be read"),
        ("pauc(max_fpr=1)", "max_fpr = 1"),
        ("auc(k=1)", "Settings it takes: none"),
        ("f1", "not a metric of a classification"),
    ],
)
def test_settings_that_a_metric_does_not_take_are_refused(name: str, known: str) -> None:
    with pytest.raises(ConfigError) as caught:
        metric_for(Task("classification", name))
    assert known in f"{caught.value} {caught.value.hint}"
    with pytest.raises((ConfigError, ValidationError)):
        TaskSection(kind="classification", metric=name)


def test_a_project_names_kinds_and_metrics_with_settings() -> None:
    task = TaskSection(kind="segmentation(void=255)", metric="pooled_iou").value
    assert task == Task("segmentation(void=255)", "pooled_iou")
    assert TaskSection(kind="sequence(padding=0)").value.metric == "step_accuracy"
    assert TaskSection(metric="topk(k=2)").value == Task("classification", "topk(k=2)")
    assert metric_for(Task("classification", "topk(k=2)")).name == "topk(k=2)"


def test_groups_are_drawn_whole() -> None:
    y = np.repeat(RNG.integers(0, 2, 20), 25)
    scores = np.repeat(RNG.random(20), 25)  # all samples of a person alike
    groups = np.repeat(np.array([f"person {i}" for i in range(20)]), 25)
    for metric in ("accuracy", "auc", "f1"):
        task = Task("binary", metric)
        alone = evaluate(task, y, scores, reference=1 - scores)
        grouped = evaluate(task, y, scores, reference=1 - scores, groups=groups)
        assert grouped.value == alone.value
        width = alone.ci95[1] - alone.ci95[0]
        assert grouped.ci95[1] - grouped.ci95[0] > 2.5 * width
        assert alone.drop_ci95 is not None
        assert grouped.drop_ci95 is not None
        spread = alone.drop_ci95[1] - alone.drop_ci95[0]
        assert grouped.drop_ci95[1] - grouped.drop_ci95[0] > 2.5 * spread
    again = evaluate(task, y, scores, groups=groups)
    assert again == evaluate(task, y, scores, groups=groups)


def test_the_guide_lists_the_kinds_and_their_metrics() -> None:
    text = (Path(__file__).parents[2] / "docs" / "guides" / "tasks.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    assert {kind: set(re.findall(r"`(\w+)`", names)) for kind, names in rows} == {
        kind: set(metric_names(kind)) for kind in known()
    }
    assert [re.findall(r"`(\w+)`", names)[0] for _, names in rows] == [
        metric_names(kind)[0] for kind, _ in rows
    ]
