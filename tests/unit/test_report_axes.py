import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.report.axes import around


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=8), st.booleans())
def test_every_value_lies_on_the_axis_and_pixels_invert(values: list[float], may_log: bool) -> None:
    axis = around(values, 500, may_log=may_log)
    for value in values:
        assert 0 <= axis.pixel(value) <= 500
        assert axis.value(axis.pixel(value)) == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_a_wide_span_becomes_logarithmic_only_where_allowed() -> None:
    assert around([1, 100], 100, may_log=True).log
    assert not around([1, 100], 100).log
    assert not around([1, 3], 100, may_log=True).log
    assert not around([-1, 100], 100, may_log=True).log


def test_logarithmic_ticks_are_round_and_on_the_axis() -> None:
    axis = around([0.03, 0.9], 100, may_log=True)
    assert axis.ticks() == pytest.approx([0.05, 0.1, 0.2, 0.5, 1.0])


def test_an_axis_around_nothing_or_one_value_still_has_a_length() -> None:
    for values in ([], [5.0], [0.0]):
        axis = around(values, 100)
        assert axis.high > axis.low
