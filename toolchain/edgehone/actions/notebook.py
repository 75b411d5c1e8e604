"""How results look in a notebook: the tables that commands print and reports show, as HTML."""

from html import escape
from typing import Any

from edgehone.documents import measurements_of
from edgehone.documents.run.document import RunDocument
from edgehone.values import Plain


def measurements(document: Plain) -> str:
    """A table a device of a benchmark's document, and what to know besides."""
    from edgehone.report.markup import table_html
    from edgehone.report.rows import measurements_table, rows_of_files

    parts = []
    found = measurements_of(document)
    for name in dict.fromkeys(one.device.name for one in found):
        on_device = [one for one in found if one.device.name == name]
        parts.append(_line(f"on {name}") + table_html(measurements_table(rows_of_files(on_device))))
    return "".join([*parts, *_doubts(document)])


def comparisons(document: Plain) -> str:
    """Both measurements and one sentence on their ratio, for each device."""
    from edgehone.report.comparison import sentence

    parts = []
    for each in document["comparisons"]:
        parts += [measurements(each), _line(sentence(each), "b")]
    return "".join([*parts, *_doubts(document)])


def checks(document: Plain) -> str:
    """The checks of a gate's document and its decision."""
    from edgehone.report.markup import table_html
    from edgehone.report.summaries import checks_table, conclusion, notes_on

    lines = [_line(conclusion(document), "b"), *map(_line, notes_on(document))]
    return "".join([table_html(checks_table(document)), *lines, *_doubts(document)])


def layers(document: Plain, about: str) -> str:
    """The layers of an inspected model or file."""
    from edgehone.report import numbers
    from edgehone.report.markup import table_html
    from edgehone.report.tables import Column, from_columns

    rows: list[dict[str, Any]] = document["layers"]
    size = "size_bytes" if about == "model" else "weight_bytes"
    kind = "kind" if about == "model" else "operator"
    unit, sizes = numbers.column([row[size] for row in rows], "bytes")
    columns = [
        (Column("layer", numeric=False), [row["name"] for row in rows]),
        (Column(kind, numeric=False), [row[kind] for row in rows]),
        (Column("weights", unit), sizes),
    ]
    if about == "model":
        total = f"{document['params']:,} parameters, {document['macs']:,} MACs"
    else:
        text = numbers.in_unit(document["size_bytes"], "bytes")
        total = f"{document['format']} {document['precision']}, {text}"
    return table_html(from_columns(columns)) + _line(total, "b")


def files(document: Plain) -> str:
    """The files of an export's document, and what was not made."""
    from edgehone.report import numbers
    from edgehone.report.markup import table_html
    from edgehone.report.tables import Column, from_columns

    made: list[dict[str, Any]] = document["artifacts"]
    unit, sizes = numbers.column([each["size_bytes"] for each in made], "bytes")
    parities = [each["parity"] or {} for each in made]
    table = from_columns(
        [
            (Column("file", numeric=False), [str(each["path"]) for each in made]),
            (Column("precision", numeric=False), [each["precision"] for each in made]),
            (Column("size", unit), sizes),
            (Column("SNR", "dB"), [numbers.figures(each.get("snr_db")) for each in parities]),
        ]
    )
    skipped = [
        _line(f"{each['format']} {each['precision']} was not made: {each['reason']}")
        for each in document["skipped"]
    ]
    return "".join([table_html(table), *skipped, *_doubts(document)])


def steps(reports: list[dict[str, Any]]) -> str:
    """What the steps of a recipe did, before and after."""
    from edgehone.report import numbers
    from edgehone.report.markup import table_html
    from edgehone.report.tables import Column, from_columns

    def change(key: str) -> list[str]:
        return [f"{each[key][0]:,} → {each[key][1]:,}" for each in reports]

    sizes = [
        " → ".join(numbers.in_unit(one, "bytes") for one in each["size_bytes"]) for each in reports
    ]
    table = from_columns(
        [
            (Column("step", numeric=False), [each["technique"] for each in reports]),
            (Column("parameters"), change("params")),
            (Column("MACs"), change("macs")),
            (Column("float32"), sizes),
            (Column("left out", numeric=False), [each["skipped"] for each in reports]),
        ]
    )
    return table_html(table)


def run(document: RunDocument) -> str:
    """The candidates of a run, and its decision in a sentence."""
    from edgehone.report.headline import sentence
    from edgehone.report.markup import table_html
    from edgehone.report.rows import measurements_table, rows_of_run

    rows = rows_of_run(document)
    return table_html(measurements_table(rows, brief=True)) + _line(sentence(document, rows), "b")


def _doubts(document: Plain) -> list[str]:
    """Warnings, and devices that failed, of a document that may have either."""
    warnings = [_line(f"warning: {text}") for text in document.get("warnings", ())]
    lost = document.get("lost", ())
    lost = [_line(f"{each['device']} failed: {each['message']}") for each in lost]
    return [*warnings, *lost]


def _line(text: str, tag: str = "span") -> str:
    return f"<p><{tag}>{escape(text)}</{tag}></p>\n"
