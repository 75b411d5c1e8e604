"""Mean average precision against a slow, plain reference, and what a decoder may not return."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.errors import ConfigError, DataError, ExecutionError
from edgehone.tasks import boxes
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.values import Task

Array = NDArray[Any]
Found = tuple[float, int, list[float], int]
"""Score, class, corners and sample of one box found."""

DECODER = """
import numpy as np

def rows(outputs):
    return outputs[..., :4], outputs[..., 4], outputs[..., 5]

def two(outputs):
    return outputs[..., :4], outputs[..., 4]

def fails(outputs):
    raise KeyError("scores")
"""


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A task whose outputs are boxes already."""
    (tmp_path / "my_boxes.py").write_text(DECODER)
    monkeypatch.chdir(tmp_path)
    yield "detection(decoder='python:my_boxes:rows')"
    sys.modules.pop("my_boxes", None)


def scene(samples: int = 14, seed: int = 2) -> tuple[Array, Array]:
    """Up to four boxes a sample of three classes; and six found, near them or anywhere."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 12, (samples, 4, 2))
    truth = np.concatenate([low, low + rng.integers(4, 9, low.shape)], axis=2).astype(float)
    classes = rng.integers(0, 3, (samples, 4, 1))
    classes[rng.random(classes.shape) < 0.3] = -1
    classes[0] = -1  # a sample with nothing in it
    near = truth[:, [0, 1, 2, 3, 0, 1]] + rng.integers(-2, 3, (samples, 6, 4))
    scores = rng.integers(1, 9, (samples, 6, 1)) / 10  # many of them equal
    given = classes[:, [0, 1, 2, 3, 0, 1]]
    given = np.where(rng.random(given.shape) < 0.2, rng.integers(0, 3, given.shape), given)
    return np.concatenate([truth, classes], axis=2), np.concatenate([near, scores, given], axis=2)


def iou(a: list[float], b: list[float]) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [max(0.0, c[2] - c[0]) * max(0.0, c[3] - c[1]) for c in (a, b)]
    either = sum(areas) - wide * high
    return wide * high / either if either else 0.0


def precision_of(truth: Array, found: Array, label: int, least: float) -> float:
    """Average precision of one class, box by box."""
    outcome: list[tuple[float, bool]] = []
    for wanted, given in zip(truth.tolist(), found.tolist(), strict=True):
        free = [box[:4] for box in wanted if box[4] == label]
        for box in sorted((b for b in given if b[5] == label), key=lambda b: -b[4]):
            shared = [iou(box[:4], each) for each in free]
            hit = bool(shared) and max(shared) >= least
            if hit:
                free.pop(shared.index(max(shared)))
            outcome.append((box[4], hit))
    count = int((truth[..., 4] == label).sum())
    points = []
    for threshold in {score for score, _ in outcome}:
        taken = [hit for score, hit in outcome if score >= threshold]
        points.append((sum(taken) / count, sum(taken) / len(taken)))
    return float(
        np.mean(
            [max((p for r, p in points if r >= at / 100 - 1e-12), default=0) for at in range(101)]
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_map_is_what_matching_box_by_box_gives(kind: str, seed: int) -> None:
    truth, found = scene(seed=seed)
    each = {
        least: np.mean([precision_of(truth, found, label, least) for label in range(3)])
        for least in np.arange(50, 100, 5) / 100
    }
    half = evaluate(Task(kind, "map50"), truth, found)
    assert 0.1 < half.value < 0.9
    assert half.value == pytest.approx(each[0.5])
    assert half.ci95[0] < half.value < half.ci95[1]
    assert metric_for(Task(kind, "map")).value(truth, found) == pytest.approx(
        np.mean(list(each.values()))
    )
    perfect = np.concatenate([truth[..., :4], np.ones((14, 4, 1)), truth[..., 4:]], axis=2)
    assert metric_for(Task(kind, "map")).value(truth, perfect[:, ::-1]) == pytest.approx(1)


def test_a_box_is_found_once_and_what_overlaps_nothing_never() -> None:
    one = np.array([[0.0, 0.0, 4.0, 4.0]])
    twice = boxes.hits(np.repeat(one, 2, axis=0), one, np.array([0.5, 0.9]))
    assert twice.tolist() == [[True, True], [False, False]]
    assert boxes.hits(one, one[:0], np.array([0.5])).tolist() == [[False]]
    flat = np.array([[1.0, 1.0, 1.0, 3.0]])
    assert boxes.overlap(flat, flat).tolist() == [[0.0]]
    assert np.isnan(boxes.average_precision(np.full((3, 2), -1), np.zeros((3, 1, 3))))


def test_targets_that_are_no_boxes_are_refused(kind: str) -> None:
    truth, _ = scene()
    detection = kind_of(kind)
    assert detection.targets(truth, "y", (6, 6)).dtype == np.float32
    centred = truth.copy()
    centred[..., 2:4] = 0.5
    odd = truth + np.array([0, 0, 0, 0, 0.5])
    for wrong, message in (
        (truth[:, 0], "boxes need"),
        (truth[..., :4], "boxes need"),
        (centred, "a box without area"),
        (odd, "a class that is not an integer"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            detection.targets(wrong, "y", None)
        assert caught.value.hint


def test_a_decoder_that_does_not_fit_is_told(kind: str) -> None:
    truth, found = scene()
    with pytest.raises(ConfigError, match="needs a function that reads boxes") as caught:
        evaluate(Task("detection", "map50"), truth, found)
    assert "detection(decoder='python:module:function')" in caught.value.hint
    for name, message in (("two", "returned arrays of shapes"), ("fails", "scores")):
        with pytest.raises(DataError, match=message):
            evaluate(Task(kind.replace(":rows", f":{name}"), "map50"), truth, found)
    with pytest.raises(ExecutionError, match="not all numbers"):
        evaluate(Task(kind, "map50"), truth, np.full_like(found, np.nan))
    with pytest.raises(DataError, match="needs a box to find"):
        evaluate(Task(kind, "map50"), np.where(truth < 0, truth, -1.0), found)
    with pytest.raises(ConfigError, match="no loss of its own") as caught:
        kind_of(kind).loss(None, "map50")
    assert "loss_function" in caught.value.hint
