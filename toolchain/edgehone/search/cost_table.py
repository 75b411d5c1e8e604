"""Cost of every layer shape in question, measured alone on the device, in one batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np

from edgehone.precisions import family, surroundings
from edgehone.search.space import (
    GroupChoice,
    LayerChoice,
    Space,
    factors,
    saves,
)
from edgehone.system.files import write_whole
from edgehone.values import LayerSpec, Plain

Key = tuple[LayerSpec, str, str]
"""A layer's shape, its precision, and the one around it if its borders need conversions."""

MOST_PRICES = 1500
"""Shapes measured at most; beyond it some channel counts are interpolated instead."""


@dataclass(frozen=True)
class CostTable:
    """Measured costs by layer shape and precision; other channel counts are interpolated.

    All are milliseconds, or all instructions, as the device has been asked.

    Between measured counts of one kind of layer: least squares of a + b * inputs + c * outputs +
    d * inputs * outputs in relative error. refused says which precisions cannot be had, and why.
    """

    prices: Mapping[Key, float]
    refused: Mapping[Key, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fits", {})

    def cost(self, spec: LayerSpec, precision: str, default: str = "") -> float | None:
        """The cost of one layer in a file of that default precision (none: the layer's own),
        or None where the format has no such layer.
        """
        among = surroundings(precision, default or precision)
        exact = self.prices.get((spec, precision, among))
        if exact is not None:
            return exact
        fits: dict[Key, tuple[float, ...] | None] = self.__dict__["_fits"]
        kind = (_kind(spec), precision, among)
        if kind not in fits:
            fits[kind] = self._fit(kind)
        line = fits[kind]
        if line is None:
            return None
        a, b, c, d = line
        i, o = spec.in_channels, spec.out_channels
        return max(a + b * i + c * o + d * i * o, 1e-6)

    def _fit(self, kind: Key) -> tuple[float, ...] | None:
        points = [
            (spec.in_channels, spec.out_channels, price)
            for (spec, precision, among), price in self.prices.items()
            if (_kind(spec), precision, among) == kind
        ]
        if not points:
            return None
        i, o, price = np.array(points, float).T
        rows = np.column_stack([np.ones_like(i), i, o, i * o]) / price[:, None]
        found = np.linalg.lstsq(rows, np.ones_like(price), rcond=None)[0]
        return tuple(float(value) for value in found)

    def as_plain(self) -> Plain:
        """The table as plain data."""
        return {
            "prices": [[asdict(s), p, a, price] for (s, p, a), price in self.prices.items()],
            "refused": [[asdict(s), p, a, why] for (s, p, a), why in self.refused.items()],
        }

    @staticmethod
    def from_plain(data: Plain) -> "CostTable":
        """The table from what `as_plain` gave."""
        prices = {(_spec(s), str(p), str(a)): float(price) for s, p, a, price in data["prices"]}
        refused = {(_spec(s), str(p), str(a)): str(why) for s, p, a, why in data["refused"]}
        return CostTable(prices, refused)


def keys_of(space: Space) -> tuple[Key, ...]:
    """Every layer shape and precision that some plan of the space could hold.

    When there are more than MOST_PRICES, every second channel count is left out, again and again,
    smallest and largest staying, until there are no more than that or nothing is left to drop.
    """
    thinning = 1
    while True:
        options = {g.name: _thinned(g, thinning) for g in space.groups}
        keys = {
            key
            for layer in space.layers
            for key in _keys_of_layer(layer, options, _settings(space))
        }
        if len(keys) <= MOST_PRICES or all(len(o) <= 2 for o in options.values()):
            return tuple(sorted(keys, key=repr))
        thinning *= 2


def build(
    space: Space,
    make: Callable[[LayerSpec, str, str], bytes | str],
    price: Callable[[Sequence[Path]], Sequence[float | str]],
    folder: Path,
    suffix: str,
) -> CostTable:
    """Make one small model per key with `make`, have all of them priced in one batch.

    make gives a file's content, or why there is none; price gives the cost of each file, or the
    device's error.
    """
    prices: dict[Key, float] = {}
    refused: dict[Key, str] = {}
    files: dict[Key, Path] = {}
    for number, key in enumerate(keys_of(space)):
        made = make(*key)
        if isinstance(made, str):
            refused[key] = made
            continue
        files[key] = folder / f"{number:05d}{suffix}"
        write_whole(files[key], made)
    for key, result in zip(files, price(list(files.values())), strict=True):
        if isinstance(result, str):
            refused[key] = result
        else:
            prices[key] = result
    return CostTable(prices, refused)


def _keys_of_layer(
    layer: LayerChoice, options: Mapping[str, Sequence[int]], settings: set[tuple[str, str]]
) -> set[Key]:
    shapes = set()
    groups = layer.groups if len(layer.groups) <= 2 else layer.groups[-1:]
    full = {name: max(options[name]) for name in layer.groups}
    for counts in product(*(options[name] for name in groups)):
        shapes.add(layer.cut({**full, **dict(zip(groups, counts, strict=True))}))
    for name in set(layer.groups) - set(groups):
        shapes.update(layer.cut({**full, name: count}) for count in options[name])
    parts = {
        part
        for shape, rank in product(shapes, layer.ranks)
        if rank == 0 or saves(shape, rank)
        for part in factors(shape, rank)
    }
    return {(part, *setting) for part, setting in product(parts, settings)}


def _settings(space: Space) -> set[tuple[str, str]]:
    """Every precision with the surroundings that some file of the space gives it."""
    return {
        (precision, surroundings(precision, default))
        for default in space.precisions
        for precision in {*family(default)} & {*space.precisions}
    }


def _thinned(group: GroupChoice, thinning: int) -> tuple[int, ...]:
    middle = group.options[1:-1][:: max(thinning, 1)] if thinning < 8 else ()
    return tuple(dict.fromkeys((group.options[0], *middle, group.options[-1])))


def _kind(spec: LayerSpec) -> LayerSpec:
    return replace(spec, in_channels=0, out_channels=0)


def _spec(data: Plain) -> LayerSpec:
    return LayerSpec(**{**data, "kernel": tuple(data["kernel"]), "strides": tuple(data["strides"])})
