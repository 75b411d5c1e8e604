"""What a run measured on devices other than the one it searched for."""

from collections.abc import Sequence
from dataclasses import replace

from edgehone.documents.run.document import RunDocument
from edgehone.report.rows import Row, measurements_table
from edgehone.report.tables import Column, Table


def elsewhere_table(document: RunDocument, *, winner_only: bool = False) -> Table:
    """Every candidate on every other device, or the winner alone; no rows on one device."""
    if winner_only:
        winner = document.winner
        made = [(winner.name, winner.elsewhere)] if winner else []
    else:
        made = [(each.name, each.elsewhere) for each in document.candidates]
    rows = [Row(name, measured) for name, several in made for measured in several]
    return with_devices(rows)


def with_devices(rows: Sequence[Row]) -> Table:
    """Measurements with the device's name behind the model's."""
    table = measurements_table(rows, brief=True)
    names = [row.measurement.device.name for row in rows]
    first, *rest = table.columns or (Column("model", numeric=False),)
    return replace(
        table,
        columns=(first, Column("device", numeric=False), *rest),
        rows=tuple(
            (cells[0], name, *cells[1:]) for cells, name in zip(table.rows, names, strict=True)
        ),
    )
