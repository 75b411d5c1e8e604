"""The raw results: a JSON line a file, run or measurement, kept by what it was made from."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from edgehone.system.files import write_whole

Json = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """What all rows say: of which data set, seed and contestant they are, and the key of the work
    that they came from.
    """

    KIND: ClassVar[str] = ""

    key: str
    data: str
    seed: int
    contestant: str

    @property
    def place(self) -> tuple[str, int]:
        """Data set and seed, whose files are measured together."""
        return self.data, self.seed


@dataclass(frozen=True)
class FileRow(Row):
    """One file, or (failed) why there is none. path: below the working folder; validation: accuracy
    on the validation split, a fraction; trainings: passes over the training data by what was
    trained, which files may share; teacher: SHA-256 of the teacher.
    """

    KIND: ClassVar[str] = "file"

    file: str = ""
    path: str = ""
    format: str = ""
    precision: str = ""
    sha256: str = ""
    size_bytes: int = 0
    compressed_bytes: int = 0
    validation: float = 0.0
    teacher: str = ""
    trainings: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    failed: str = ""


@dataclass(frozen=True)
class RunRow(Row):
    """A search's account of itself. rank_correlation: Spearman's of predicted and found losses;
    predictions: of each candidate, by quantity, predicted and measured; seconds: by kind of work;
    refused: why candidates could not be made.
    """

    KIND: ClassVar[str] = "run"

    budget: float = 0.0
    candidates: int = 0
    rank_correlation: float | None = None
    guessing: bool = False
    predictions: tuple[Mapping[str, Any], ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    stopped: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasuredRow(Row):
    """One file of a batch. batch: of all files that were measured interleaved, by their content;
    rounds: the numbers of its rounds that count, the same for all files of a batch.
    """

    KIND: ClassVar[str] = "measured"

    batch: str = ""
    sha256: str = ""
    device: str = ""
    cpu: str = ""
    runtime: str = ""
    accuracy: float = 0.0
    samples: int = 0
    p50_ms: float | None = None
    blocks_ms: tuple[float, ...] = ()
    rounds: tuple[int, ...] = ()
    instructions: int | None = None
    verdict: str = ""
    reason: str = ""


KINDS: Mapping[str, type[Row]] = {each.KIND: each for each in (FileRow, RunRow, MeasuredRow)}


def key_of(content: Mapping[str, Any]) -> str:
    """The key of some work: a hash of everything that it depends on."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def written(row: Row) -> str:
    """One line."""
    return json.dumps({"row": row.KIND, **asdict(row)}, sort_keys=True)


def read(line: str) -> Row:
    """The row of a line. Raises ValueError for one that is none, or lacks something."""
    found = json.loads(line)
    kind = KINDS.get(found.pop("row", ""))
    if kind is None:
        raise ValueError(f"not a row of the contest: {line[:80]}")
    names = {each.name for each in fields(kind)}
    if set(found) != names:
        raise ValueError(f"a {kind.KIND} row is not whole: {sorted(names ^ set(found))}")
    values: Json = {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}
    return kind(**values)


class Journal:
    """The rows of a working folder, each piece of work written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self._rows = [read(line) for line in lines]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def of(self, key: str) -> list[Row]:
        """What some work left, nothing if it was not done."""
        return [row for row in self._rows if row.key == key]

    def add(self, rows: Iterable[Row]) -> None:
        """Keep what some work found, in the place of what it found before."""
        new = list(rows)
        keys = {row.key for row in new}
        self._rows = [row for row in self._rows if row.key not in keys] + new
        write_whole(self.path, "".join(f"{written(row)}\n" for row in self._rows))
