"""Keras models, arrays and artifacts of one run or command, as objects of its cache."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import UsageError
from edgehone.run.cache import Cache, MemoryCache
from edgehone.system import scratch
from edgehone.system.files import whole_file, writing
from edgehone.values import Model, Progress, silent

Array = NDArray[Any]


SCRATCH = "scratch"


@dataclass(frozen=True)
class Workspace:
    """What a run or command keeps, and where. folder: its own; trust: code in the user's model
    files may run (what this wrote itself has passed that gate); custom: where layers of the
    user's come from; loaded: Keras models already in memory, by object.
    """

    cache: Cache
    folder: Path
    trust: bool = False
    progress: Progress = silent
    custom: tuple[str, ...] = ()
    loaded: dict[str, Any] = field(default_factory=dict)

    @property
    def scratch(self) -> Path:
        """Where unfinished files lie."""
        return self.folder / SCRATCH

    def keras_model(self, model: Model) -> Any:
        """The Keras model behind a value, loaded once."""
        from edgehone.graph import loading

        if model.sha256 not in self.loaded:
            self.loaded[model.sha256] = loading.load(
                str(model.path), trust=True, custom=self.custom
            )
        return self.loaded[model.sha256]

    def forget(self, model: Model) -> None:
        """Take a Keras model out of memory."""
        self.loaded.pop(model.sha256, None)

    def keep_model(self, model: Any) -> dict[str, Any]:
        """Save a Keras model; what it returns is plain data that `model` reads."""
        from edgehone.graph import loading

        with TemporaryDirectory(dir=self.scratch) as folder:
            saved = loading.save(model, Path(folder) / "model.keras")
            kept = self.cache.add_file(saved.path)
        self.loaded[kept] = model
        return {"object": kept, "params": saved.params, "macs": saved.macs}

    def model(self, kept: Mapping[str, Any]) -> Model:
        """The model that `keep_model` saved."""
        path = self.cache.path_of(kept["object"])
        return Model(path, kept["object"], kept["params"], kept["macs"])

    def keep_array(self, values: Array) -> dict[str, str]:
        """Save an array; what it returns is plain data that `array` reads."""
        with TemporaryDirectory(dir=self.scratch) as folder:
            file = Path(folder) / "values.npy"
            with writing(file):
                np.save(file, values)
            return {"object": self.cache.add_file(file)}

    def array(self, kept: Mapping[str, str]) -> Array:
        """The array that `keep_array` saved."""
        return np.asarray(np.load(self.cache.path_of(kept["object"]), allow_pickle=False))

    def linked(self, sha256: str, name: str) -> Path:
        """A copy of an object under a name that people can use, in the run's `artifacts`."""
        path = self.folder / "artifacts" / name
        with whole_file(path) as temporary:
            temporary.write_bytes(self.cache.path_of(sha256).read_bytes())
        return path


def temporary(
    folder: Path, progress: Progress, *, trust: bool = False, custom: tuple[str, ...] = ()
) -> Workspace:
    """The workspace of a command that keeps nothing beyond its own end; folder: an empty one."""
    found = Workspace(MemoryCache(folder / "objects"), folder, trust, progress, custom)
    found.scratch.mkdir()
    return found


@contextmanager
def opened(folder: Path) -> Iterator[None]:
    """Make a run's folder, and sweep out what killed runs left unfinished, now and after.

    Raises UsageError while another process works on the run.
    """
    own = folder / SCRATCH
    with writing(folder):
        require_free(folder)
        for other in folder.parent.glob(f"*/{SCRATCH}"):
            if scratch.remove_dead(other):
                _sweep_artifacts(other.parent)
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        mark = scratch.claimed(own)
    try:
        yield
    finally:
        shutil.rmtree(own, ignore_errors=True)
        _sweep_artifacts(folder)
        os.close(mark)


def require_free(folder: Path) -> None:
    """Refuse a run that another process works on: UsageError."""
    if owner := scratch.owner_of(folder / SCRATCH):
        raise UsageError(
            f"Run {folder.name} is at work already ({owner}).",
            "Wait until it has ended, or end it; then resume it.",
        )


def _sweep_artifacts(folder: Path) -> None:
    """Remove unfinished files from what a run has made."""
    for unfinished in (folder / "artifacts").glob(".*"):
        unfinished.unlink(missing_ok=True)
