"""The integer program: the choices of least predicted loss within limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from edgehone.search.decisions._base import Decision
from edgehone.search.memory import plan_memory_bytes
from edgehone.search.plan import LayerChoice, Losses, Option, Piece, Plan
from edgehone.search.shared_sums import carried_by_choice, memory_by_moment, operators_cost
from edgehone.search.space import Space
from edgehone.search.sums import Cost, Limits, costs_of, memory_of, size_of

Float = NDArray[np.float64]
Name = tuple[str, str]
"""A technique and one of its subjects."""

MOST_COMBINATIONS = 4000
"""Combinations of one layer above which the inputs' effect is estimated group by group instead."""

TIME_LIMIT_S = 20.0

TIGHTENED = 3
"""How often the limit on memory is lowered where a plan takes more than its values at any moment:
they do not always fit together without gaps, and what lies between two factors comes on top."""

SUMMED = ("cost", "size_bytes", "packed_bytes")
"""What is a sum over layers, each a row of the program."""


@dataclass(frozen=True)
class Question:
    """What the program is asked: the least loss over a space within limits, in a file of a default
    precision. around: a plan to stay near to, where there is one.
    """

    space: Space
    losses: Losses
    cost: Cost
    limits: Limits
    default: str
    around: "Region | None" = None


@dataclass(frozen=True)
class Region:
    """A trust region: the widths whose logarithms differ from the plan's by at most `radius` in the
    mean over all groups. Sensitivities hold near to where they were taken.
    """

    plan: Plan
    radius: float

    def distance(self, technique: str, subject: str, option: Option) -> float:
        """How far an option is from the plan's: |log ratio| of two numbers, else 0."""
        kept = self.plan.of(technique).get(subject)
        numbers = isinstance(option, int | float) and isinstance(kept, int | float)
        return abs(log(option / kept)) if numbers and option > 0 and kept > 0 else 0.0  # type: ignore[operator]  # both are numbers


@dataclass(frozen=True)
class _Column:
    """One combination of choices for a layer, as a variable of the program. kept: options of its
    shared subjects; options: those of its own, decision by decision; sums: as `SUMMED` names them.
    """

    layer: int
    kept: tuple[Option, ...]
    options: tuple[Option, ...]
    sums: tuple[float, ...]


Pair = tuple[int, tuple[Option, ...]]
"""A layer and the options of its own subjects."""


def solve(question: Question) -> Plan | None:
    """The plan of least predicted loss within the limits, or None when no plan is within them.

    A 0-1 program over x[shared subject, option] and, per layer, one variable for every combination
    of its shared subjects' options and its own, tied to x by their marginals; solved by HiGHS.
    Layers of more than two groups (behind wide concatenations) are counted by first-order
    differences.
    """
    if not question.space.layers:
        limits = question.limits
        possible = min(getattr(limits, name) for name in SUMMED) >= 0
        return question.space.unchanged(question.default) if possible else None
    limits, most = question.limits, question.limits.memory_bytes
    for _ in range(TIGHTENED + 1):
        program = _Program(replace(question, limits=limits))
        chosen = program.solve()
        plan = None if chosen is None else program.plan(chosen)
        if plan is None or not question.space.values or most == inf:
            return plan
        taken = plan_memory_bytes(question.space.values, question.space, plan)
        if taken <= most:
            return plan
        limits = replace(limits, memory_bytes=limits.memory_bytes * most / taken)
    return None


class _Program:
    """Columns and rows of the integer program, built once and solved once."""

    def __init__(self, question: Question) -> None:
        self.question, self.space = question, question.space
        self.x = [
            (name, option)
            for name in _shared(self.space)
            for option in self._decision(name).subjects[name[1]]
        ]
        self.place = {each: i for i, each in enumerate(self.x)}
        self.x_sums = np.zeros((len(SUMMED), len(self.x)))
        operators = operators_cost(self.space, question.cost, question.default, self.x)
        carried = carried_by_choice(self.space, question.default, self.x)
        self.x_sums += np.vstack([operators.steps, carried.steps, carried.steps])
        beside = (operators.whole[0], carried.whole[0], carried.whole[0])
        self.beside = dict(zip(SUMMED, map(float, beside), strict=True))
        self.columns: list[_Column] = []
        for index, layer in enumerate(self.space.layers):
            self.columns.extend(self._columns_of(index, layer))
        self.pairs: list[Pair] = sorted({(c.layer, c.options) for c in self.columns})

    def _decision(self, name: Name) -> Decision:
        return next(each for each in self.space.decisions if name[0] == each.NAME)

    def _own(self, layer: LayerChoice) -> list[Name]:
        """The subjects that are this layer's alone, in the order they are applied."""
        return [
            (each.NAME, subject)
            for each in self.space.decisions
            if not each.SHARED
            for subject in each.concerns(layer)
        ]

    def _concerning(self, layer: LayerChoice) -> list[Name]:
        """The shared subjects that this layer depends on."""
        return [
            (each.NAME, subject)
            for each in self.space.decisions
            if each.SHARED
            for subject in each.concerns(layer)
        ]

    def _allowed(self, name: Name) -> tuple[Option, ...]:
        return self._decision(name).allowed(name[1], self.question.default)

    def _columns_of(self, index: int, layer: LayerChoice) -> Iterator[_Column]:
        exact, own = self._exact(layer), self._own(layer)
        self._count_other_inputs(layer)
        whole = {name: self._decision(name).subjects[name[1]][0] for name in
                 self._concerning(layer)}  # fmt: skip
        for kept in product(*(self._allowed(name) for name in exact)):
            shared = {**whole, **dict(zip(exact, kept, strict=True))}
            for options in product(*(self._allowed(name) for name in own)):
                piece = self._piece(layer, {**shared, **dict(zip(own, options, strict=True))})
                if piece is not None and (sums := self._sums(piece)) is not None:
                    yield _Column(index, kept, options, sums)

    def _piece(self, layer: LayerChoice, chosen: Mapping[Name, Option]) -> Piece | None:
        """What the options make of the layer; None where one of them would change nothing."""
        piece = Piece((layer.spec,), self.question.default)
        for decision in self.space.decisions:
            names = decision.concerns(layer)
            options = {name: chosen[decision.NAME, name] for name in names}
            if not options:
                continue
            if not piece.parts:  # the layer is gone; of its own subjects one option is enough
                if not decision.SHARED and options != self._first(decision, names):
                    return None
                continue
            made = decision.applied(piece, layer, options)
            if made is piece and any(options[n] != decision.subjects[n][0] for n in names):
                return None
            piece = made
        return piece

    def _first(self, decision: Decision, names: Sequence[str]) -> Mapping[str, Option]:
        return {name: self._allowed((decision.NAME, name))[0] for name in names}

    def _sums(self, piece: Piece) -> tuple[float, ...] | None:
        """The piece's share of each sum; None where it does not fit or cannot be had."""
        default = self.question.default
        if memory_of(piece) > self.question.limits.memory_bytes:
            return None
        costs = costs_of(piece, self.question.cost, default)
        if None in costs and piece.precision != default:
            return None
        size = size_of(piece)
        return (sum(each or 0.0 for each in costs), size, piece.packed * size)

    def _exact(self, layer: LayerChoice) -> list[Name]:
        """The shared subjects whose options are combined exactly."""
        shared, own = self._concerning(layer), self._own(layer)
        count = np.prod([len(self._allowed(name)) for name in (*shared, *own)] or [1])
        if count <= MOST_COMBINATIONS:
            return shared
        return [n for n in shared if n[1] == layer.output or self._decision(n).WHOLE]

    def _count_other_inputs(self, layer: LayerChoice) -> None:
        """Add to x what an option of a subject that is not combined saves of the whole layer."""
        others = [name for name in self._concerning(layer) if name not in self._exact(layer)]
        if not others:
            return
        start = self.space.unchanged(self.question.default).choices
        whole = self._whole(layer, start)
        for name in others:
            for option in self._allowed(name):
                changed = {**start, name[0]: {**start[name[0]], name[1]: option}}
                self.x_sums[:, self.place[name, option]] += self._whole(layer, changed) - whole

    def _whole(self, layer: LayerChoice, choices: Mapping[str, Mapping[str, Option]]) -> Float:
        default = self.question.default
        piece = self.space.made(layer, choices, default)
        cost = sum(each or 0.0 for each in costs_of(piece, self.question.cost, default))
        return np.array([cost, size_of(piece), piece.packed * size_of(piece)])

    def solve(self) -> Float | None:
        """Values of all variables (x first, then columns, then pairs), or None."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_matrix

        missing = set(range(len(self.space.layers))) - {c.layer for c in self.columns}
        if missing:
            return None
        width = len(self.x) + len(self.columns) + len(self.pairs)
        rows = _Rows()
        self._tie(rows)
        matrix = coo_matrix((rows.values, (rows.rows, rows.places)), shape=(rows.count, width))
        equalities = LinearConstraint(matrix.tocsr(), rows.right, rows.right)
        constraints = [equalities, *self._limit_rows(width)]
        integral = np.ones(width)
        integral[len(self.x) : len(self.x) + len(self.columns)] = 0
        result = milp(
            self._objective(width),
            integrality=integral,
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"time_limit": TIME_LIMIT_S, "mip_rel_gap": 1e-4},
        )
        return None if result.x is None else np.asarray(result.x, dtype=np.float64)

    def _tie(self, rows: "_Rows") -> None:
        first_column, first_pair = len(self.x), len(self.x) + len(self.columns)
        number = {pair: i for i, pair in enumerate(self.pairs)}
        for name in _shared(self.space):
            options = self._decision(name).subjects[name[1]]
            rows.add([(self.place[name, option], 1.0) for option in options], 1.0)
        for index, layer in enumerate(self.space.layers):
            own = [(i, c) for i, c in enumerate(self.columns) if c.layer == index]
            rows.add([(first_column + i, 1.0) for i, _ in own], 1.0)
            for position, name in enumerate(self._exact(layer)):
                for option in self._allowed(name):
                    terms = [(first_column + i, 1.0) for i, c in own if c.kept[position] == option]
                    rows.add([*terms, (self.place[name, option], -1.0)], 0.0)
            for options in dict.fromkeys(c.options for _, c in own):
                terms = [(first_column + i, 1.0) for i, c in own if c.options == options]
                rows.add([*terms, (first_pair + number[index, options], -1.0)], 0.0)

    def _limit_rows(self, width: int) -> list[object]:
        from scipy.optimize import LinearConstraint

        found: list[object] = []
        for number, what in enumerate(SUMMED):
            limit = getattr(self.question.limits, what) - self.beside.get(what, 0.0)
            if np.isfinite(limit):
                row = np.zeros(width)
                row[: len(self.x)] = self.x_sums[number]
                for i, column in enumerate(self.columns, start=len(self.x)):
                    row[i] = column.sums[number]
                scale = max(abs(limit), 1e-9)
                found.append(LinearConstraint(row[None, :] / scale, -np.inf, limit / scale))
        found += self._memory_rows(width)
        found += [LinearConstraint(row[None, :], -np.inf, 1.0) for row in self._tied(width)]
        if (around := self.question.around) is not None:
            row = np.zeros(width)
            row[: len(self.x)] = [around.distance(*name, option) for name, option in self.x]
            most = around.radius * max(len(_shared(self.space)), 1)
            found.append(LinearConstraint(row[None, :], -np.inf, most))
        return found

    def _memory_rows(self, width: int) -> list[object]:
        """At every moment the values that are needed fit into memory."""
        from scipy.optimize import LinearConstraint

        most = self.question.limits.memory_bytes
        if not self.space.values or not np.isfinite(most):
            return []
        memory = memory_by_moment(self.space, self.question.default, self.x)
        matrix = np.zeros((len(memory.whole), width))
        matrix[:, : len(self.x)] = memory.steps
        scale = max(abs(most), 1.0)
        return [LinearConstraint(matrix / scale, -np.inf, (most - memory.whole) / scale)]

    def _tied(self, width: int) -> Iterator[Float]:
        """Rows of at most 1: x[tie] + x[one, option] - x[other, option], one way and the other."""
        for decision, tie in self.space.ties():
            for pair in (tie.pair, tie.pair[::-1]):
                first, second = ((tie.technique, name) for name in pair)
                for option in self._allowed(first):
                    row = np.zeros(width)
                    row[self.place[(decision.NAME, tie.subject), tie.option]] = 1
                    row[self.place[first, option]] = 1
                    if (second, option) in self.place:
                        row[self.place[second, option]] = -1
                    yield row

    def _objective(self, width: int) -> Float:
        loss, losses = np.zeros(width), self.question.losses
        for i, ((technique, subject), option) in enumerate(self.x):
            loss[i] = losses.at(technique, subject, option)
        first_pair = len(self.x) + len(self.columns)
        for i, (index, options) in enumerate(self.pairs, start=first_pair):
            own = self._own(self.space.layers[index])
            loss[i] = sum(losses.at(*n, o) for n, o in zip(own, options, strict=True))
        worst = max(float(np.abs(loss).max(initial=0.0)), 1e-9)
        loss[len(self.x) : first_pair] += 1e-3 * worst * self._ties()
        return loss

    def _ties(self) -> Float:
        """(columns,): what decides among plans of equal loss, the shares of each sum."""
        sums = np.array([column.sums for column in self.columns]).T
        cost, size, packed = (each / max(each.sum(), 1e-12) for each in sums)
        return np.asarray(cost + size + (packed if "packed_bytes" in self.space.sums else 0.0))

    def plan(self, values: Float) -> Plan:
        """Read the chosen plan off the solution."""
        choices: dict[str, dict[str, Option]] = {d.NAME: {} for d in self.space.decisions}
        for i, ((technique, subject), option) in enumerate(self.x):
            if values[i] > 0.5:
                choices[technique][subject] = option
        for i, column in enumerate(self.columns, start=len(self.x)):
            if values[i] > 0.5:
                own = self._own(self.space.layers[column.layer])
                for (technique, subject), option in zip(own, column.options, strict=True):
                    choices[technique][subject] = option
        return self.space.effective(Plan(choices, self.question.default))


def _shared(space: Space) -> list[Name]:
    """All subjects that concern several layers."""
    return [(each.NAME, name) for each in space.decisions if each.SHARED for name in each.subjects]


class _Rows:
    """Equality rows of the program in coordinate form."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.places: list[int] = []
        self.values: list[float] = []
        self.right: list[float] = []

    @property
    def count(self) -> int:
        return len(self.right)

    def add(self, terms: Sequence[tuple[int, float]], right: float) -> None:
        for place, value in terms:
            self.rows.append(self.count)
            self.places.append(place)
            self.values.append(value)
        self.right.append(right)
