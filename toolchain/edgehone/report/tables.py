"""A table as plain data, and how it is written in Markdown and on a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgehone.report.numbers import ABSENT
from edgehone.system.visible import in_markdown, visible

if TYPE_CHECKING:  # rich takes 0.1 s to import, which JSON output need not pay
    from rich.console import Console
    from rich.table import Table as RichTable

Emphasis = Literal["", "pass", "fail", "inconclusive", "quiet", "strong"]

COLOURS: dict[Emphasis, str] = {
    "": "",
    "pass": "green",
    "fail": "red",
    "inconclusive": "yellow",
    "quiet": "dim",
    "strong": "bold",
}


@dataclass(frozen=True)
class Column:
    """A column's title, the unit of its numbers, and whether it holds numbers.

    rank: where a terminal is too narrow for all columns, those with the highest rank are left out
    first, and of several the rightmost.
    """

    title: str
    unit: str = ""
    numeric: bool = True
    rank: int = 0

    @property
    def heading(self) -> str:
        """Title and unit on one line."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class Cell:
    """A cell's text, how it is to be felt, and a remark for whoever points at it."""

    text: str
    emphasis: Emphasis = ""
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


def markdown(table: Table) -> str:
    """The table in GitHub's Markdown; marked rows in bold."""
    lines = [
        _markdown_row([column.heading for column in table.columns]),
        _markdown_row(["---:" if column.numeric else "---" for column in table.columns]),
    ]
    for number, row in enumerate(table.rows):
        texts = [in_markdown(_cell(cell).text) for cell in row]
        if number in table.marked:
            texts = [f"**{text}**" if text else text for text in texts]
        lines.append(_markdown_row(texts))
    return "\n".join(lines) + "\n"


def print_table(console: "Console", table: Table, title: str = "", *, more: str = "--wide") -> None:
    """Print the table; where the console is too narrow, without its least important columns.

    more: where those left out can be seen, as the line below the table says.
    """
    shown, left_out = narrowed(console, table)
    console.print(rich(shown, title))
    if left_out:
        names = ", ".join(column.title for column in left_out)
        count = f"{len(left_out)} more column{'' if len(left_out) == 1 else 's'}"
        console.print(f"{count} with {more}: {names}", style=COLOURS["quiet"])


def narrowed(console: "Console", table: Table) -> tuple[Table, tuple[Column, ...]]:
    """The table as far as it fits the console, and the columns that were left out, in order.

    The first column always stays.
    """
    kept = list(range(len(table.columns)))
    while len(kept) > 1 and _least_width(rich(_only(table, kept)), console) > console.width:
        kept.remove(max(kept[1:], key=lambda place: (table.columns[place].rank, place)))
    left_out = (column for place, column in enumerate(table.columns) if place not in kept)
    return _only(table, kept), tuple(left_out)


def _only(table: Table, places: Sequence[int]) -> Table:
    """The table with these columns alone."""
    columns = tuple(table.columns[place] for place in places)
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    return Table(columns, rows, table.marked)


def rich(table: Table, title: str = "") -> "RichTable":
    """The table for a terminal."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=visible(title) or None,
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
        texts = [Text(visible(cell.text), style=COLOURS[cell.emphasis]) for cell in cells]
        drawn.add_row(*texts, style="bold" if number in table.marked else None)
    return drawn


def _least_width(drawn: "RichTable", console: "Console") -> int:
    """Columns that the table needs: what may not wrap in full, else the longest word and enough
    of a line to read.
    """
    from rich.measure import Measurement

    options = console.options.update(width=_NO_LIMIT)
    requested = least = 0
    for column in drawn.columns:
        cells = [column.header, *column.cells]
        found = [Measurement.get(console, options, cell) for cell in cells]
        maximum = max(measured.maximum for measured in found)
        requested += maximum
        words = max(measured.minimum for measured in found)
        least += maximum if column.no_wrap else max(words, min(maximum, _LINE))
    edges = Measurement.get(console, options, drawn).maximum - requested
    return least + edges


_LINE = 20
"""Characters of a line of text below which nobody reads a column of it."""

_NO_LIMIT = 1_000_000
"""Columns of a console on which every table fits."""


def _says_anything(cells: Sequence[Cell | str]) -> bool:
    return not cells or any(_cell(cell).text not in ("", ABSENT) for cell in cells)


def _cell(given: Cell | str) -> Cell:
    return given if isinstance(given, Cell) else Cell(given)


def _markdown_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
