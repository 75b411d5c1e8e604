"""The table of measured layer latencies."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edgehone.search.cost_table import MOST_PRICES, CostTable, build, keys_of
from edgehone.search.space import GroupChoice, LayerChoice, Space, channel_options, rank_options
from edgehone.values import LayerSpec

CONV = LayerSpec("conv", 8, 8, 16, 32, (3, 3))


def space(width: int = 32) -> Space:
    a, b = (GroupChoice(n, width, channel_options(width, 8)) for n in "ab")
    middle = LayerSpec("conv", 8, 8, width, width, (3, 3))
    layers = (
        LayerChoice("stem", LayerSpec("conv", 8, 8, 3, width, (3, 3)), {}, 3, "a"),
        LayerChoice("mid", middle, {"a": 1}, 0, "b", rank_options(middle, 8)),
    )
    return Space((a, b), layers, ("int8", "float32"))


def made(spec: LayerSpec, precision: str, among: str) -> bytes | str:
    return "no such layer" if spec.in_channels == 24 else f"{spec} {precision} {among}".encode()


def priced(files: Sequence[Path]) -> list[float | str]:
    return [float(len(file.read_bytes())) for file in files]


def test_keys_cover_every_plan_of_a_small_space() -> None:
    keys = set(keys_of(space()))
    for kept_a in (8, 16, 24, 32):
        for kept_b in (8, 16, 24, 32):
            cut = space().layers[1].cut({"a": kept_a, "b": kept_b})
            assert (cut, "int8", "") in keys
            assert (cut, "float32", "") in keys
            assert (cut, "float32", "int8") in keys


def test_keys_of_a_large_space_are_thinned_but_keep_the_ends() -> None:
    many = [space(width) for width in range(64, 512, 8)]
    groups = tuple(replace(g, name=f"{i}{g.name}") for i, s in enumerate(many) for g in s.groups)
    layers = tuple(
        replace(
            layer,
            name=f"{i}{layer.name}",
            inputs={f"{i}{g}": n for g, n in layer.inputs.items()},
            output=f"{i}{layer.output}",
            ranks=(0,),
        )
        for i, s in enumerate(many)
        for layer in s.layers
    )
    keys = keys_of(Space(groups, layers, ("int8",)))
    assert len(keys) <= MOST_PRICES
    assert (layers[1].cut({"0a": 64, "0b": 64}), "int8", "") in keys


def test_build_keeps_prices_and_reasons(tmp_path: Path) -> None:
    table = build(space(), made, priced, tmp_path, ".tflite")
    cut = space().layers[1].cut({"a": 16, "b": 8})
    assert table.prices[cut, "int8", ""] == float(len(f"{cut} int8 "))
    assert "no such layer" in table.refused.values()


def test_cost_interpolates_between_measured_counts() -> None:
    def true(spec: LayerSpec) -> float:
        return 0.01 + 1e-4 * spec.in_channels * spec.out_channels

    points = [replace(CONV, in_channels=i, out_channels=o) for i in (8, 16, 64) for o in (8, 64)]
    table = CostTable({(p, "int8", ""): true(p) for p in points})
    asked = replace(CONV, in_channels=32, out_channels=24)
    assert table.cost(asked, "int8") == pytest.approx(true(asked), rel=1e-3)
    assert table.cost(asked, "float32") is None
    assert table.cost(replace(asked, height=9), "int8") is None


def test_table_survives_plain_data(tmp_path: Path) -> None:
    table = build(space(), made, priced, tmp_path, ".tflite")
    assert CostTable.from_plain(table.as_plain()).prices == table.prices
