"""Metrics of labels and places against slow, plain references."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.tasks.evaluate import agreement, evaluate
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.values import Task

Array = NDArray[Any]
RNG = np.random.default_rng(11)
N, K = 60, 4
Y = (RNG.random((N, K)) < (0.7, 0.4, 0.2, 0.05)).astype(np.int64)
P = np.clip(0.55 * Y + 0.6 * RNG.random((N, K)), 0, 1).round(2)  # with equal scores among them
MASKS = RNG.integers(0, 3, (9, 4, 5))
SCORES = RNG.random((9, 4, 5, 3)) + 0.6 * np.eye(3)[MASKS]


def f1(truth: list[int], found: list[int]) -> float | None:
    """By counting; None where there is nothing to find and nothing was found."""
    pairs = list(zip(truth, found, strict=True))
    hits = sum(1 for t, f in pairs if t == 1 and f == 1)
    wrong = sum(1 for t, f in pairs if t != f)
    return None if hits + wrong == 0 else 2 * hits / (2 * hits + wrong)


def average_precision(truth: list[int], scores: list[float]) -> float:
    """Area under the steps of precision over recall, a step for each distinct score."""
    total, recall = 0.0, 0.0
    for least in sorted(set(scores), reverse=True):
        taken = [t for t, s in zip(truth, scores, strict=True) if s >= least]
        total += (sum(taken) / sum(truth) - recall) * sum(taken) / len(taken)
        recall = sum(taken) / sum(truth)
    return total


def value(kind: str, metric: str, y: Array, outputs: Array) -> float:
    return metric_for(Task(kind, metric)).value(y, outputs)


def test_f1_is_what_counting_gives() -> None:
    found = (P > 0.5).astype(int)
    micro = f1(Y.ravel().tolist(), found.ravel().tolist())
    columns = [f1(Y[:, k].tolist(), found[:, k].tolist()) for k in range(K)]
    assert micro is not None
    assert 0.3 < micro < 1
    assert value("multilabel", "micro_f1", Y, P) == pytest.approx(micro)
    known = [column for column in columns if column is not None]
    assert value("multilabel", "macro_f1", Y, P) == pytest.approx(np.mean(known))
    assert value("multilabel", "label_accuracy", Y, P) == pytest.approx((found == Y).mean())


def test_labels_that_neither_are_there_nor_were_found_do_not_count() -> None:
    y, outputs = np.pad(Y, ((0, 0), (0, 1))), np.pad(P, ((0, 0), (0, 1)))
    for metric in ("micro_f1", "macro_f1", "mean_average_precision"):
        assert value("multilabel", metric, y, outputs) == value("multilabel", metric, Y, P)
    nothing = np.zeros((5, 2))
    for metric in ("micro_f1", "macro_f1", "mean_average_precision", "label_accuracy"):
        assert value("multilabel", metric, nothing, nothing) == 1


def test_average_precision_is_the_area_under_the_steps() -> None:
    expected = [average_precision(Y[:, k].tolist(), P[:, k].tolist()) for k in range(K)]
    assert len({*P[:, 0].tolist()}) < N  # equal scores are one step
    assert value("multilabel", "mean_average_precision", Y, P) == pytest.approx(np.mean(expected))
    rates = np.broadcast_to(Y.mean(axis=0), Y.shape)
    found = value("multilabel", "mean_average_precision", Y, rates)
    assert found == pytest.approx(Y.mean(axis=0).mean())


def test_the_best_constant_answer_of_f1_is_found_among_all() -> None:
    kind = kind_of("multilabel")
    for metric in ("micro_f1", "macro_f1", "label_accuracy"):
        tried = [
            value("multilabel", metric, Y, np.broadcast_to(answer, Y.shape).astype(float))
            for answer in (np.array([bits >> k & 1 for k in range(K)]) for bits in range(2**K))
        ]
        found = [
            value("multilabel", metric, Y, np.broadcast_to(answer, Y.shape))
            for _, answer in kind.constants(Y, P, metric)
        ]
        assert max(found) == pytest.approx(max(tried))


def test_the_teachers_threshold_decides_for_all_its_files() -> None:
    logits = np.log((P + 0.01) / (1.01 - P))
    file = np.clip(logits, 0.0, None)  # such as one whose negative logits were lost: it now looks
    task = Task("multilabel", "label_accuracy")
    assert file.min() == 0
    found = evaluate(task, Y, file / file.max(), teacher=logits, reference=logits)
    assert found.agreement == agreement(task, np.where(logits > 0, 1.0, -1.0), logits) == 1
    assert found.drop == 0


def test_the_divergence_of_labels_is_that_of_each_coin() -> None:
    q = np.clip(P + 0.05, 0.01, 0.99)
    p = np.clip(P, 0.01, 0.99)
    expected = [
        a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
        for a, b in zip(p.ravel().tolist(), q.ravel().tolist(), strict=True)
    ]
    found = kind_of("multilabel").divergence(p, q)
    assert found == pytest.approx(np.mean(expected), rel=1e-4)
    logits = [np.log(each / (1 - each)) for each in (p, q)]
    assert kind_of("multilabel").divergence(*logits) == pytest.approx(found, rel=1e-4)


def iou(truth: Array, found: Array) -> float:
    """Of one sample, averaged over the classes in either."""
    ratios = []
    for label in sorted({*truth.ravel().tolist(), *found.ravel().tolist()}):
        pairs = list(zip(truth.ravel().tolist(), found.ravel().tolist(), strict=True))
        both = sum(1 for t, f in pairs if t == label and f == label)
        either = sum(1 for t, f in pairs if label in (t, f))
        ratios.append(both / either)
    return float(np.mean(ratios))


def test_iou_is_averaged_over_classes_then_samples() -> None:
    found = SCORES.argmax(axis=-1)
    expected = [iou(MASKS[i], found[i]) for i in range(len(MASKS))]
    metric = metric_for(Task("segmentation", "mean_iou"))
    scores = metric.per_sample(MASKS, SCORES)
    assert scores is not None
    assert scores.tolist() == pytest.approx(expected)
    assert 0.3 < metric.value(MASKS, SCORES) < 0.95
    places = metric_for(Task("segmentation", "pixel_accuracy")).value(MASKS, SCORES)
    assert places == pytest.approx((found == MASKS).mean())


def test_one_column_of_places_tells_two_classes() -> None:
    y = (MASKS > 0).astype(np.int64)
    column = (0.45 * y + 0.5 * RNG.random(y.shape) + 0.02)[..., None]
    both = np.concatenate([1 - column, column], axis=-1)
    for metric in ("mean_iou", "pixel_accuracy"):
        task = Task("segmentation", metric)
        found = evaluate(task, y, column, reference=column)
        assert 0.3 < found.value < 1
        assert found.value == pytest.approx(evaluate(task, y, both).value)
        logits = np.log(column / (1 - column))
        assert evaluate(task, y, logits).value == pytest.approx(found.value)


def test_each_place_has_a_constant_answer_of_its_own() -> None:
    y = np.tile(np.array([[0, 1], [1, 2]]), (20, 1, 1))
    y[:3] = 0
    constants = dict(kind_of("segmentation").constants(y, np.zeros((20, 2, 2, 3)), "mean_iou"))
    usual = constants["always each place's commonest class"]
    assert usual.argmax(axis=-1).tolist() == [[0, 1], [1, 2]]
    assert constants["always class 1"].tolist() == [0, 1, 0]


def test_intervals_of_places_are_over_samples() -> None:
    task = Task("segmentation", "pixel_accuracy")
    wide = evaluate(task, MASKS, SCORES).ci95
    again = np.repeat(MASKS, 2, axis=1), np.repeat(SCORES, 2, axis=1)
    assert evaluate(task, *again).ci95 == pytest.approx(wide)  # twice the pixels, as many samples
