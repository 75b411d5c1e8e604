"""Students that a run tried, as a table."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report import numbers
from edgehone.report.tables import Cell, Column, Table, from_columns


def students_table(document: RunDocument) -> Table:
    """Students that were tried, one a row, in order of cost; the chosen one is marked."""
    found = document.students
    metric = document.project.metric or "accuracy"
    turns = sorted({epochs for each in found for epochs, _ in each.scores})
    sizes = numbers.column([each.size_bytes for each in found], "bytes")
    times = numbers.column([each.latency_p50_ms for each in found], "ms")
    columns: list[tuple[Column, Sequence[Cell | str]]] = [
        (Column("width"), [f"{each.width:g}" for each in found]),
        (Column("depth"), [f"{each.depth:g}" for each in found]),
        (Column("parameters"), [f"{each.params:,}" for each in found]),
        (Column("MACs"), [f"{each.macs:,}" for each in found]),
    ]
    for turn in turns:
        reached = [dict(each.scores).get(turn) for each in found]
        title = Column(f"{metric} after {numbers.plural(turn, 'epoch')}")
        columns.append((title, [numbers.quantity(metric, value) for value in reached]))
    columns += [
        (Column("p50", times[0]), times[1]),
        (Column("size", sizes[0]), sizes[1]),
        (Column("outcome", numeric=False), [each.outcome for each in found]),
    ]
    return from_columns(columns, [row for row, each in enumerate(found) if each.chosen])
