import io
import itertools
from pathlib import Path
from typing import Any

from rich.console import Console
from tests.run_document import run_document, run_value

import edgehone.cli
from edgehone.report import numbers
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
    assert lines[3] == "| **&lt;c&gt;** | **12.0** | **fail** |"


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


RANKED = from_columns(
    [
        (Column("model", numeric=False), ["round-1", "teacher float32 (tflite)"]),
        (Column("size", "KiB"), ["24.1", "1,205.6"]),
        (Column("load", "ms", rank=2), ["1.25", "20.51"]),
        (Column("cold", "ms", rank=2), ["3.25", "40.51"]),
        (Column("drop", "points", rank=1), ["0.1", "-0.3"]),
        (Column("budgets", numeric=False), [Cell("pass", "pass"), "fail"]),
    ]
)


def headings(shown: str) -> list[str]:
    return [c.title for c in RANKED.columns if c.title in shown.partition("─")[0]]


def test_a_table_stays_a_table_and_gives_up_the_least_important_columns_first() -> None:
    fits = min(width for width in range(8, 120) if "--wide" not in printed(RANKED, width))
    whole = ["model", "size", "load", "cold", "drop", "budgets"]
    given_up = [whole]
    for width in range(119, 7, -1):
        shown = printed(RANKED, width)
        assert "─" in shown
        found = headings(shown)
        assert (found == whole) == (width >= fits)
        if found != given_up[-1]:
            given_up.append(found)
            left_out = [name for name in whole if name not in found]
            plural = "s" if len(left_out) > 1 else ""
            text = f"{len(left_out)} more column{plural} with --wide: {', '.join(left_out)}"
            assert text.split() == shown.split()[-len(text.split()) :]
    lost = [set(before) - set(after) for before, after in itertools.pairwise(given_up)]
    assert lost == [{"cold"}, {"load"}, {"drop"}, {"budgets"}, {"size"}]


def test_a_narrowed_table_has_a_line_a_row_within_the_console() -> None:
    for width in range(26, 120):
        lines = printed(RANKED, width, "A title").splitlines()
        assert all(len(line) <= width for line in lines)
        rule = next(place for place, line in enumerate(lines) if "─" in line)
        rows = [line.split() for line in lines[rule + 1 :]]
        assert [row[0] for row in rows[:2]] == ["round-1", "teacher"]
        assert rows[2] == []


def test_what_is_left_out_can_be_seen_where_the_caller_says() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=40, markup=False, highlight=False)
    print_table(console, RANKED, more="--wide or in the report")
    assert "with --wide or in the report: " in " ".join(stream.getvalue().split())


def test_no_column_of_sentences_is_narrower_than_can_be_read() -> None:
    sentence = "one two three four five six seven eight nine ten"
    table = from_columns(
        [(Column("n"), ["1"] * 2), *((Column(t, numeric=False), [sentence] * 2) for t in "abcd")]
    )
    for width in range(26, 200):
        assert len(printed(table, width).splitlines()) <= 4 + 2 * 3 + 2


def test_cells_are_whole_where_all_columns_fit() -> None:
    cells = [cell if isinstance(cell, str) else cell.text for row in LONG.rows for cell in row]
    words = {word for cell in cells for word in cell.split()}
    words |= {word for column in LONG.columns for word in (column.title, column.unit)}
    fitting = min(width for width in range(8, 120) if "--wide" not in printed(LONG, width))
    widest = "a folder/name of a file.tflite", "parameters", "1,205.6", "incomprehensibilities"
    assert fitting == sum(map(len, widest)) + 8
    for width in range(fitting, 120):
        shown = printed(LONG, width, "A title")
        assert [word for word in words if word not in shown] == [], f"at {width} columns:\n{shown}"
        assert all(len(line) <= width for line in shown.splitlines())


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


def test_rounds_say_how_many_candidates_they_had() -> None:
    document = run_document()
    document["rounds"] = [
        {"round": 1, "candidates": 2, "target": 0.08, "quality_kept": True},
        {"round": 2, "target": 0.07, "quality_kept": None},
    ]
    table = rounds_table(run_value(document))
    place = [column.title for column in table.columns].index("candidates")
    assert [str(row[place]) for row in table.rows] == ["2", numbers.ABSENT]
