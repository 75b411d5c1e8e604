"""Which shapes of a table are measured, and how far the others are from what they would cost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.search.cost_grid import DIVISIONS, TOLERANCE, filled
from edgehone.search.cost_table import CostTable, Key
from edgehone.values import LayerSpec

CONV = LayerSpec("conv", 8, 8, 16, 32, (3, 3))
WIDTHS = tuple(range(8, 72, 8))


class Meter:
    """Measures by a formula, and keeps what was asked in each batch."""

    def __init__(self, cost: Callable[[LayerSpec], float | str]) -> None:
        self.cost = cost
        self.batches: list[list[Key]] = []

    def __call__(self, keys: Sequence[Key]) -> dict[Key, float | str]:
        self.batches.append(list(keys))
        return {key: self.cost(key[0]) for key in keys}

    @property
    def asked(self) -> list[Key]:
        return [key for batch in self.batches for key in batch]


def keys(counts: Sequence[tuple[int, int]], precision: str = "int8") -> list[Key]:
    return [(replace(CONV, in_channels=i, out_channels=o), precision, "") for i, o in counts]


def smooth(spec: LayerSpec) -> float:
    return 0.01 + 1e-4 * spec.in_channels + 1e-5 * spec.in_channels * spec.out_channels


def stepped(spec: LayerSpec) -> float:
    """As if the kernel computed 32 channels at a time."""
    return 0.01 + 1e-4 * spec.in_channels * ceil(spec.out_channels / 32)


GRID = keys(list(product(WIDTHS, WIDTHS)))


def test_a_smooth_surface_is_measured_at_a_few_shapes_and_interpolated_between() -> None:
    meter = Meter(smooth)
    table = filled(GRID, meter)
    assert len(meter.asked) < 10
    assert table.interpolated == {*GRID} - {*meter.asked}
    for spec, precision, _ in GRID:
        assert table.cost(spec, precision) == pytest.approx(smooth(spec))


def test_a_stepped_surface_is_measured_where_it_steps() -> None:
    meter = Meter(stepped)
    table = filled(GRID, meter)
    assert 10 < len(meter.asked) <= len(GRID)
    errors = [abs(table.prices[key] / stepped(key[0]) - 1) for key in GRID]
    assert sum(error <= TOLERANCE for error in errors) > 0.9 * len(GRID)
    assert len(meter.asked) == len({*meter.asked})  # nothing twice
    assert len(meter.batches) <= DIVISIONS + 1


def test_no_tolerance_measures_everything_that_is_not_exactly_so() -> None:
    meter = Meter(lambda spec: 1.0 + (spec.in_channels * spec.out_channels) ** 2)
    assert filled(GRID, meter, tolerance=0.0).interpolated == frozenset()
    assert {*meter.asked} == {*GRID}


def test_a_straight_line_of_shapes_is_a_cell_too() -> None:
    line = [
        (replace(CONV, kind="depthwise", in_channels=n, out_channels=n), "int8", "")
        for n in range(8, 136, 8)
    ]
    meter = Meter(lambda spec: 0.02 + 1e-3 * spec.in_channels)
    table = filled(line, meter)
    assert len(meter.asked) == 5
    for key in line:
        assert table.prices[key] == pytest.approx(0.02 + 1e-3 * key[0].in_channels)


def test_what_cannot_be_measured_is_refused_and_its_neighbours_are_measured() -> None:
    meter = Meter(lambda spec: "it crashed" if spec.in_channels == 8 else smooth(spec))
    table = filled(GRID, meter)
    assert {key for key in GRID if key[0].in_channels == 8} == {*table.refused}
    assert {*table.prices} == {*GRID} - {*table.refused}
    assert {*table.refused.values()} == {"it crashed"}


def test_precisions_and_kinds_are_surfaces_of_their_own() -> None:
    other = [(replace(spec, kernel=(1, 1)), p, a) for spec, p, a in GRID]
    floats = [(spec, "float32", "int8") for spec, _, _ in GRID]
    meter = Meter(smooth)
    table = filled([*GRID, *other, *floats], meter)
    assert len(meter.batches) == 1
    assert len(meter.asked) == 3 * len(
        filled(GRID, Meter(smooth)).prices.keys() - table.interpolated
    )


@given(
    st.sets(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=60),
    st.integers(0, 3),
)
def test_every_shape_gets_a_cost_whatever_the_shapes_are(
    counts: set[tuple[int, int]], seed: int
) -> None:
    asked = keys(sorted(counts))
    meter = Meter(lambda spec: 1 + (spec.in_channels * 31 + spec.out_channels * 17 + seed) % 5)
    table = filled(asked, meter)
    assert {*table.prices} == {*asked}
    assert table.interpolated == {*asked} - {*meter.asked}
    assert all(1 <= cost <= 5 for cost in table.prices.values())


def test_nothing_is_measured_for_an_empty_table() -> None:
    assert filled([], Meter(smooth)) == CostTable({})
