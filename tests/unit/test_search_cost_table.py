"""The table of measured layer latencies."""

from dataclasses import replace

import pytest
from tests.search_worlds import Layer, space_of

from edgehone.search.cost_table import MOST_PRICES, CostTable, keys_of
from edgehone.search.decisions.factorize import rank_options
from edgehone.search.decisions.prune_channels import channel_options
from edgehone.search.space import Space
from edgehone.values import LayerSpec

CONV = LayerSpec("conv", 8, 8, 16, 32, (3, 3))


def space(width: int = 32) -> Space:
    groups, layers = parts(width)
    return space_of(groups, layers, ("int8", "float32"))


def parts(width: int, mark: str = "") -> tuple[dict[str, tuple[int, ...]], list[Layer]]:
    a, b = f"{mark}a", f"{mark}b"
    middle = LayerSpec("conv", 8, 8, width, width, (3, 3))
    ranks = rank_options(middle, 8)
    layers = [
        Layer(f"{mark}stem", LayerSpec("conv", 8, 8, 3, width, (3, 3)), {}, 3, a),
        Layer(f"{mark}mid", middle, {a: 1}, 0, b, ranks),
    ]
    return {name: channel_options(width, 8) for name in (a, b)}, layers


def test_keys_cover_every_plan_of_a_small_space() -> None:
    keys = set(keys_of(space()))
    for kept_a in (8, 16, 24, 32):
        for kept_b in (8, 16, 24, 32):
            cut = space().layers[1].cut({"a": kept_a, "b": kept_b})
            assert (cut, "int8", "") in keys
            assert (cut, "float32", "") in keys
            assert (cut, "float32", "int8") in keys


def test_keys_of_a_large_space_are_thinned_but_keep_the_ends() -> None:
    groups: dict[str, tuple[int, ...]] = {}
    layers: list[Layer] = []
    for number, width in enumerate(range(64, 512, 8)):
        more, others = parts(width, str(number))
        groups |= more
        layers += [replace(layer, ranks=(0,)) for layer in others]
    many = space_of(groups, layers, ("int8",))
    keys = keys_of(many)
    assert len(keys) <= MOST_PRICES
    assert (many.layers[1].cut({"0a": 64, "0b": 64}), "int8", "") in keys


def test_cost_interpolates_between_measured_counts() -> None:
    def true(spec: LayerSpec) -> float:
        return 0.01 + 1e-4 * spec.in_channels * spec.out_channels

    points = [replace(CONV, in_channels=i, out_channels=o) for i in (8, 16, 64) for o in (8, 64)]
    table = CostTable({(p, "int8", ""): true(p) for p in points})
    asked = replace(CONV, in_channels=32, out_channels=24)
    assert table.cost(asked, "int8") == pytest.approx(true(asked), rel=1e-3)
    assert table.cost(asked, "float32") is None
    assert table.cost(replace(asked, height=9), "int8") is None
