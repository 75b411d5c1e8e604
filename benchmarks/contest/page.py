"""results.md, results.jsonl and the pictures: the contest for somebody who was not there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena import TEACHER, spent_in
from claims import Evidence, claims, of
from contestants._base import Contestant
from contestants.ours import NAME as OURS
from curve import Place, Point, chosen, points
from drawing import picture, spread
from effort import Effort
from honesty import shortfalls
from rows import FileRow, MeasuredRow, Row, RunRow
from rows import written as line_of

from edgehone.run.document import environment
from edgehone.system.files import write_whole

NETS = {
    "activity": "1-D convolutions on acceleration (3 activities)",
    "spoken": "a depthwise-separable net on spoken digits",
    "fashion": "a residual net on Fashion-MNIST",
    "digits": "a residual net on the bundled digits",
}


@dataclass(frozen=True)
class Told:
    """What the pages are made of. label: what the contest was if not the whole one; wrong: what was
    not fair; absent: data sets that were left out, and why.
    """

    rows: Sequence[Row]
    places: Sequence[Place]
    efforts: Mapping[str, Effort]
    wrong: Sequence[str]
    absent: Sequence[str]
    label: str = ""
    entrants: tuple[Contestant, ...] = field(default=())

    @property
    def rivals(self) -> list[str]:
        """Names of the contestants, edgehone's first, without ablations."""
        names = [each.name for each in self.present if not each.ablation]
        return sorted(names, key=lambda name: name != OURS)

    @property
    def ablations(self) -> list[str]:
        """Names of those that show what a part brings."""
        return [each.name for each in self.present if each.ablation]

    @property
    def present(self) -> list[Contestant]:
        """Those of all contestants that took part."""
        names = {row.contestant for row in self.rows}
        return [each for each in self.entrants if each.name in names]

    def curves(self, name: str) -> list[list[Point]]:
        """The points of each seed of a data set."""
        return [points(self.rows, place) for place in self.places if place[0] == name]


def written(told: Told, folder: Path) -> None:
    """Write everything into a folder, each file whole."""
    write_whole(folder / "results.jsonl", "".join(f"{line_of(row)}\n" for row in told.rows))
    for name in told.efforts:
        title = f"{NETS[name]}: the files of {len(told.curves(name))} seed(s)"
        write_whole(folder / f"{name}.svg", picture(told.curves(name), told.rivals, title))
    write_whole(folder / "results.md", page(told))


def page(told: Told) -> str:
    """The page."""
    parts = [
        "# The contest: results",
        "Written by `study.py`; README.md says who takes part and what makes it fair, "
        "results.jsonl holds every raw row.",
    ]
    parts += [f"**{told.label}**"] if told.label else []
    parts += _fairness(told)
    parts += ["## What was to be shown", _claims(told)]
    for name, effort in told.efforts.items():
        parts += _data_set(told, name, effort)
    parts += ["## Bills", _bills(told), *_failures(told), "## Conditions", _conditions(told)]
    return "\n\n".join(parts) + "\n"


def _fairness(told: Told) -> list[str]:
    if told.wrong:
        return ["**Not fair:**", "\n".join(f"* {text}" for text in told.wrong)]
    places = told.places
    short = [text for each in places for text in shortfalls(told.rows, each, _due(told, each))]
    but = f", but where trainings failed: {'; '.join(short)}" if short else ""
    found = [
        f"Every contestant has its rows, every trained one spent the same bill{but}. All files of "
        "a data set and seed were measured in one interleaved batch (checked in the rows)."
    ]
    if not told.ablations:
        found.append("No parts were taken out: what each brings was not measured.")
    return found + [f"Left out: {text}" for text in told.absent]


def _due(told: Told, place: Place) -> dict[str, int]:
    """The bill of each contestant that trains, by name."""
    effort = told.efforts[place[0]]
    return {each.name: each.bill(effort) for each in told.present if each.trained}


def _claims(told: Told) -> str:
    budgets = {name: effort.budgets for name, effort in told.efforts.items()}
    evidence = Evidence(told.rows, told.places, budgets, told.rivals)
    lines = [f"| {each.text} | {each.verdict} | {each.found} |" for each in claims(evidence)]
    return "\n".join(["| claim | | found |", "|---|---|---|", *lines])


def _data_set(told: Told, name: str, effort: Effort) -> list[str]:
    curves = told.curves(name)
    found = [
        f"## {NETS[name].capitalize()}",
        _teacher(told, name),
        f"![accuracy lost against latency and bytes]({name}.svg)",
    ]
    for quantity, unit, title in (
        ("latency_ms", 1000.0, "Least p50 latency, µs,"),
        ("size_bytes", 1 / 1024, "Fewest bytes, KiB,"),
        ("compressed_bytes", 1 / 1024, "Fewest bytes after DEFLATE, KiB,"),
    ):
        found.append(
            f"**{title}** within each budget of accuracy lost on the validation split; in brackets "
            "what the file lost on the test split, in points. The mean over seeds; -: no file in "
            "some seed."
        )
        found.append(_table(curves, told.rivals, effort, quantity, unit))
    if any(of(each, curve) for each in told.ablations for curve in curves):
        found.append(
            "**What the parts bring**: the same (least p50 latency, µs) for parts taken out or "
            "alone, over the seeds that had them."
        )
        had = [curve for curve in curves if any(of(each, curve) for each in told.ablations)]
        names = [OURS, "uniform width", *told.ablations]
        found.append(_table(had, names, effort, "latency_ms", 1000.0))
    return [*found, _account(told, name)]


def _table(
    curves: Sequence[Sequence[Point]],
    names: Sequence[str],
    effort: Effort,
    quantity: str,
    unit: float,
) -> str:
    heads = " | ".join(f"{100 * budget:g} points" for budget in effort.budgets)
    lines = [f"| | {heads} |", "|---" * (len(effort.budgets) + 1) + "|"]
    for name in names:
        cells = [_cell(curves, name, budget, quantity, unit) for budget in effort.budgets]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(
    curves: Sequence[Sequence[Point]], name: str, budget: float, quantity: str, unit: float
) -> str:
    found = [chosen(of(name, curve), budget, quantity) for curve in curves]
    known = [point for point in found if point is not None]
    if not known or len(known) < len(found):
        return "-"
    costs = [unit * (point.cost(quantity) or 0.0) for point in known]
    lost = sum(100 * point.drop for point in known) / len(known)
    return f"{sum(costs) / len(costs):.1f} ({lost:+.1f})"


def _teacher(told: Told, name: str) -> str:
    texts = []
    for place in told.places:
        if place[0] != name:
            continue
        whole = [
            row
            for row in told.rows
            if isinstance(row, FileRow)
            and row.place == place
            and (row.contestant, row.precision) == (TEACHER, "float32")
        ]
        measured = [
            row
            for row in told.rows
            if isinstance(row, MeasuredRow) and row.sha256 in {w.sha256 for w in whole}
        ]
        texts += [
            f"seed {place[1]}: {100 * row.accuracy:.2f} % of {row.samples:,}, "
            f"{1000 * row.p50_ms:.1f} µs, {whole[0].size_bytes:,} bytes"
            for row in measured
            if row.p50_ms is not None
        ]
    return f"Teacher (float32): {'; '.join(texts)}."


def _account(told: Told, name: str) -> str:
    runs = [
        row
        for row in told.rows
        if isinstance(row, RunRow) and row.data == name and row.contestant == OURS
    ]
    known = [row.rank_correlation for row in runs if row.rank_correlation is not None]
    ranked = spread(known, "{:.2f}") if known else "not known"
    guessed = sum(row.guessing for row in runs)
    return (
        f"Searches of {OURS}: {len(runs)} runs, {sum(r.candidates for r in runs)} candidates; "
        f"rank correlation of predicted and found losses {ranked}; {guessed} runs said that they "
        "guess."
    )


def _bills(told: Told) -> str:
    names = list(told.efforts)
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for each in told.present:
        cells = []
        for name in names:
            parts = [
                [
                    row
                    for row in told.rows
                    if isinstance(row, FileRow)
                    and (row.place, row.contestant) == (place, each.name)
                ]
                for place in told.places
                if place[0] == name
            ]
            had = [rows for rows in parts if rows]
            epochs = sorted({spent_in(rows) for rows in had})
            seconds = sum(sum(_once(rows)) for rows in had) / max(len(had), 1)
            count = sum(len(rows) for rows in had)
            spent = ", ".join(map(str, epochs)) or "-"
            cells.append(f"{spent} epochs, {count} files, {seconds:.0f} s a seed")
        lines.append(f"| {each.name} | {' | '.join(cells)} |")
    note = (
        "Passes over the training data, the parent and what probing costs included. What "
        "contestants share (tables, a parent) was done once; it is in everyone's bill, and in the "
        "seconds of the first one."
    )
    return "\n".join([note, "", *lines])


def _once(rows: Sequence[FileRow]) -> list[float]:
    """The seconds of each piece of work, which all its files have."""
    return list({row.key: row.seconds for row in rows}.values())


def _failures(told: Told) -> list[str]:
    failed = Counter(
        (row.data, row.contestant, row.file, row.failed)
        for row in told.rows
        if isinstance(row, FileRow) and row.failed
    )
    if not failed:
        return []
    lines = [
        f"* {data}: {name}, {file}: {' '.join(reason.split())} ({count} seed(s))"
        for (data, name, file, reason), count in failed.items()
    ]
    return ["## What could not be made", "\n".join(lines)]


def _conditions(told: Told) -> str:
    measured = [row for row in told.rows if isinstance(row, MeasuredRow)]
    verdicts = Counter(row.verdict for row in measured)
    runtimes = sorted({f"{row.runtime} on {row.device}" for row in measured})
    machines = sorted({row.cpu for row in measured if row.cpu})
    versions = ", ".join(f"{name} {version}" for name, version in environment().items())
    counted = ", ".join(f"{count} {name}" for name, count in verdicts.items())
    return (
        f"{'; '.join(machines) or 'CPU not known'}; {', '.join(runtimes)}, one thread. "
        f"Verdicts of {len(measured)} measurements: {counted}. {versions}."
    )
