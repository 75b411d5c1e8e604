import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.report import numbers


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.0781, "ms", "78.1 µs"),
        (12.34, "ms", "12.3 ms"),
        (1500.0, "ms", "1.50 s"),
        (93_056, "bytes", "90.9 KiB"),
        (512, "bytes", "512 B"),
        (1_200_000, "count", "1.20 M"),
        (None, "bytes", numbers.ABSENT),
    ],
)
def test_in_unit_chooses_the_unit_that_suits(value: float | None, kind: str, text: str) -> None:
    assert numbers.in_unit(value, kind) == text


def test_a_column_has_one_unit_and_the_same_decimals_all_the_way_down() -> None:
    unit, cells = numbers.column([0.255, 0.0781, None], "ms")
    assert (unit, cells) == ("µs", ["255.0", "78.1", numbers.ABSENT])


def test_a_column_keeps_its_smallest_value_readable_beside_a_large_one() -> None:
    unit, cells = numbers.column([30.0, 0.05], "ms")
    assert unit == "µs"
    assert cells == ["30,000.0", "50.0"]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("latency_p50_ms", 0.0439, "43.9 µs"),
        ("size_bytes", 204_800, "200 KiB"),
        ("accuracy", 0.912, "91.2 %"),
        ("accuracy_drop", 0.02, "2 points"),
        ("accuracy_drop", 0.01, "1 point"),
        ("accuracy_drop", -0.01, f"{numbers.MINUS}1 point"),
        ("accuracy_drop", -0.0015, f"{numbers.MINUS}0.15 points"),
        ("instructions", 1_234_567, "1,234,567"),
        ("mae", 0.01234, "0.0123"),
    ],
)
def test_quantity_writes_each_metric_in_its_own_unit(metric: str, value: float, text: str) -> None:
    assert numbers.quantity(metric, value) == text


def test_an_interval_repeats_its_unit_only_when_the_ends_differ() -> None:
    assert numbers.interval("latency_p50_ms", (0.0772, 0.079)) == "77.2 to 79.0 µs"
    assert numbers.interval("latency_p50_ms", (0.9, 1.1)) == "900 µs to 1.10 ms"
    assert numbers.interval("latency_p50_ms", None) == numbers.ABSENT
    assert numbers.interval("accuracy_drop", (-0.01, 0.01)) == f"{numbers.MINUS}1 to 1 point"
    assert numbers.interval("accuracy_drop", (0.01, 0.015)) == "1 to 1.5 points"
    assert numbers.interval("accuracy_drop", (0.005, 0.01)) == "0.5 to 1 points"


def test_a_drop_of_an_error_is_no_fraction() -> None:
    assert numbers.quantity("accuracy_drop", 0.02, "mae") == "0.0200"
    assert numbers.quantity("accuracy", 0.5, "python:mine:score") == "0.500"
    assert numbers.quantity("agreement", 0.5, "mae") == "50 %"
    assert numbers.interval("accuracy_drop", (0.01, 0.02), "mae") == "0.0100 to 0.0200"


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    assert numbers.signed(-0.0004, 2, plus=True) == "0.00"
    assert numbers.points(-0.013) == f"{numbers.MINUS}1.3 points"
    assert numbers.points(0.013) == "+1.3 points"


def test_figures_writes_tiny_numbers_with_a_power_of_ten_and_nothing_for_infinity() -> None:
    assert numbers.figures(8.9e-8) == "8.9e-08"
    assert numbers.figures(1234.4) == "1,234"
    assert numbers.figures(float("inf")) == numbers.ABSENT
    assert numbers.figures(0.0) == "0"


@given(st.floats(1e-6, 1e9), st.sampled_from(["ms", "bytes", "count"]))
def test_in_unit_is_never_off_by_more_than_its_last_digit(value: float, kind: str) -> None:
    number, _, unit = numbers.in_unit(value, kind).partition(" ")
    scale = dict(numbers.SCALES[kind])[unit]
    assert float(number.replace(",", "")) * scale == pytest.approx(
        value, rel=6e-3, abs=0.51 * scale
    )
