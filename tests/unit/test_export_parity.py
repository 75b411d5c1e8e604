import math

import numpy as np
import pytest

from edgehone.errors import DataError
from edgehone.export.parity import decibels, parities, parity
from edgehone.export.wrecked import judged


def test_parity_of_equal_outputs_has_no_error_and_no_ratio() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2]])
    found = parity(scores, scores, True)
    assert found == {
        "max_error": 0.0,
        "mean_error": 0.0,
        "snr_db": None,
        "worst": {"output": 0, "column": 0, "axis": -1, "of": 2, "snr_db": None},
        "agreement": 1.0,
        "skill": 1.0,
        "n": 2,
    }


def test_parity_measures_errors_and_ratio() -> None:
    reference = np.array([[3.0, 0.0], [0.0, 4.0]])
    found = parity(reference, np.array([[3.5, 0.0], [0.0, 4.0]]), False)
    assert found["max_error"] == 0.5
    assert found["mean_error"] == 0.125
    variance, noise = np.var([3.0, 0.0]), 0.5**2 / 2
    assert found["snr_db"] == pytest.approx(10 * math.log10(variance / noise))
    place = {"output": 0, "column": 0, "axis": -1, "of": 2}
    assert found["worst"] == {**place, "snr_db": found["snr_db"]}
    assert found["agreement"] is None


def test_parity_agrees_by_highest_score_or_by_one_sigmoid() -> None:
    assert parity(np.eye(3), np.eye(3)[[0, 2, 1]], True)["agreement"] == pytest.approx(1 / 3)
    one = np.array([[0.4], [0.6], [0.9], [0.1]])
    assert parity(one, 1 - one, True)["agreement"] == 0
    assert parity(one, one * 0.9, True)["agreement"] == 1


def test_parity_of_broken_outputs_is_plain_data() -> None:
    found = parity(np.ones((1, 2)), np.array([[np.nan, 1.0]]), True)
    assert found["max_error"] is None
    assert found["snr_db"] is None


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((0, 3), (0, 3)), ((2,), (2, 1))])
def test_parity_refuses_what_cannot_be_compared(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(DataError):
        parity(np.zeros(shapes[0]), np.zeros(shapes[1]), True)


def test_parities_are_the_worst_over_all_outputs() -> None:
    scores, values = np.eye(3), np.array([[1.0], [2.0], [3.0]])
    found = parities([scores, values], [scores[[0, 2, 1]], values + 0.5], [True, False])
    first, second = found["outputs"]
    assert (first["max_error"], second["max_error"]) == (1.0, 0.5)
    assert found["max_error"] == 1.0
    assert found["mean_error"] == pytest.approx((4 * 1.0 + 3 * 0.5) / 12)
    assert found["snr_db"] == min(first["snr_db"], second["snr_db"])
    assert found["agreement"] == first["agreement"] == pytest.approx(1 / 3)
    assert second["agreement"] is None
    assert parities([scores], [scores], [True]) == parity(scores, scores, True)


def test_parities_of_other_many_outputs_are_refused() -> None:
    with pytest.raises(DataError, match="2 outputs"):
        parities([np.eye(2)], [np.eye(2), np.eye(2)], [False])


def test_decibels_of_nothing_are_infinite() -> None:
    assert decibels(1, 0) == decibels(0, 0) == math.inf
    assert decibels(0, 1) == decibels(1, math.nan) == -math.inf
    assert decibels(100, 1) == pytest.approx(20)


def test_labels_that_are_decided_each_by_itself_agree_label_by_label() -> None:
    wanted = np.array([[0.9, 0.2, 0.4], [0.8, 0.1, 0.6], [0.2, 0.3, 0.7], [0.7, 0.4, 0.3]])
    found = wanted.copy()
    found[0, 2], found[1, 2], found[2, 0] = 0.6, 0.4, 0.6  # two of the last label, one of the first
    same = parity(wanted, found, labels=False, probabilities=True, threshold=0.5, decided=True)
    assert same["label_agreement"] == [0.75, 1.0, 0.5]
    assert same["agreement"] == pytest.approx(0.75)
    logits = parity(wanted - 0.5, found - 0.5, labels=False, threshold=0.0, decided=True)
    assert logits["label_agreement"] == same["label_agreement"]
    assert "label_agreement" not in parity(wanted, found, labels=False)
    broken = np.where(found == found[0, 0], np.nan, found)
    text = parity(wanted, broken, labels=False, probabilities=True, threshold=0.5, decided=True)
    assert text["label_agreement"] == [0.5, 1.0, 0.5]


def test_decisions_do_not_change_by_what_a_file_of_probabilities_is_judged() -> None:
    wanted = np.random.default_rng(0).random((50, 3))
    text = parity(wanted, wanted * 0, labels=False, probabilities=True, threshold=2.0, decided=True)
    assert text["agreement"] == 1.0  # a rare label is never decided for, by either
    assert judged(text, "int8").verdict == "wrecked"
