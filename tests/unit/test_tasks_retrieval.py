"""Recall@k against counting, neighbour by neighbour; ties, classes alone, and empty vectors."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.errors import ConfigError, DataError
from edgehone.tasks.evaluate import agreement, evaluate
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.tasks.retrieval import recall_at
from edgehone.values import Task

Array = NDArray[Any]
RNG = np.random.default_rng(8)
Y = RNG.integers(0, 5, 40)
VECTORS = RNG.normal(size=(40, 6)) + 1.5 * RNG.normal(size=(5, 6))[Y]


def chance(y: Array, vectors: Array, sample: int, k: int) -> float:
    """Every choice of k nearest neighbours that ties allow, one by one."""
    long = [v / np.linalg.norm(v) for v in vectors]
    near = {i: round(float(long[sample] @ long[i]), 9) for i in range(len(y)) if i != sample}
    last = sorted(near.values(), reverse=True)[min(k, len(near)) - 1]
    sure = [i for i, each in near.items() if each > last]
    tied = [i for i, each in near.items() if each == last]
    choices = list(combinations(tied, min(k, len(near)) - len(sure)))
    return float(np.mean([any(y[i] == y[sample] for i in (*sure, *c)) for c in choices]))


@pytest.mark.parametrize("k", [1, 3])
def test_recall_is_what_looking_at_every_neighbour_gives(k: int) -> None:
    tied = np.repeat(VECTORS[:8], 2, axis=0)
    y = Y[:16]
    for targets, vectors in ((Y, VECTORS), (y, tied)):
        counted = [i for i in range(len(targets)) if (targets == targets[i]).sum() > 1]
        expected = np.mean([chance(targets, vectors, i, k) for i in counted])
        task = Task("embedding", f"retrieval_recall(k={k})")
        found = evaluate(task, targets, vectors, reference=3 * vectors)
        assert 0 < expected < 1
        assert found.value == pytest.approx(expected)
        assert found.ci95[0] < found.value < found.ci95[1]
        assert found.drop == pytest.approx(0)  # length does not count
    assert metric_for(Task("embedding", "retrieval_recall")).value(Y, VECTORS) == pytest.approx(
        recall_at(Y, VECTORS, 1)[:, 0].mean()
    )


def test_equal_vectors_find_as_many_as_chance_does() -> None:
    expected = np.mean([((each == Y).sum() - 1) / 39 for each in Y])
    for vectors in (np.ones((40, 6)), np.ones((40, 6)) * RNG.random((40, 1))):
        assert recall_at(Y, vectors, 1)[:, 0].mean() == pytest.approx(expected)


def test_empty_vectors_find_nothing_and_are_found_last() -> None:
    vectors = np.eye(4)[[0, 0, 1, 1]]
    vectors[3] = 0
    assert recall_at(np.array([0, 0, 1, 1]), vectors, 1)[:, 0].tolist() == [1, 1, 0, 0]
    vectors[3] = np.nan
    assert recall_at(np.array([0, 0, 1, 1]), vectors, 1)[:, 0].tolist() == [1, 1, 0, 0]


def test_samples_whose_class_no_other_has_do_not_count() -> None:
    assert recall_at(np.array([0, 0, 7]), np.eye(3)[[0, 0, 0]], 5).tolist() == [
        [1, 1],
        [1, 1],
        [0, 0],
    ]
    with pytest.raises(DataError, match="needs two samples of a class"):
        evaluate(Task("embedding", "retrieval_recall"), np.arange(3), np.eye(3))
    with pytest.raises(ConfigError, match="k = 0"):
        metric_for(Task("embedding", "retrieval_recall(k=0)"))


def test_the_distance_to_a_teacher_is_that_of_directions() -> None:
    kind, task = kind_of("embedding"), Task("embedding", "retrieval_recall")
    other = VECTORS + RNG.normal(size=VECTORS.shape)
    pairs = zip(VECTORS, other, strict=True)
    cosines = [v @ w / np.linalg.norm(v) / np.linalg.norm(w) for v, w in pairs]
    assert kind.divergence(VECTORS, other) == pytest.approx(1 - np.mean(cosines))
    assert agreement(task, other, VECTORS) == pytest.approx(np.mean(cosines))
    assert agreement(task, 2 * VECTORS, VECTORS) == pytest.approx(1)
    assert agreement(task, -VECTORS, VECTORS) == 0
