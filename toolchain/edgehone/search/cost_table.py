"""Cost of every layer shape in question, measured alone on the device or interpolated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from edgehone.precisions import family, surroundings
from edgehone.search.decisions._base import Decision
from edgehone.search.plan import LayerChoice, Option, Plan
from edgehone.search.space import PRECISION, Space
from edgehone.values import LayerSpec

Key = tuple[LayerSpec, str, str]
"""A layer's shape, its precision, and the one around it if its borders need conversions."""

Options = Mapping[str, Mapping[str, tuple[Option, ...]]]

LEAST_SHARE = 0.05
"""Share of a price that is a layer's own at least, however large the overhead."""

MOST_PRICES = 1500
"""Shapes measured at most; beyond it some channel counts are interpolated instead."""


@dataclass(frozen=True)
class CostTable:
    """Measured costs by layer shape and precision; other channel counts are interpolated.

    All are milliseconds, or all instructions, as the device has been asked.

    Between measured counts of one kind of layer: least squares of a + b * inputs + c * outputs +
    d * inputs * outputs in relative error. refused says which precisions cannot be had, and why;
    interpolated: those of the prices that were not measured (`edgehone.search.cost_grid`).
    overhead: by precision of a file, the part of every price that an inference costs beside its
    operators (`edgehone.search.overhead`): a file has it once, so a layer's cost is without it.
    noise: how far one price is from what another measurement of it says, as a share of it.
    """

    prices: Mapping[Key, float]
    refused: Mapping[Key, str] = field(default_factory=dict)
    interpolated: frozenset[Key] = frozenset()
    overhead: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fits", {})

    def cost(self, spec: LayerSpec, precision: str, default: str = "") -> float | None:
        """The cost of one layer in a file of that default precision (none: the layer's own),
        without the overhead of an inference; None where the format has no such layer.
        """
        price = self._price(spec, precision, default or precision)
        if price is None:
            return None
        own = price - self.overhead.get(default or precision, 0.0)
        return max(own, LEAST_SHARE * price, 1e-6)

    def lacking(self, keys: Iterable[Key]) -> tuple[Key, ...]:
        """Those of the keys that were not measured, in order: interpolated ones, and those that lie
        on the surface of their kind.
        """
        exact = {*self.prices} - self.interpolated
        return tuple(k for k in dict.fromkeys(keys) if k not in exact and k not in self.refused)

    def with_measured(self, found: Mapping[Key, float | str]) -> "CostTable":
        """The table with costs that were measured, or refused, in the place of its own."""
        known = {key: cost for key, cost in found.items() if not isinstance(cost, str)}
        refused = {key: cost for key, cost in found.items() if isinstance(cost, str)}
        return replace(
            self,
            prices={**self.prices, **known},
            refused={**self.refused, **refused},
            interpolated=self.interpolated - {*found},
        )

    def _price(self, spec: LayerSpec, precision: str, default: str) -> float | None:
        """What the layer costs alone: measured, interpolated, or by the surface of its kind."""
        among = surroundings(precision, default)
        exact = self.prices.get((spec, precision, among))
        if exact is not None:
            return exact
        fits: dict[Key, tuple[float, ...] | None] = self.__dict__["_fits"]
        kind = (kind_of(spec), precision, among)
        if kind not in fits:
            fits[kind] = self._fit(kind)
        line = fits[kind]
        if line is None:
            return None
        a, b, c, d = line
        i, o = spec.in_channels, spec.out_channels
        return a + b * i + c * o + d * i * o

    def _fit(self, kind: Key) -> tuple[float, ...] | None:
        points = [
            (spec.in_channels, spec.out_channels, price)
            for (spec, precision, among), price in self.prices.items()
            if (kind_of(spec), precision, among) == kind
        ]
        if not points:
            return None
        i, o, price = np.array(points, float).T
        rows = np.column_stack([np.ones_like(i), i, o, i * o]) / price[:, None]
        found = np.linalg.lstsq(rows, np.ones_like(price), rcond=None)[0]
        return tuple(float(value) for value in found)


def keys_of(space: Space) -> tuple[Key, ...]:
    """Every layer shape and precision that some plan of the space could hold.

    When there are more than MOST_PRICES, every second channel count is left out, again and again,
    smallest and largest staying, until there are no more than that or nothing is left to drop.
    """
    thinning = 1
    while True:
        options = _options(space, thinning)
        every = (*space.layers, *space.operators)
        parts = {part for layer in every for part in _parts(space, layer, options)}
        keys = {(part, *setting) for part, setting in product(parts, _settings(space))}
        shared = [options[d.NAME] for d in space.decisions if d.SHARED and d.NAME in options]
        if len(keys) <= MOST_PRICES or all(len(o) <= 2 for s in shared for o in s.values()):
            return tuple(sorted(keys, key=repr))
        thinning *= 2


def keys_of_plan(space: Space, plan: Plan) -> tuple[Key, ...]:
    """Every layer shape and precision that a plan's file has."""
    found = []
    for layer in (*space.layers, *space.operators):
        piece = space.made(layer, plan.choices, plan.default)
        among = surroundings(piece.precision, plan.default)
        found += [(part, piece.precision, among) for part in piece.parts]
    return tuple(dict.fromkeys(found))


def _options(space: Space, thinning: int) -> Options:
    """Technique -> subject -> the options whose shapes are measured; precisions have no shape."""
    return {
        decision.NAME: {
            name: _thinned(options, thinning) if decision.SHARED else options
            for name, options in _priced(decision, thinning).items()
        }
        for decision in space.decisions
        if decision.NAME != PRECISION and not decision.WHOLE
    }


def _priced(decision: Decision, thinning: int) -> Mapping[str, tuple[Option, ...]]:
    """Options by subject; those that only a promotion gives are the first to go."""
    names = decision.subjects
    return names if thinning > 1 else {name: decision.priced(name) for name in names}


def _parts(space: Space, layer: LayerChoice, options: Options) -> set[LayerSpec]:
    """All shapes that some plan makes of a layer. Of more than two shared subjects the last is
    combined with the layer's own, and each of the others is varied alone.
    """
    start = space.unchanged("float32").choices
    shared, own = list[tuple[str, str]](), list[tuple[str, str]]()
    for decision in space.decisions:
        if decision.NAME in options:
            names = [(decision.NAME, name) for name in decision.concerns(layer)]
            (shared if decision.SHARED else own).extend(names)
    together = shared if len(shared) <= 2 else shared[-1:]
    found = set[LayerSpec]()
    for names in (together, *([name] for name in shared if name not in together)):
        varied = [*names, *own]
        for chosen in product(*(options[technique][name] for technique, name in varied)):
            choices = {technique: dict(each) for technique, each in start.items()}
            for (technique, name), option in zip(varied, chosen, strict=True):
                choices[technique][name] = option
            found.update(space.made(layer, choices, "float32").parts)
    return found


def _settings(space: Space) -> set[tuple[str, str]]:
    """Every precision with the surroundings that some file of the space gives it."""
    return {
        (precision, surroundings(precision, default))
        for default in space.precisions
        for precision in {*family(default)} & {*space.precisions}
    }


def _thinned(options: tuple[Option, ...], thinning: int) -> tuple[Option, ...]:
    middle = options[1:-1][:: max(thinning, 1)] if thinning < 8 else ()
    return tuple(dict.fromkeys((options[0], *middle, options[-1])))


def kind_of(spec: LayerSpec) -> LayerSpec:
    """What layers have in common that differ in channels alone."""
    return replace(spec, in_channels=0, out_channels=0)
