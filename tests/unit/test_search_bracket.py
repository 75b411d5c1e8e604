"""Which target comes next."""

from math import sqrt

import pytest

from edgehone.search.bracket import Asked, next_target


def test_next_target_starts_at_the_geometric_middle() -> None:
    assert next_target([], 1.0, 16.0) == pytest.approx(4.0)


def test_next_target_goes_down_after_success_and_up_after_failure() -> None:
    assert next_target([Asked(4.0, kept=True)], 1.0, 16.0) == pytest.approx(2.0)
    assert next_target([Asked(4.0, kept=False)], 1.0, 16.0) == pytest.approx(8.0)


def test_next_target_stays_between_best_kept_and_worst_failed() -> None:
    asked = [Asked(4.0, kept=True), Asked(2.0, kept=False), Asked(8.0, kept=False)]
    assert next_target(asked, 1.0, 16.0) == pytest.approx(sqrt(8.0))


def test_next_target_ends_when_the_bracket_is_closed() -> None:
    assert next_target([Asked(4.0, kept=True), Asked(3.9, kept=False)], 1.0, 16.0) is None
    assert next_target([], 5.0, 5.0) is None


def test_next_target_ends_after_every_round_halves_the_bracket() -> None:
    asked: list[Asked] = []
    while (target := next_target(asked, 1.0, 100.0)) is not None:
        asked.append(Asked(target, kept=target > 7.0))
        assert len(asked) < 12
    kept = min(a.target for a in asked if a.kept)
    assert 7.0 < kept < 7.0 * 1.09
