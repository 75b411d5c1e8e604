"""Where the time of a run went: seconds by kind of work, as its stages were worked out."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgehone.run.cache import Cache, Json
from edgehone.values import Plain

STARTING, TABLES, TRAINING, EXPORT, MEASURING, WAITING = (
    "starting",
    "tables",
    "training",
    "export",
    "measuring",
    "waiting",
)

KINDS: Mapping[str, str] = {
    "start": STARTING,
    "import": STARTING,
    "cost table": TABLES,
    "student costs": TABLES,
    "sensitivity": TABLES,
    "sensitivity around": TABLES,
    "whole files": TABLES,
    "parent sensitivity": TABLES,
    "parent": TRAINING,
    "teacher answers": TRAINING,
    "compress": TRAINING,
    "teacher outputs": TRAINING,
    "score": TRAINING,
    "convert": EXPORT,
    "export": EXPORT,
    "smallest form": EXPORT,
    "measure": MEASURING,
    "generalization": MEASURING,
}
"""What a stage is counted as, by its name. A stage inside another counts as the outer one: files
that are made to probe sensitivities are part of the tables. The start is that of TensorFlow, and
reading the models and the data."""


@dataclass
class Spent:
    """Seconds by kind. Devices that are measured at the same time count once."""

    clock: Callable[[], float] = time.monotonic
    _seconds: dict[str, float] = field(default_factory=dict)
    _running: dict[str, int] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _waited: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _inside: threading.local = field(default_factory=threading.local)

    def seconds(self, total: float) -> dict[str, float]:
        """By kind, with what is left of the total as "other"."""
        with self._lock:
            found = {kind: self._seconds.get(kind, 0.0) for kind in dict.fromkeys(KINDS.values())}
        found[WAITING] = min(self._waited, found[MEASURING])
        found[MEASURING] -= found[WAITING]
        found["other"] = max(total - sum(found.values()), 0.0)
        return {kind: round(value, 1) for kind, value in found.items()}

    def waited(self, seconds: float) -> None:
        """Part of the measuring was waiting for a device to be free and calm."""
        with self._lock:
            self._waited += seconds

    @contextmanager
    def at(self, stage: str) -> Iterator[None]:
        """Inside, the time counts as the stage's."""
        kind = KINDS.get(stage)
        if kind is None or getattr(self._inside, "stage", False):
            yield
            return
        self._inside.stage = True
        self._enter(kind)
        try:
            yield
        finally:
            self._leave(kind)
            self._inside.stage = False

    def _enter(self, kind: str) -> None:
        with self._lock:
            if self._running.get(kind, 0) == 0:
                self._since[kind] = self.clock()
            self._running[kind] = self._running.get(kind, 0) + 1

    def _leave(self, kind: str) -> None:
        with self._lock:
            self._running[kind] -= 1
            if self._running[kind] == 0:
                took = self.clock() - self._since[kind]
                self._seconds[kind] = self._seconds.get(kind, 0.0) + took


@dataclass(frozen=True)
class TimedCache:
    """A cache whose stages are timed while they are worked out."""

    cache: Cache
    spent: Spent

    def stage(
        self,
        name: str,
        inputs: Plain,
        make: Callable[[], Plain],
        *,
        version: int = 1,
        stale: Callable[[Json], bool] = lambda _: False,
    ) -> Json:
        """See `Cache.stage`."""

        def timed() -> Plain:
            with self.spent.at(name):
                value = make()
            if KINDS.get(name) == MEASURING:
                self.spent.waited(_waits(value))
            return value

        return self.cache.stage(name, inputs, timed, version=version, stale=stale)

    def add_file(self, path: Path) -> str:
        """See `Cache.add_file`."""
        return self.cache.add_file(path)

    def path_of(self, sha256: str) -> Path:
        """See `Cache.path_of`."""
        return self.cache.path_of(sha256)


def _waits(value: Plain) -> float:
    """Seconds that a batch of measurements waited before its first job, which all of them tell."""
    for each in value.get("measurements", ()):
        waits = each["conditions"].get("waits") or {}
        return sum(float(wait.get("waited_s") or 0.0) for wait in waits.values())
    return 0.0
