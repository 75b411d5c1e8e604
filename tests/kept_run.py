"""A finished run in a store, with the files that it measured: what `gate --run` has to release."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.store import Store
from edgehone.system.files import compressed_size
from tests import tiny_models
from tests.run_document import run_document


@dataclass(frozen=True)
class Kept:
    """folder: the store's; run: its id; winner, baseline: the run's files; stored: the winner's
    bytes as the store keeps them.
    """

    folder: Path
    run: str
    winner: Path
    baseline: Path
    stored: Path

    def words(self, *options: str) -> list[str]:
        """The end of a gate's command line."""
        return ["--run", self.run, "--folder", str(self.folder), *options]


def kept_run(place: Path, changes: Any = None, **tables: Any) -> Kept:
    """A run below `place`, its document as `changes(document)` leaves it; tables: of its project,
    beside the model.
    """
    store = Store(place / "runs")
    run = store.create_run({"model": {"teacher": "teacher.keras"}, **tables})
    artifacts = place / "runs" / run / "artifacts"
    artifacts.mkdir(parents=True)
    document = run_document() | {"run": run}
    files = {"winner": "int8", "baseline": "float32"}
    paths = {
        name: tiny_models.dense(artifacts, precision, name) for name, precision in files.items()
    }
    for name, path in paths.items():
        document[name]["artifact"] |= described(store, path)
    stored = store.path_of(document["winner"]["artifact"]["sha256"])
    if changes is not None:
        changes(document)
    store.finish_run(run, "done", document)
    return Kept(place / "runs", run, paths["winner"], paths["baseline"], stored)


def described(store: Store, path: Path) -> dict[str, Any]:
    """What a run's document says of a file, once the store keeps it."""
    return {
        "path": str(path),
        "sha256": store.add_file(path),
        "size_bytes": path.stat().st_size,
        "compressed_bytes": compressed_size(path),
    }


def swap(path: Path, other: Path) -> None:
    """Put another file in the place of one."""
    shutil.copyfile(other, path)
