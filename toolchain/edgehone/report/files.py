"""What is in each candidate's file, as a table."""

from collections.abc import Sequence

from edgehone.report import numbers
from edgehone.report.rows import Row
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.values import NOTHING, Plain


def files_table(rows: Sequence[Row]) -> Table:
    """What is in each candidate's file, and its parity with the Keras model."""
    made = [
        (row, row.candidate)
        for row in rows
        if row.candidate is not None and (row.candidate.audit or row.candidate.parity)
    ]
    audits = [candidate.audit or NOTHING for _, candidate in made]
    parities = [candidate.parity or NOTHING for _, candidate in made]
    return from_columns(
        [
            (Column("file", numeric=False), [row.name for row, _ in made]),
            (Column("parameters"), [numbers.in_unit(c.params, "count") for _, c in made]),
            (Column("MACs"), [numbers.in_unit(c.macs, "count") for _, c in made]),
            (Column("operators"), [_total(audit) for audit in audits]),
            (Column("integer only", numeric=False), [_integer(audit) for audit in audits]),
            (Column("largest error"), [numbers.figures(p.get("max_error")) for p in parities]),
            (Column("SNR", "dB"), [numbers.figures(p.get("snr_db")) for p in parities]),
            (Column("same label"), [numbers.percent(p.get("agreement")) for p in parities]),
        ],
        [n for n, (row, _) in enumerate(made) if row.leading],
    )


def _total(audit: Plain) -> str:
    operators = audit.get("operators")
    return str(sum(operators.values())) if operators else numbers.ABSENT


def _integer(audit: Plain) -> Cell:
    if not audit:
        return Cell(numbers.ABSENT)
    if audit.get("integer_only"):
        return Cell("yes")
    floats = [str(layer["name"]) for layer in audit.get("float_layers") or ()]
    text = f"no: {', '.join(floats[:3])}{'…' if len(floats) > 3 else ''}"
    return Cell(text, remark=", ".join(floats))
