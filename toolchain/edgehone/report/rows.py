"""Measured models as rows: what the page, the terminal and the gate's summary all show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal

from edgehone.decide.decision import decide
from edgehone.documents import decision_json, measurement_from_json
from edgehone.report import numbers
from edgehone.report.tables import Cell, Column, Mood, Table, from_columns
from edgehone.values import NOTHING, Budget, Plain

Role = Literal["baseline", "candidate", "winner"]
CostKind = Literal["ms", "count"]

OUTCOMES: dict[str, Mood] = {"pass": "pass", "fail": "fail", "inconclusive": "inconclusive"}


@dataclass(frozen=True)
class Row:
    """One measured model: its name, its part in the run, its measurement as plain data.

    `source` is the candidate's document, empty for baselines and lone files. unproven: it is the
    best that may keep the budgets, where none is proven to.
    """

    name: str
    measurement: Plain
    role: Role = "candidate"
    outcome: str = ""
    source: Plain = NOTHING
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
    def p50_ms(self) -> float | None:
        """Median latency."""
        return self.number("latency_ms", "p50")

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return int(self.measurement["artifact"]["size_bytes"])

    @property
    def instructions(self) -> int | None:
        """Instructions of one inference, where they were counted."""
        found = self.measurement.get("instructions")
        return None if found is None else int(found)

    def cost(self, kind: CostKind) -> float | None:
        """What running it takes: median latency ("ms") or instructions ("count")."""
        if kind == "ms":
            return self.p50_ms
        return None if self.instructions is None else float(self.instructions)

    @property
    def accuracy(self) -> float | None:
        """The task's metric on the test split."""
        return self.number("accuracy", "value")

    @property
    def drop(self) -> float | None:
        """What the metric lost against the reference."""
        return self.number("accuracy", "drop")

    @property
    def metric(self) -> str:
        """The name of the task's metric, "accuracy" where nothing was scored."""
        return str((self.measurement.get("accuracy") or {}).get("metric") or "accuracy")

    @property
    def rising(self) -> bool:
        """Whether a higher value of the metric is better."""
        found = self._at("accuracy", "higher_is_better")
        return True if found is None else bool(found)

    @property
    def blocks_ms(self) -> tuple[tuple[float, ...], ...]:
        """Raw latencies, one tuple a block; empty when only statistics were kept."""
        samples = (self.measurement.get("latency_ms") or {}).get("samples")
        if not isinstance(samples, Sequence) or not samples:
            return ()
        if isinstance(samples[0], int | float):
            return (tuple(samples),)
        return tuple(tuple(block) for block in samples)

    @property
    def spread(self) -> tuple[float, float] | None:
        """The 95 % interval of p50."""
        found = self._at("latency_ms", "ci95")
        return None if not found else (float(found[0]), float(found[1]))

    def number(self, part: str, name: str) -> float | None:
        """A number of one part of the measurement; None where the part or the number is missing."""
        found = self._at(part, name)
        return None if found is None else float(found)

    def _at(self, part: str, name: str) -> Any:
        return (self.measurement.get(part) or {}).get(name)


def rows_of_run(document: Plain) -> list[Row]:
    """All models of a run: baselines first (the float one on top), then candidates as made."""
    winner = document.get("winner")
    best = winner["artifact"]["sha256"] if winner else None
    budgets = tuple(budget_from_json(budget) for budget in document["budgets"])
    found = []
    for measurement in document.get("baselines") or [document["baseline"]]:
        role: Role = "winner" if measurement["artifact"]["sha256"] == best else "baseline"
        decision = _decision(measurement, budgets)
        name = _baseline_name(measurement)
        found.append(Row(name, measurement, role, outcome_of(decision), {"decision": decision}))
    taken = {row.role for row in found}
    names = [str(candidate["name"]) for candidate in document["candidates"]]
    for candidate in document["candidates"]:
        measurement = candidate.get("measurement")
        if measurement is None:
            continue
        won = measurement["artifact"]["sha256"] == best and "winner" not in taken
        role = "winner" if won else "candidate"
        taken.add(role)
        outcome = outcome_of(candidate.get("decision"))
        found.append(Row(_candidate_name(candidate, names), measurement, role, outcome, candidate))
    return _with_unproven(found, document)


def _with_unproven(rows: Sequence[Row], document: Plain) -> list[Row]:
    """The rows, with the best unproven one marked, a candidate before a baseline."""
    unproven = document.get("best_unproven")
    if not unproven:
        return list(rows)
    same = unproven["artifact"]["sha256"]
    mine = [n for n, row in enumerate(rows) if row.measurement["artifact"]["sha256"] == same]
    best = next((n for n in mine if rows[n].role == "candidate"), mine[0] if mine else None)
    return [replace(row, unproven=n == best) for n, row in enumerate(rows)]


def _candidate_name(candidate: Plain, names: Sequence[str]) -> str:
    """Its name, and its format where a candidate was exported in several."""
    name = str(candidate["name"])
    several = names.count(name) > 1
    return f"{name} ({candidate['measurement']['artifact']['format']})" if several else name


def budget_from_json(data: Plain) -> Budget:
    """A budget as a run's document has it."""
    if data.get("max") is not None:
        return Budget(data["metric"], "max", float(data["max"]), data.get("device") or "")
    return Budget(data["metric"], "min", float(data["min"]), data.get("device") or "")


def _decision(measurement: Plain, budgets: tuple[Budget, ...]) -> Plain:
    """Baselines are held against the budgets here; a run's document has only their numbers."""
    name = measurement["device"]["name"]
    asked = [budget for budget in budgets if budget.device in ("", name)]
    if not asked:
        return {}
    return decision_json(decide(measurement_from_json(measurement), asked))


def rows_of_files(measurements: Sequence[Plain]) -> list[Row]:
    """Lone files, named as shortly as still tells them apart."""
    names = names_of([str(m["artifact"]["path"]) for m in measurements])
    return [Row(names[str(m["artifact"]["path"])], m) for m in measurements]


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """Files by path, named as shortly as still tells them apart: with folders, or without."""
    different = dict.fromkeys(paths)
    names = {path: PurePath(path).name for path in different}
    return names if len(set(names.values())) == len(names) else {path: path for path in different}


def cost_kind(rows: Sequence[Row]) -> CostKind:
    """What models are compared by: instructions where they were counted, or else latency."""
    return "count" if any(row.instructions is not None for row in rows) else "ms"


def outcome_of(decision: Plain | None) -> str:
    """The outcome of a decision document; empty without one."""
    if not decision:
        return ""
    return str(decision.get("outcome") or decision.get("decision") or "")


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
            [r.measurement["artifact"]["precision"] for r in rows],
        ),
        _numbers("size", "bytes", [float(row.size_bytes) for row in rows]),
        _numbers("compressed", "bytes", _artifact(rows, "compressed_bytes")),
        *_latency_columns(rows),
        (Column("instructions"), [numbers.quantity("instructions", r.instructions) for r in rows]),
        _numbers("peak memory", "bytes", [row.number("memory_bytes", "peak") for row in rows]),
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


def judged_on(measurements: Sequence[Plain]) -> str:
    """How many samples quality was judged on: accuracy on 240 samples; "" where it was not."""
    found = [each["accuracy"] for each in measurements if each.get("accuracy")]
    if not found:
        return ""
    counts = " and ".join(numbers.plural(n, "sample") for n in sorted({a["n"] for a in found}))
    return f"{found[0]['metric'].rpartition(':')[2]} on {counts}"


def _latency_columns(rows: Sequence[Row]) -> list[tuple[Column, Sequence[Cell | str]]]:
    names = ("p50", "p90", "p99")
    by_name = {name: [row.number("latency_ms", name) for row in rows] for name in names}
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
    found.append(_numbers("cold", "ms", [row.number("latency_ms", "cold") for row in rows]))
    found.append(_numbers("load", "ms", [row.number("latency_ms", "init") for row in rows]))
    return found


def _accuracy_columns(rows: Sequence[Row]) -> list[tuple[Column, Sequence[Cell | str]]]:
    metric = rows[0].metric if rows else "accuracy"
    values = [row.accuracy for row in rows]
    drops = [row.drop for row in rows]
    agreements: list[Cell | str] = [
        numbers.percent(row.number("accuracy", "agreement")) for row in rows
    ]
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


def _artifact(rows: Sequence[Row], name: str) -> list[float | None]:
    return [row.measurement["artifact"].get(name) for row in rows]


def _fixed(value: float | None, scale: float, decimals: int) -> str:
    return numbers.ABSENT if value is None else numbers.signed(value / scale, decimals)


def _spread(bounds: Sequence[float] | None, scale: float, decimals: int) -> str:
    if not bounds:
        return numbers.ABSENT
    low, high = (numbers.signed(bound / scale, decimals) for bound in bounds)
    return f"{low} to {high}"


def _points(drop: float | None) -> str:
    return numbers.ABSENT if drop is None else numbers.signed(100 * drop, 1, plus=True)


def _verdict(measurement: Plain) -> Cell:
    verdict = str(measurement.get("verdict") or "")
    mood: Mood = "quiet" if verdict == "valid" else "inconclusive"
    since = f", measured {when}" if (when := measured_when(measurement)) else ""
    return Cell(verdict + since, mood, str(measurement.get("reason") or ""))


def measured_when(measurement: Plain) -> str:
    """When a disturbed measurement was taken that an earlier run left; "" for one of this run."""
    told = str((measurement.get("conditions") or {}).get("measured") or "")
    return f"{told[:16].replace('T', ' ')} UTC" if told else ""


def _outcome(outcome: str) -> Cell:
    return Cell(outcome, OUTCOMES.get(outcome, ""))


def _baseline_name(measurement: Plain) -> str:
    artifact = measurement["artifact"]
    return f"teacher {artifact['precision']} ({artifact['format']})"
