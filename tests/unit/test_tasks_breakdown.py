"""Pairs of classes, curves and errors of outputs, counted one by one."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.tasks.breakdown import MOST_PAIRS, MOST_POINTS, breakdown
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.ranking import auc

Array = NDArray[Any]
RNG = np.random.default_rng(1)


def scores(y: Array, classes: int, noise: float) -> Array:
    return np.eye(classes)[y] + noise * RNG.random((*y.shape, classes))


@pytest.mark.parametrize("shape", [(70,), (9, 4, 3)])
def test_every_pair_of_classes_is_counted(shape: tuple[int, ...]) -> None:
    y = RNG.integers(0, 4, shape)
    before, after = scores(y, 4, 1.5), scores(y, 4, 3)
    kind = kind_of("classification" if len(shape) == 1 else "segmentation(void=9)")
    void = y.copy()
    if len(shape) > 1:
        void[:, 0] = -1
    found = breakdown(kind, void, before, after)
    json.dumps(found)
    counted = {(t, g): (b, a) for t, g, b, a in found["confusion"]["cells"]}
    for true in range(4):
        for given in range(4):
            there = void == true
            expected = tuple(
                int((there & (each.argmax(-1) == given)).sum()) for each in (before, after)
            )
            assert counted.get((true, given), (0, 0)) == expected
    assert found["confusion"]["classes"] == 4


def test_of_many_classes_those_confused_most_are_kept() -> None:
    y = RNG.integers(0, 40, 3000)
    before, after = scores(y, 40, 1), scores(y, 40, 4)
    cells = breakdown(kind_of("classification"), y, before, after)["confusion"]["cells"]
    assert len(cells) == MOST_PAIRS
    assert all(true != given for true, given, _, _ in cells)
    sizes = [max(b, a) for _, _, b, a in cells]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("kind", ["binary", "anomaly"])
def test_curves_are_those_of_all_thresholds_thinned(kind: str) -> None:
    y = RNG.integers(0, 2, 500)
    before, after = (y + size * RNG.normal(size=500) for size in (0.5, 1.5))
    found = breakdown(kind_of(kind), y, before[:, None], after[:, None])["roc"]
    assert found["before"]["auc"] == pytest.approx(auc(y, before))
    assert found["after"]["auc"] < found["before"]["auc"]
    for curve in found.values():
        assert len(curve["fpr"]) == len(curve["tpr"]) <= MOST_POINTS
        assert (curve["fpr"][0], curve["tpr"][0]) == (0, 0)
        assert (curve["fpr"][-1], curve["tpr"][-1]) == (1, 1)
        assert curve["fpr"] == sorted(curve["fpr"])
    assert "roc" not in breakdown(
        kind_of(kind), np.zeros(500, int), before[:, None], after[:, None]
    )


def test_each_output_has_its_error() -> None:
    y = RNG.normal(size=(30, 3))
    before, after = y + 0.1, y + np.array([0.1, 0.5, -0.3])
    rows = breakdown(kind_of("regression"), y, before, after)["outputs"]
    assert [row["after"] for row in rows] == pytest.approx([0.1, 0.5, 0.3])
    assert [row["drop"] for row in rows] == pytest.approx([0, 0.4, 0.2])
    assert breakdown(kind_of("regression"), y[:, :1], before[:, :1], after[:, :1]) == {}


def test_outputs_that_are_not_numbers_have_no_parts() -> None:
    y = RNG.integers(0, 2, 20)
    good, bad = np.eye(2)[y], np.full((20, 2), np.nan)
    assert breakdown(kind_of("classification"), y, good, bad) == {}
    assert breakdown(kind_of("embedding"), y, good, good) == {}
