"""Measured models as rows: what the page, the terminal and the gate's summary all show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import Literal

from edgehone.budgets import Budget, Decision
from edgehone.decide.decision import decide
from edgehone.documents.run.candidate import CandidateEntry
from edgehone.documents.run.document import RunDocument
from edgehone.report import numbers
from edgehone.report.tables import Cell, Column, Emphasis, Table, from_columns
from edgehone.stats import summarize
from edgehone.values import NOTHING, Measurement, Plain

Role = Literal["baseline", "candidate", "winner"]
CostKind = Literal["ms", "count"]

OUTCOMES: dict[str, Emphasis] = {"pass": "pass", "fail": "fail", "inconclusive": "inconclusive"}


@dataclass(frozen=True)
class Row:
    """One measured model: its name, its part in the run, its measurement, and the budgets checked.

    candidate: what the run tells of it; None for baselines and lone files. unproven: it is the best
    that may keep the budgets, where none is proven to.
    """

    name: str
    measurement: Measurement
    role: Role = "candidate"
    decision: Decision | None = None
    candidate: CandidateEntry | None = None
    unproven: bool = False

    @property
    def leading(self) -> bool:
        """Whether the run is about this one in the end."""
        return self.role == "winner" or self.unproven

    @property
    def short(self) -> str:
        """The name where colour already tells a baseline."""
        return self.name.removeprefix("teacher ")

    @property
    def outcome(self) -> str:
        """What the budgets say of it; "" where none was checked."""
        return self.decision.outcome if self.decision else ""

    @cached_property
    def times(self) -> Plain:
        """Statistics of the latency in milliseconds (`stats.summarize`); empty without any."""
        latency = self.measurement.latency
        return NOTHING if latency is None else summarize(latency)

    @property
    def p50_ms(self) -> float | None:
        """Median latency."""
        return self.times.get("p50")

    @property
    def spread(self) -> tuple[float, float] | None:
        """The 95 % interval of p50."""
        found = self.times.get("ci95")
        return None if not found else (float(found[0]), float(found[1]))

    @property
    def blocks_ms(self) -> tuple[tuple[float, ...], ...]:
        """Raw latencies, one tuple a block; empty when nothing was timed."""
        latency = self.measurement.latency
        return () if latency is None else latency.blocks_ms

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self.measurement.artifact.size_bytes

    @property
    def peak_bytes(self) -> float | None:
        """Memory that the model added at its highest."""
        memory = self.measurement.memory
        return None if memory is None else float(memory.peak)

    @property
    def instructions(self) -> int | None:
        """Instructions of one inference, where they were counted."""
        return self.measurement.instructions

    def cost(self, kind: CostKind) -> float | None:
        """What running it takes: median latency ("ms") or instructions ("count")."""
        if kind == "ms":
            return self.p50_ms
        return None if self.instructions is None else float(self.instructions)

    @property
    def accuracy(self) -> float | None:
        """The task's metric on the test split."""
        scored = self.measurement.accuracy
        return None if scored is None else scored.value

    @property
    def drop(self) -> float | None:
        """What the metric lost against the reference."""
        scored = self.measurement.accuracy
        return None if scored is None else scored.drop

    @property
    def agreement(self) -> float | None:
        """How often it agrees with the teacher."""
        scored = self.measurement.accuracy
        return None if scored is None else scored.agreement

    @property
    def metric(self) -> str:
        """The name of the task's metric, "accuracy" where nothing was scored."""
        scored = self.measurement.accuracy
        return "accuracy" if scored is None else scored.metric

    @property
    def rising(self) -> bool:
        """Whether a higher value of the metric is better."""
        scored = self.measurement.accuracy
        return scored is None or scored.higher_is_better


def rows_of_run(document: RunDocument) -> list[Row]:
    """All models of a run: baselines first (the float one on top), then candidates as made."""
    best = document.winner.measurement.artifact.sha256 if document.winner else None
    found = []
    for measurement in document.baselines:
        role: Role = "winner" if measurement.artifact.sha256 == best else "baseline"
        decision = _decision(measurement, document.budgets)
        found.append(Row(_baseline_name(measurement), measurement, role, decision))
    taken = {row.role for row in found}
    names = [candidate.name for candidate in document.candidates]
    for each in document.candidates:
        if each.measurement is None:
            continue
        won = each.measurement.artifact.sha256 == best and "winner" not in taken
        role = "winner" if won else "candidate"
        taken.add(role)
        name = _candidate_name(each, each.measurement, names)
        found.append(Row(name, each.measurement, role, each.decision, each))
    return _with_unproven(found, document)


def _with_unproven(rows: Sequence[Row], document: RunDocument) -> list[Row]:
    """The rows, with the best unproven one marked, a candidate before a baseline."""
    if document.best_unproven is None:
        return list(rows)
    same = document.best_unproven.measurement.artifact.sha256
    same_file = [n for n, row in enumerate(rows) if row.measurement.artifact.sha256 == same]
    best = next(
        (n for n in same_file if rows[n].role == "candidate"), same_file[0] if same_file else None
    )
    return [replace(row, unproven=n == best) for n, row in enumerate(rows)]


def _candidate_name(each: CandidateEntry, measured: Measurement, names: Sequence[str]) -> str:
    """Its name, and its format where a candidate was exported in several."""
    several = names.count(each.name) > 1
    return f"{each.name} ({measured.artifact.format})" if several else each.name


def _decision(measurement: Measurement, budgets: tuple[Budget, ...]) -> Decision | None:
    """Baselines are checked against the budgets here; a run's document has only their numbers."""
    asked = [budget for budget in budgets if budget.device in ("", measurement.device.name)]
    return decide(measurement, asked) if asked else None


def one_each(rows: Sequence[Row]) -> list[Row]:
    """One row a candidate, the winner where it is among them: formats share recipe and layers."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.candidate is not None and (row.candidate.name not in found or row.leading):
            found[row.candidate.name] = row
    return list(found.values())


def rows_of_files(measurements: Sequence[Measurement]) -> list[Row]:
    """Lone files, named as shortly as still tells them apart."""
    names = names_of([str(each.artifact.path) for each in measurements])
    return [Row(names[str(each.artifact.path)], each) for each in measurements]


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """Files by path, named as shortly as still tells them apart: with folders, or without."""
    different = dict.fromkeys(paths)
    names = {path: PurePath(path).name for path in different}
    return names if len(set(names.values())) == len(names) else {path: path for path in different}


def cost_kind(rows: Sequence[Row]) -> CostKind:
    """What models are compared by: instructions where they were counted, or else latency."""
    return "count" if any(row.instructions is not None for row in rows) else "ms"


SELDOM = ("compressed", "p90", "cold", "load", "agreement")
"""Columns that a first look can do without."""


RANKS = {
    "model": 0,
    "size": 0,
    "p50": 0,
    "budgets": 0,
    "instructions": 0,
    "drop": 1,
    "measured": 2,
    "precision": 3,
    "95 % interval": 4,
    "peak memory": 5,
    "p99": 5,
    "compressed": 6,
    "agreement": 7,
    "p90": 7,
    "cold": 8,
    "load": 8,
}
"""Which columns a narrow terminal leaves out first; the task's metric has 1."""


def measurements_table(rows: Sequence[Row], *, brief: bool = False) -> Table:
    """What was measured, one model a row; the winner is marked. Empty columns are left out."""
    columns: list[tuple[Column, Sequence[Cell | str]]] = [
        (Column("model", numeric=False), [row.name for row in rows]),
        (
            Column("precision", numeric=False),
            [row.measurement.artifact.precision for row in rows],
        ),
        _numbers("size", "bytes", [float(row.size_bytes) for row in rows]),
        _numbers("compressed", "bytes", _compressed(rows)),
        *_latency_columns(rows),
        (Column("instructions"), [numbers.quantity("instructions", r.instructions) for r in rows]),
        _numbers("peak memory", "bytes", [row.peak_bytes for row in rows]),
        *_accuracy_columns(rows),
        (Column("measured", numeric=False), [_verdict(row.measurement) for row in rows]),
        (Column("budgets", numeric=False), [_outcome(row.outcome) for row in rows]),
    ]
    wanted = [
        (replace(column, rank=RANKS.get(column.title, 1)), cells)
        for column, cells in columns
        if not brief or column.title not in SELDOM
    ]
    return from_columns(wanted, [n for n, row in enumerate(rows) if row.leading])


def judged_on(measurements: Sequence[Measurement]) -> str:
    """How many samples quality was judged on: accuracy on 240 samples; "" where it was not."""
    found = [each.accuracy for each in measurements if each.accuracy]
    if not found:
        return ""
    counts = " and ".join(numbers.plural(n, "sample") for n in sorted({a.n for a in found}))
    return f"{found[0].metric.rpartition(':')[2]} on {counts}"


def _latency_columns(rows: Sequence[Row]) -> list[tuple[Column, Sequence[Cell | str]]]:
    names = ("p50", "p90", "p99")
    by_name = {name: [row.times.get(name) for row in rows] for name in names}
    everything = [value for values in by_name.values() for value in values]
    unit, scale = numbers.unit_for(everything, "ms")
    decimals = numbers.decimals_for(everything, scale)
    found: list[tuple[Column, Sequence[Cell | str]]] = []
    for name, values in by_name.items():
        cells = [_fixed(value, scale, decimals) for value in values]
        found.append((Column(name, unit), cells))
        if name == "p50":
            spreads = [_spread(row.spread, scale, decimals) for row in rows]
            found.append((Column("95 % interval", unit), spreads))
    found.append(_numbers("cold", "ms", [row.times.get("cold") for row in rows]))
    found.append(_numbers("load", "ms", [row.times.get("init") for row in rows]))
    return found


def _accuracy_columns(rows: Sequence[Row]) -> list[tuple[Column, Sequence[Cell | str]]]:
    metric = rows[0].metric if rows else "accuracy"
    values = [row.accuracy for row in rows]
    drops = [row.drop for row in rows]
    agreements: list[Cell | str] = [numbers.percent(row.agreement) for row in rows]
    if numbers.kind_of(metric) == "share":
        return [
            (Column(metric), [numbers.percent(value) for value in values]),
            (Column("drop", "points"), [_points(drop) for drop in drops]),
            (Column("agreement"), agreements),
        ]
    decimals = numbers.decimals_for(values)
    return [
        (Column(metric), [_fixed(value, 1.0, decimals) for value in values]),
        (Column("drop"), [numbers.figures(drop) for drop in drops]),
        (Column("agreement"), agreements),
    ]


def _numbers(
    title: str, kind: str, values: Sequence[float | None]
) -> tuple[Column, Sequence[Cell | str]]:
    unit, cells = numbers.column(values, kind)
    return Column(title, unit), cells


def _compressed(rows: Sequence[Row]) -> list[float | None]:
    return [float(row.measurement.artifact.compressed_bytes) for row in rows]


def _fixed(value: float | None, scale: float, decimals: int) -> str:
    return numbers.ABSENT if value is None else numbers.signed(value / scale, decimals)


def _spread(bounds: Sequence[float] | None, scale: float, decimals: int) -> str:
    if not bounds:
        return numbers.ABSENT
    low, high = (numbers.signed(bound / scale, decimals) for bound in bounds)
    return f"{low} to {high}"


def _points(drop: float | None) -> str:
    return numbers.ABSENT if drop is None else numbers.signed(100 * drop, 1, plus=True)


def _verdict(measurement: Measurement) -> Cell:
    emphasis: Emphasis = "quiet" if measurement.verdict == "valid" else "inconclusive"
    since = f", measured {when}" if (when := measured_when(measurement)) else ""
    return Cell(measurement.verdict + since, emphasis, measurement.reason)


def measured_when(measurement: Measurement) -> str:
    """When a disturbed measurement was taken that an earlier run left; "" for one of this run."""
    text = str(measurement.conditions.get("measured") or "")
    return f"{text[:16].replace('T', ' ')} UTC" if text else ""


def _outcome(outcome: str) -> Cell:
    return Cell(outcome, OUTCOMES.get(outcome, ""))


def _baseline_name(measurement: Measurement) -> str:
    return f"teacher {measurement.artifact.precision} ({measurement.artifact.format})"
