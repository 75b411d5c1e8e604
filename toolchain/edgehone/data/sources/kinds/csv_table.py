"""A .csv file with the names of its columns in the first line."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from edgehone.data.sources._base import Raw
from edgehone.data.sources.columns import Roles, roles_of
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.tables import ROWS, Block, raw_of
from edgehone.errors import DataError
from edgehone.system.files import opened, reading

DELIMITERS = ",;\t|"
"""Of these, the one that the first line has most of."""

_SUFFIXES = (".csv", ".tsv")


class CsvTable(Source):
    """UTF-8 text; numbers have decimal points."""

    def takes(self, source: str, path: Path) -> bool:
        """A .csv or .tsv file."""
        return path.suffix.lower() in _SUFFIXES and not path.is_dir()

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Named columns as samples and targets."""
        with reading(path), opened(path) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            try:
                header, rows = _rows(text, source)
                roles = roles_of(header, request.how, source)
                return raw_of(_blocks(header, rows, roles, source), roles, source)
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{source} is not UTF-8 text.", "Save it as CSV in UTF-8."
                ) from error
            except csv.Error as error:
                raise DataError(f"{source} is not a table of CSV ({error}).", _AGAIN) from error


_AGAIN = "Save it again as CSV, with the names of the columns in the first line."

_FIRST_LINE = 1 << 22
"""Characters: a hundred thousand names of forty."""


def _rows(text: io.TextIOWrapper, source: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and the rows below it with the numbers of their lines; empty lines are none."""
    first = text.readline(_FIRST_LINE)
    if not first.strip() or "\0" in first:
        raise DataError(f"{source} is not a table of CSV: it begins with no names.", _AGAIN)
    delimiter = max(DELIMITERS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    reader = csv.reader(text, delimiter=delimiter)
    return header, ((reader.line_num + 1, row) for row in reader if row)


def _blocks(
    header: list[str], rows: Iterator[tuple[int, list[str]]], roles: Roles, source: str
) -> Iterator[Block]:
    places = {name: header.index(name) for name in roles.all}
    numbers: list[int] = []
    kept: list[list[str]] = []
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{source}, line {number}: {len(row)} cells, and the first line names "
                f"{len(header)} columns.",
                "Correct the line; texts with delimiters in them need quotes.",
            )
        numbers.append(number)
        kept.append(row)
        if len(kept) == ROWS:
            yield Block(numbers, {n: [each[i] for each in kept] for n, i in places.items()})
            numbers, kept = [], []
    if kept:
        yield Block(numbers, {n: [each[i] for each in kept] for n, i in places.items()})
