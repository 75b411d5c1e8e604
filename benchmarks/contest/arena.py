"""Where one data set and seed are contested: the teacher, the data, and the rows that are kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import SOURCES, Array, Data
from effort import Effort
from nets import NETS, keep
from rows import FileRow, Journal, Row, key_of

from edgehone.errors import EdgehoneError
from edgehone.export.execution import outputs
from edgehone.run.document import environment
from edgehone.system.files import copy_whole, sha256_of
from edgehone.values import Artifact, Progress, Task

TEACHER = "teacher"
"""What its own files' contestant is called."""


class ContestantError(Exception):
    """A contestant could not make a file; says why."""


@dataclass(frozen=True)
class Made:
    """A file that a contestant made, and what it was made with. trainings: passes over the training
    data by what was trained.
    """

    name: str
    path: Path
    precision: str
    trainings: Mapping[str, int]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Arena:
    """folder: of this data set and seed, below `work`; again: who does everything anew; asked: the
    keys of all work that was asked for, as rows of other settings may be in the journal as well.
    """

    work: Path
    folder: Path
    data: Data
    seed: int
    effort: Effort
    journal: Journal
    teacher: Path
    progress: Progress
    again: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)

    @property
    def teacher_sha256(self) -> str:
        """Of the file that every contestant begins with."""
        return sha256_of(self.teacher)

    @property
    def runs(self) -> Path:
        """The folder of edgehone's runs, whose store all contestants that run it share."""
        return self.folder / "runs"

    @property
    def calibration(self) -> Array:
        """The training samples that ranges are taken from: the same for all contestants."""
        return self.data.split("train")[0][:200]

    def kept(
        self,
        contestant: str,
        job: str,
        settings: Mapping[str, Any],
        work: Callable[[Path], Sequence[Made | Row]],
    ) -> list[Row]:
        """The rows of some work, which is done in a scratch folder if it was not done before. What
        cannot be done is a row too.
        """
        key = self._key(contestant, job, settings)
        self.asked.add(key)
        found = self.journal.of(key)
        if found and contestant not in self.again and self._there(found):
            return found
        with TemporaryDirectory(prefix="contest-") as scratch:
            self.journal.add(self._done(key, contestant, job, partial(work, Path(scratch))))
        return self.journal.of(key)

    def failed(self, contestant: str, file: str, reason: str) -> FileRow:
        """The row of a file that could not be made; a row's key is given where it is kept."""
        blank = FileRow("", self.data.name, self.seed, contestant, file, failed=reason)
        return replace(blank, teacher=self.teacher_sha256)

    @property
    def rows(self) -> list[Row]:
        """Those of the work that was asked for."""
        return [row for row in self.journal if row.key in self.asked]

    def files_of(self, contestant: str) -> list[FileRow]:
        """What a contestant made so far."""
        files = (row for row in self.rows if isinstance(row, FileRow))
        return [row for row in files if row.contestant == contestant]

    def spent(self, contestant: str) -> int:
        """Passes over the training data that a contestant spent so far."""
        return spent_in(self.files_of(contestant))

    def _done(
        self, key: str, contestant: str, job: str, work: Callable[[], Sequence[Made | Row]]
    ) -> list[Row]:
        start = time.monotonic()
        try:
            made = work()
        except (EdgehoneError, ContestantError) as error:
            reason = getattr(error, "message", "") or str(error)
            made = [self.failed(contestant, job, reason)]
        seconds = round(time.monotonic() - start, 1)
        return [
            self._row(key, contestant, each, seconds)
            if isinstance(each, Made)
            else replace(each, key=key)
            for each in made
        ]

    def _key(self, contestant: str, job: str, settings: Mapping[str, Any]) -> str:
        return key_of(
            {
                "data": self.data.sha256,
                "seed": self.seed,
                "teacher": self.teacher_sha256,
                "contestant": contestant,
                "job": job,
                "settings": settings,
                "with": environment(),
            }
        )

    def _there(self, rows: Sequence[Row]) -> bool:
        """Whether nothing failed, which is tried again, and the files are in the working folder."""
        files = [row for row in rows if isinstance(row, FileRow)]
        return all(not row.failed and (self.work / row.path).is_file() for row in files)

    def _row(self, key: str, contestant: str, made: Made, seconds: float) -> FileRow:
        """The row of a file, which is kept under its content."""
        sha256 = sha256_of(made.path)
        place = self.folder / "files" / f"{sha256[:20]}{made.path.suffix}"
        copy_whole(made.path, place)
        return replace(
            self.failed(contestant, made.name, ""),
            key=key,
            path=str(place.relative_to(self.work)),
            format=made.path.suffix.removeprefix("."),
            precision=made.precision,
            sha256=sha256,
            size_bytes=place.stat().st_size,
            compressed_bytes=_compressed(place),
            validation=self._validation(place),
            trainings=dict(made.trainings),
            settings=dict(made.settings),
            seconds=seconds,
        )

    def _validation(self, file: Path) -> float:
        x, y = self.data.split("val")
        return round(float((outputs(file, x).argmax(-1) == y).mean()), 6)


def spent_in(rows: Sequence[FileRow]) -> int:
    """Passes over the training data of these files: what they share counts once."""
    trainings: dict[str, int] = {}
    for row in rows:
        trainings |= row.trainings
    return sum(trainings.values())


def files_made(
    artifacts: Sequence[Artifact], name: str, trainings: Mapping[str, int], **settings: Any
) -> list[Made]:
    """Exported files, called after their precision."""
    return [
        Made(f"{name} {each.precision}".strip(), each.path, each.precision, trainings, settings)
        for each in artifacts
    ]


def trained_teacher(
    folder: Path, data: Data, seed: int, effort: Effort, progress: Progress
) -> Path:
    """The teacher of a data set and seed, trained on the labels; looked up where it was before.
    Its weights are beside it, for tf_keras.
    """
    said = {"data": data.sha256, "seed": seed, "epochs": effort.teacher_epochs, "rate": effort.rate}
    file = folder / f"teacher-{key_of({**said, 'batch': effort.batch_size})}.keras"
    if file.is_file():
        return file
    from edgehone.compress._base import TrainingContext
    from edgehone.compress.training.fitting import Schedule, fit_hard
    from edgehone.data import DataSettings, load
    from edgehone.graph import backend
    from edgehone.graph.loading import save

    source = SOURCES[data.name]
    keras = backend.keras()
    backend.seed(seed)
    fresh = NETS[source.net](keras.layers, keras.Model, source.shape, source.classes)
    settings = DataSettings(input_shape=source.shape, output_shape=(source.classes,))
    context = TrainingContext(None, load(str(data.path), settings), Task(), seed, progress)
    schedule = Schedule(effort.teacher_epochs, effort.batch_size, effort.rate)
    model = fit_hard(fresh, context, schedule, "train the teacher").model
    keep(model, weights_of(file))
    save(model, file)
    return file


def weights_of(teacher: Path) -> Path:
    """The teacher's weights by layer, beside it."""
    return teacher.with_suffix(".npz")


def _compressed(file: Path) -> int:
    from edgehone.actions.lone_files import artifact

    return artifact(file).compressed_bytes
