import io
from pathlib import Path
from typing import Any

from rich.console import Console
from tests.run_document import run_document, run_value

import edgehone.cli
from edgehone.report.markup import table_html
from edgehone.report.rounds import rounds_table
from edgehone.report.tables import (
    Cell,
    Column,
    Table,
    from_columns,
    markdown,
    print_table,
    rich,
)

TABLE = from_columns(
    [
        (Column("name", numeric=False), ["a|b", "<c>"]),
        (Column("size", "KiB"), ["1.5", "12.0"]),
        (Column("verdict", numeric=False), [Cell("pass", "pass"), Cell("fail", "fail", "why")]),
    ],
    [1],
)


def test_html_escapes_aligns_and_marks() -> None:
    text = table_html(TABLE)
    assert "&lt;c&gt;" in text
    assert "<c>" not in text
    assert '<td class="number">12.0</td>' in text
    assert text.count('<tr class="marked">') == 1
    assert 'title="why"' in text
    assert '<span class="badge fail">fail</span>' in text
    assert text.count('scope="col"') == len(TABLE.columns)


def test_markdown_aligns_numbers_right_and_escapes_bars() -> None:
    lines = markdown(TABLE).splitlines()
    assert lines[0] == "| name | size (KiB) | verdict |"
    assert lines[1] == "| --- | ---: | --- |"
    assert lines[2] == "| a\\|b | 1.5 | pass |"
    assert lines[3] == "| **<c>** | **12.0** | **fail** |"


def test_a_column_that_says_nothing_is_left_out() -> None:
    table = from_columns([(Column("a"), ["1"]), (Column("b"), ["–"]), (Column("c"), [""])])  # noqa: RUF001
    assert [column.title for column in table.columns] == ["a"]
    assert table.rows == (("1",),)


def test_a_table_without_rows_is_still_a_table() -> None:
    table = from_columns([(Column("a"), [])])
    assert table == Table((Column("a"),), ())
    assert "<table>" in table_html(table)


def test_rich_shows_every_row() -> None:
    drawn = rich(TABLE, "Title")
    assert drawn.row_count == 2
    assert [column.justify for column in drawn.columns] == ["left", "right", "left"]


LONG = from_columns(
    [
        (Column("file", numeric=False), ["a folder/name of a file.tflite", "b.onnx"]),
        (Column("parameters"), ["1,234,567", "89"]),
        (Column("size", "KiB"), ["1,205.6", "0.1"]),
        (Column("remark", numeric=False), [Cell("", "quiet"), "incomprehensibilities of [bold]"]),
    ],
    [1],
)


def printed(table: Table, width: int, title: str = "") -> str:
    stream = io.StringIO()
    print_table(Console(file=stream, width=width, markup=False, highlight=False), table, title)
    return stream.getvalue()


def test_a_table_is_printed_whole_at_every_width() -> None:
    cells = [cell if isinstance(cell, str) else cell.text for row in LONG.rows for cell in row]
    words = {word for cell in cells for word in cell.split()}
    words |= {word for column in LONG.columns for word in (column.title, column.unit)}
    for width in range(8, 120):
        shown = printed(LONG, width, "A title")
        assert [word for word in words if word not in shown] == [], f"at {width} columns:\n{shown}"
        assert "…" not in shown


def test_a_table_that_fits_has_a_line_a_row() -> None:
    fitting = min(width for width in range(8, 120) if "─" in printed(LONG, width))
    assert all("─" in printed(LONG, width) for width in range(fitting, 120))
    assert all(len(line) <= fitting for line in printed(LONG, fitting).splitlines())
    widest = "a folder/name of a file.tflite", "parameters", "1,205.6", "incomprehensibilities"
    assert fitting == sum(map(len, widest)) + 8


def test_two_columns_that_just_fit_are_not_broken() -> None:
    table = from_columns([(Column("a"), ["12345"]), (Column("b"), ["67890"])])
    for width in range(4, 40):
        assert {"12345", "67890"} <= set(printed(table, width).replace("b:", "").split())


def test_a_table_that_does_not_fit_is_printed_row_by_row() -> None:
    assert printed(LONG, 40, "Files").splitlines() == [
        "Files",
        "a folder/name of a file.tflite",
        "  parameters: 1,234,567",
        "  size (KiB): 1,205.6",
        "",
        "b.onnx",
        "  parameters: 89",
        "  size (KiB): 0.1",
        "  remark: incomprehensibilities of",
        "    [bold]",
        "",
    ]


def test_words_longer_than_the_console_stay_in_one_piece() -> None:
    path = "runs/" + "x" * 60 + "/report.html"
    table = from_columns([(Column("run"), ["1"]), (Column("report", numeric=False), [path])])
    assert path in printed(table, 30)


def test_commands_print_tables_in_no_other_way() -> None:
    files = list(Path(edgehone.cli.__path__[0]).rglob("*.py"))
    assert any("print_table(" in file.read_text() for file in files)
    assert [file.name for file in files if "print(rich(" in file.read_text()] == []


def test_rounds_tell_what_the_validation_data_said_in_numbers() -> None:
    def turn(value: float, spread: float, verdict: str, kept: bool) -> dict[str, Any]:
        check = {
            "metric": "accuracy_drop",
            "bound": "max",
            "limit": 0.01,
            "value": value,
            "ci95": [value - spread, value + spread],
            "verdict": verdict,
            "reason": "",
            "device": "local",
            "n": 300,
        }
        return {"round": 1, "target": 0.08, "quality_kept": kept, "quality": [check]}

    document = run_document()
    document["rounds"] = [
        turn(0.001, 0.005, "pass", True),
        turn(0.002, 0.015, "inconclusive", False),
        turn(0.05, 0.01, "fail", False),
        {"round": 4, "target": 0.07, "quality_kept": None},
    ]
    table = rounds_table(run_value(document))
    place = [column.title for column in table.columns].index("quality budgets on validation data")
    kept, unproven, missed, unknown = [str(row[place]) for row in table.rows]
    assert kept.startswith("accuracy_drop 0.1 points (")
    assert "max 1 point: kept" in kept
    assert "not proven; too near the limit" in unproven
    assert "missed" not in unproven
    assert missed.endswith("max 1 point: missed")
    assert unknown == ""
