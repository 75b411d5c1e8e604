"""A run that is over, as values: its winner, its candidates, its files and its page."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from edgehone.actions import notebook
from edgehone.actions.api import arguments
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.report import write_page
from edgehone.actions.runs import document_of
from edgehone.documents import (
    decision_from_json,
    measurement_from_json,
    recipe_from_json,
    step_report_from_json,
)
from edgehone.documents.shape import shaped
from edgehone.system.files import require_writable, write_whole
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Decision, Measurement, Outcome, Plain, Recipe, StepReport


@dataclass(frozen=True)
class Entry:
    """One file of a run: what it is called, how it was made, what was measured on the first device
    and `elsewhere`, and how it keeps the budgets. A winner that is the teacher has no recipe.
    """

    name: str
    measurement: Measurement
    elsewhere: tuple[Measurement, ...] = ()
    recipe: Recipe | None = None
    reports: tuple[StepReport, ...] = ()
    decision: Decision | None = None
    speedup: float | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.measurement.artifact.path

    @property
    def size_bytes(self) -> int:
        """Its size on disk."""
        return self.measurement.artifact.size_bytes


@dataclass(frozen=True)
class Run:
    """A run: `document` is what `edgehone run --json` prints (schema "run"), and the rest reads it.

    winner: the best file that keeps all budgets, None when none is proven to; decision: "pass",
    "fail" or "inconclusive"; candidates: in the order in which they were built.
    """

    document: Plain = field(repr=False)
    id: str = ""

    @staticmethod
    def open(run: str = "latest", folder: PathOrText = RUNS_FOLDER) -> "Run":
        """A run that is over, by its id, the beginning of it, or "latest". Raises UsageError for
        one that is not there or not over, StorageError for one that cannot be read.
        """
        return _opened(run, folder)

    @property
    def decision(self) -> Outcome:
        """Whether a file keeps all budgets."""
        found: Outcome = self.document["decision"]
        return found

    @cached_property
    def winner(self) -> Entry | None:
        """The best file that keeps all budgets."""
        if not self.document["winner"]:
            return None
        measurement = measurement_from_json(self.document["winner"])
        named = [each for each in self.candidates if each.name == self.document["winner_name"]]
        same = [each for each in named if each.path == measurement.artifact.path]
        if same:
            return same[0]
        elsewhere = tuple(map(measurement_from_json, self.document["winner_elsewhere"]))
        return Entry(str(self.document["winner_name"]), measurement, elsewhere)

    @cached_property
    def candidates(self) -> tuple[Entry, ...]:
        """Every file that was built and measured, baselines left out."""
        with shaped(f"The document of run {self.id}"):
            return tuple(map(_entry, self.document["candidates"]))

    @property
    def baselines(self) -> tuple[Measurement, ...]:
        """The teacher's own files; the first is what speed-ups are counted from."""
        return tuple(map(measurement_from_json, self.document["baselines"]))

    @property
    def warnings(self) -> list[str]:
        """What to know beside the numbers, in sentences."""
        return list(self.document.get("warnings") or ())

    @property
    def folder(self) -> Path:
        """Where the run's own files are."""
        return Path(self.document["report"]).parent

    def save(self, folder: PathOrText) -> Path:
        """Write the run's result into a folder: run.json, report.html, and the winner's file under
        its own name, if there is a winner. Raises StorageError.
        """
        return _saved(self, folder)

    def report(self, path: PathOrText = "report.html") -> Path:
        """Write the page about the run, one HTML file that needs no network: StorageError."""
        return _reported(self, path)

    def _repr_html_(self) -> str:
        return notebook.run(self.document)


def _entry(found: Plain) -> Entry:
    measurement = measurement_from_json(found["measurement"])
    speedup = found.get("speedup")
    return Entry(
        str(found["name"]),
        measurement,
        tuple(map(measurement_from_json, found.get("elsewhere") or ())),
        recipe_from_json(found["recipe"]),
        tuple(map(step_report_from_json, found["steps"])),
        decision_from_json(found["decision"], measurement),
        None if speedup is None else float(speedup["ratio"]),
    )


@public
def _opened(run: str, folder: PathOrText) -> Run:
    found = document_of(arguments.path(folder, "folder"), arguments.text(run, "run"))
    return Run(found, str(found["run"]))


@public
def _saved(run: Run, folder: PathOrText) -> Path:
    import json

    place = arguments.path(folder, "folder")
    require_writable(place)
    winner = run.winner
    if winner is not None:
        write_whole(place / winner.path.name, winner.path.read_bytes())
    write_whole(place / "run.json", json.dumps(run.document, indent=2, allow_nan=False) + "\n")
    write_page(run.document, place / "report.html")
    return place


@public
def _reported(run: Run, path: PathOrText) -> Path:
    found: Any = arguments.path(path, "path")
    write_page(run.document, found)
    return Path(found)
