"""A table as plain data, and how it is written in HTML, Markdown and on a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from edgehone.report.numbers import ABSENT

if TYPE_CHECKING:  # rich takes 0.1 s to import, which JSON output need not pay
    from rich.table import Table as RichTable

Mood = Literal["", "pass", "fail", "inconclusive", "quiet", "strong"]

COLOURS: dict[Mood, str] = {
    "": "",
    "pass": "green",
    "fail": "red",
    "inconclusive": "yellow",
    "quiet": "dim",
    "strong": "bold",
}


@dataclass(frozen=True)
class Column:
    """A column's title, the unit of its numbers, and whether it holds numbers."""

    title: str
    unit: str = ""
    numeric: bool = True

    @property
    def heading(self) -> str:
        """Title and unit on one line."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class Cell:
    """A cell's text, how it is to be felt, and a remark for whoever points at it."""

    text: str
    mood: Mood = ""
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; `marked` rows stand out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    marked: frozenset[int] = frozenset()


def from_columns(
    columns: Sequence[tuple[Column, Sequence[Cell | str]]], marked: Sequence[int] = ()
) -> Table:
    """A table from its columns; those without a single filled cell are left out."""
    filled = [(column, cells) for column, cells in columns if _says_anything(cells)]
    rows = tuple(zip(*(cells for _, cells in filled), strict=True))
    return Table(tuple(column for column, _ in filled), rows, frozenset(marked))


def html(table: Table) -> str:
    """The table in HTML, in a box that scrolls sideways where the page is too narrow."""
    head = "".join(
        f"<th{_class(column, '')}>{escape(column.title)}"
        + (f" <small>{escape(column.unit)}</small>" if column.unit else "")
        + "</th>"
        for column in table.columns
    )
    body = "".join(
        f"<tr{' class=marked' if number in table.marked else ''}>{_html_row(table, row)}</tr>\n"
        for number, row in enumerate(table.rows)
    )
    return (
        f"<div class=scroll><table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>\n"
    )


def markdown(table: Table) -> str:
    """The table in GitHub's Markdown; marked rows in bold."""
    lines = [
        _markdown_row([column.heading for column in table.columns]),
        _markdown_row(["---:" if column.numeric else "---" for column in table.columns]),
    ]
    for number, row in enumerate(table.rows):
        texts = [_cell(cell).text.replace("|", "\\|").replace("\n", " ") for cell in row]
        if number in table.marked:
            texts = [f"**{text}**" if text else text for text in texts]
        lines.append(_markdown_row(texts))
    return "\n".join(lines) + "\n"


def rich(table: Table, title: str = "") -> "RichTable":
    """The table for a terminal."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    units = any(column.unit for column in table.columns)
    for place, column in enumerate(table.columns):
        drawn.add_column(
            f"{column.title}\n{column.unit}" if units else column.title,
            justify="right" if column.numeric else "left",
            overflow="fold",
            no_wrap=column.numeric or place == 0,
        )
    for number, row in enumerate(table.rows):
        cells = [_cell(cell) for cell in row]
        texts = [Text(cell.text, style=COLOURS[cell.mood]) for cell in cells]
        drawn.add_row(*texts, style="bold" if number in table.marked else None)
    return drawn


def badge(outcome: str) -> str:
    """A verdict as a small coloured word in HTML."""
    return f'<span class="badge {escape(outcome)}">{escape(outcome)}</span>'


def _html_row(table: Table, row: Sequence[Cell | str]) -> str:
    found = []
    for column, given in zip(table.columns, row, strict=True):
        cell = _cell(given)
        text = escape(cell.text)
        if cell.mood in ("pass", "fail", "inconclusive"):
            text = f'<span class="badge {cell.mood}">{text}</span>'
        remark = f' title="{escape(cell.remark)}"' if cell.remark else ""
        found.append(f"<td{_class(column, cell.mood)}{remark}>{text}</td>")
    return "".join(found)


def _class(column: Column, mood: str) -> str:
    names = [*(["number"] if column.numeric else []), *([mood] if mood in _QUIET else [])]
    return f' class="{" ".join(names)}"' if names else ""


_QUIET = ("quiet", "strong")


def _says_anything(cells: Sequence[Cell | str]) -> bool:
    return not cells or any(_cell(cell).text not in ("", ABSENT) for cell in cells)


def _cell(given: Cell | str) -> Cell:
    return given if isinstance(given, Cell) else Cell(given)


def _markdown_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
