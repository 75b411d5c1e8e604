"""Whether the contest was fair, told from its rows alone: what is wrong, in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena import TEACHER, spent_in
from measuring import BATCH
from rows import FileRow, MeasuredRow, Row


@dataclass(frozen=True)
class Entrant:
    """Who had to take part in one data set and seed, and the passes over the training data that it
    may spend; trained: that it had to, to the last. ablation: whether it is no contestant.
    """

    name: str
    bill: int
    trained: bool = True
    ablation: bool = False


def complaints(
    rows: Iterable[Row], place: tuple[str, int], entrants: Sequence[Entrant]
) -> list[str]:
    """What is unfair or missing of a data set and seed; nothing for an honest contest."""
    here = [row for row in rows if row.place == place]
    files = [row for row in here if isinstance(row, FileRow)]
    measured = [row for row in here if isinstance(row, MeasuredRow)]
    checks = (
        _everyone(files, entrants),
        _whole(files),
        _one_teacher(files),
        _bills(files, entrants),
        _one_batch(files, measured),
    )
    return [f"{place[0]}, seed {place[1]}: {text}" for check in checks for text in check]


def _everyone(files: Sequence[FileRow], entrants: Sequence[Entrant]) -> Iterator[str]:
    """Nobody is dropped silently: each has files, or a row that says why not."""
    named = {row.contestant for row in files}
    for each in entrants:
        if each.name not in named:
            yield f"{each.name} has no row"
    for name in sorted(named - {each.name for each in entrants}):
        yield f"{name} has rows and did not take part"


def _whole(files: Sequence[FileRow]) -> Iterator[str]:
    for row in files:
        if row.failed and not row.sha256:
            continue
        said = (row.path, row.sha256, row.format, row.precision, row.file)
        if row.failed or not all(said) or row.size_bytes <= 0 or row.compressed_bytes <= 0:
            yield f"{row.contestant}: the row of {row.file!r} is not whole"
        elif not 0 <= row.validation <= 1:
            yield f"{row.contestant}: {row.file!r} has a validation accuracy of {row.validation}"


def _one_teacher(files: Sequence[FileRow]) -> Iterator[str]:
    teachers = {row.teacher for row in files}
    if len(teachers) > 1 or "" in teachers:
        yield f"contestants began with {len(teachers)} teachers"


def _bills(files: Sequence[FileRow], entrants: Sequence[Entrant]) -> Iterator[str]:
    """Each spends its bill; who failed may have spent less, and nobody more."""
    for each in entrants:
        own = [row for row in files if row.contestant == each.name]
        spent, failed = spent_in(own), any(row.failed for row in own)
        if spent > each.bill or (each.trained and spent < each.bill and not failed):
            yield f"{each.name} spent {spent} passes over the data, not {each.bill}"
    bills = {each.bill for each in entrants if each.trained and not each.ablation}
    if len(bills) > 1:
        yield f"contestants were given different bills: {sorted(bills)}"


def shortfalls(
    rows: Iterable[Row], place: tuple[str, int], bills: Mapping[str, int]
) -> Iterator[str]:
    """Contestants that spent less than their bill, as some of their trainings failed. bills: of
    those that train, by name.
    """
    for name, bill in bills.items():
        own = [row for row in rows if isinstance(row, FileRow) and row.place == place]
        spent = spent_in([row for row in own if row.contestant == name])
        if spent < bill:
            yield f"{name} spent {spent} of {bill} epochs on {place[0]}, seed {place[1]}"


def _one_batch(files: Sequence[FileRow], measured: Sequence[MeasuredRow]) -> Iterator[str]:
    """All files were measured together, round by round, each once."""
    wanted = {row.sha256 for row in files if row.sha256}
    batches = sorted({row.batch for row in measured})
    if not batches:
        yield "nothing was measured"
        return
    if len(batches) > 1:
        yield f"files were measured in {len(batches)} batches"
    if any(row.contestant != BATCH for row in measured):
        yield "a contestant was measured on its own"
    for device in sorted({row.device for row in measured}):
        rows = [row for row in measured if row.device == device]
        seen = [row.sha256 for row in rows]
        for sha256 in sorted(wanted - set(seen)):
            names = ", ".join(f"{r.contestant} {r.file}" for r in files if r.sha256 == sha256)
            yield f"{names} was not measured on {device}"
        if len(seen) != len(set(seen)) or set(seen) - wanted:
            yield f"rows of {device} are not one a file"
        timed = [row for row in rows if row.p50_ms is not None]
        if len({row.rounds for row in timed}) > 1:
            yield f"files were measured on {device} in different rounds"
        for row in rows:
            if row.p50_ms is None and row.instructions is None and not row.reason:
                yield f"{row.sha256[:12]} has no time on {device}, and no reason"
    first = [row for row in files if row.contestant == TEACHER and row.precision == "float32"]
    if not any(row.sha256 in {each.sha256 for each in measured} for row in first):
        yield "the teacher is not in the batch"
