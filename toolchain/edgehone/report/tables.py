"""A table as plain data, and how it is written in Markdown and on a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgehone.report.numbers import ABSENT

if TYPE_CHECKING:  # rich takes 0.1 s to import, which JSON output need not pay
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

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


def print_table(console: "Console", table: Table, title: str = "") -> None:
    """Print the table; row by row where the console is too narrow to show every word whole."""
    drawn = rich(table, title)
    if _least_width(drawn, console) <= console.width:
        console.print(drawn)
        return
    if title:
        console.print(title, style="bold", markup=False)
    for number, row in enumerate(table.rows):
        for line in _stacked(table, row, console.width):
            style = "bold" if number in table.marked else None
            console.print(line, style=style, soft_wrap=True)  # long paths stay in one piece
        console.print()


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


def _least_width(drawn: "RichTable", console: "Console") -> int:
    """Columns that the table needs: what may not wrap in full, else the longest word."""
    from rich.measure import Measurement

    options = console.options.update(width=_NO_LIMIT)
    wished = least = 0
    for column in drawn.columns:
        cells = [column.header, *column.cells]
        found = [Measurement.get(console, options, cell) for cell in cells]
        maximum = max(measured.maximum for measured in found)
        wished += maximum
        least += maximum if column.no_wrap else max(measured.minimum for measured in found)
    edges = Measurement.get(console, options, drawn).maximum - wished
    return least + edges


_NO_LIMIT = 1_000_000
"""Columns of a console on which every table fits."""


def _stacked(table: Table, row: Sequence[Cell | str], width: int) -> "Iterator[Text]":
    """A row as a block: its first cell, then `heading: value` of each cell that says anything."""
    from rich.text import Text

    first, *others = [_cell(given) for given in row]
    yield Text(first.text or ABSENT, style=COLOURS["strong"])
    for column, cell in zip(table.columns[1:], others, strict=True):
        if cell.text:
            heading = f"  {column.heading}: " if column.heading else "  "
            lines = textwrap.wrap(
                cell.text,
                width=width,
                initial_indent=heading,
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for number, line in enumerate(lines):
                value = Text(line, style=COLOURS[cell.mood])
                if number == 0:
                    value.stylize(COLOURS["quiet"], 0, len(heading))
                yield value


def _says_anything(cells: Sequence[Cell | str]) -> bool:
    return not cells or any(_cell(cell).text not in ("", ABSENT) for cell in cells)


def _cell(given: Cell | str) -> Cell:
    return given if isinstance(given, Cell) else Cell(given)


def _markdown_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
