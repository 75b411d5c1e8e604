"""Straight lines from predicted to measured."""

import pytest

from edgehone.search.correction import Line, fit, fit_ratio


def test_fit_recovers_a_line_from_many_points() -> None:
    predicted = [0.1, 0.2, 0.4, 0.8, 1.6]
    line = fit(predicted, [1.12 * p + 0.0125 for p in predicted])
    assert line.forward(0.5) == pytest.approx(1.12 * 0.5 + 0.0125, rel=0.02)


def test_fit_of_one_point_goes_through_it() -> None:
    line = fit([10.0], [14.0])
    assert line.forward(10.0) == pytest.approx(14.0, rel=1e-6)
    assert line.slope == pytest.approx(1.0)


def test_fit_of_nothing_changes_nothing() -> None:
    assert fit([], []) == Line(1.0, 0.0)


def test_fit_never_has_a_negative_slope() -> None:
    line = fit([1.0, 2.0, 3.0], [9.0, 5.0, 1.0])
    assert line.slope > 0


def test_backward_undoes_forward() -> None:
    line = Line(1.3, 0.2)
    assert line.backward(line.forward(0.7)) == pytest.approx(0.7)


def test_fit_ratio_is_the_median_and_ignores_zero_predictions() -> None:
    assert fit_ratio([1.0, 2.0, 0.0, 1.0], [3.0, 4.0, 9.0, 1.0]) == 2.0
    assert fit_ratio([0.0], [1.0]) is None


def test_fit_follows_the_points_that_weigh_more() -> None:
    near = fit([1.0, 1.1, 5.0], [2.0, 2.1, 5.0], [1.0, 1.0, 0.01])
    assert near.forward(1.05) == pytest.approx(2.05, rel=0.02)
