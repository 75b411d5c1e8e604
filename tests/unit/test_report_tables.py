from edgehone.report.tables import Cell, Column, Table, from_columns, html, markdown, rich

TABLE = from_columns(
    [
        (Column("name", numeric=False), ["a|b", "<c>"]),
        (Column("size", "KiB"), ["1.5", "12.0"]),
        (Column("verdict", numeric=False), [Cell("pass", "pass"), Cell("fail", "fail", "why")]),
    ],
    [1],
)


def test_html_escapes_aligns_and_marks() -> None:
    text = html(TABLE)
    assert "&lt;c&gt;" in text
    assert "<c>" not in text
    assert '<td class="number">12.0</td>' in text
    assert text.count("<tr class=marked>") == 1
    assert 'title="why"' in text
    assert '<span class="badge fail">fail</span>' in text


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
    assert "<table>" in html(table)


def test_rich_shows_every_row() -> None:
    drawn = rich(TABLE, "Title")
    assert drawn.row_count == 2
    assert [column.justify for column in drawn.columns] == ["left", "right", "left"]
