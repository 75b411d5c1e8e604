"""A .parquet file; pyarrow, an extra of the package, reads it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgehone.data.sources._base import Raw
from edgehone.data.sources.columns import Roles, roles_of
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.tables import ROWS, Block, raw_of
from edgehone.errors import DataError
from edgehone.system import installing
from edgehone.system.bounds import MEMORY_SHARE, bytes_text
from edgehone.system.files import opened, reading
from edgehone.system.library_errors import sentence
from edgehone.system.memory import free_memory

_HEADER_BYTES = 100 << 20
"""Of names and statistics: what pyarrow itself allows."""


class ParquetTable(Source):
    """Columns of numbers, texts and times; nothing nested."""

    def takes(self, source: str, path: Path) -> bool:
        """A .parquet file."""
        return path.suffix.lower() in (".parquet", ".pq") and not path.is_dir()

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Named columns as samples and targets."""
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise DataError(
                f"{source} is a Parquet file, and pyarrow, which reads it, is not installed.",
                f"Install it: {installing.command('parquet')}; or save the table as CSV.",
            ) from error
        with reading(path), opened(path) as stream:
            try:
                table = parquet.ParquetFile(
                    stream,
                    thrift_string_size_limit=_HEADER_BYTES,
                    thrift_container_size_limit=_HEADER_BYTES,
                )
                _require_room(table, source)
                roles = roles_of(table.schema_arrow.names, request.how, source)
                return raw_of(_blocks(table, roles, source), roles, source, "row")
            except (pyarrow.ArrowException, OSError, OverflowError, MemoryError) as error:
                raise DataError(
                    f"{source} is no Parquet file, or is damaged ({sentence(error)}).",
                    "Copy or save it again.",
                ) from error


def _require_room(table: Any, source: str) -> None:
    """Refuse a part of a table that unpacks to more than is free: DataError."""
    room = MEMORY_SHARE * free_memory()
    for number in range(table.num_row_groups):
        size = table.metadata.row_group(number).total_byte_size
        if size > room:
            raise DataError(
                f"A row group of {source} takes {bytes_text(size)}, and {bytes_text(room)} are "
                "used at most.",
                "Save the table in smaller row groups.",
            )


def _blocks(table: Any, roles: Roles, source: str) -> Iterator[Block]:
    done = 0
    for batch in table.iter_batches(batch_size=ROWS, columns=list(roles.all), use_threads=False):
        cells = {name: _cells(batch.column(name), name, source) for name in roles.all}
        yield Block(range(done + 1, done + 1 + len(batch)), cells)
        done += len(batch)


def _cells(column: Any, name: str, source: str) -> Sequence[Any]:
    """A column's values, None where one is missing."""
    import pyarrow

    kind = column.type
    types = pyarrow.types
    if types.is_timestamp(kind) or types.is_date(kind):
        return list(column.cast(pyarrow.timestamp("us")).to_numpy(zero_copy_only=False))
    if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        raise DataError(
            f"Column {name!r} of {source} holds {kind}, not numbers or texts.",
            "Put arrays into an .npz file or a folder of .npy files.",
        )
    return list(column.to_pylist())
