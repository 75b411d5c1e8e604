"""A run that is over, as values: its winner, its candidates, its files and its page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edgehone.actions import notebook
from edgehone.actions.api import arguments, named
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.run.history import document_of
from edgehone.actions.run.report import write_page
from edgehone.actions.run.sections import sections_of
from edgehone.budgets import Decision, Outcome
from edgehone.documents.run.document import RunDocument
from edgehone.report.sections._base import Section
from edgehone.run.winner_folder import WINNER
from edgehone.system.files import copy_whole, require_writable, write_whole
from edgehone.system.places import RUNS_FOLDER
from edgehone.units import plural
from edgehone.values import Measurement, Recipe, StepReport


@dataclass(frozen=True)
class Entry:
    """One file of a run: what it is called, how it was made, what was measured on the first device
    and `elsewhere`, and how it keeps the budgets. speedup: how many times faster than the float32
    baseline, None where not known. A winner that is the teacher's own file has no recipe.
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


@dataclass(frozen=True, repr=False)
class Run:
    """A run that is over.

    winner: the best file that keeps all budgets, None when none is proven to; decision: "pass",
    "fail" or "inconclusive"; candidates: in the order in which they were built. place: the folder
    that runs are kept in.
    """

    value: RunDocument
    place: Path

    @staticmethod
    def open(run: str = "latest", folder: PathOrText = RUNS_FOLDER) -> "Run":
        """A run that is over, by its id, the beginning of it, or "latest". Raises UsageError for
        one that is not there or not over, StorageError for one that cannot be read.
        """
        return _opened(run, folder)

    @property
    def id(self) -> str:
        """What the run is called in its folder."""
        return self.value.run

    @property
    def decision(self) -> Outcome:
        """Whether a file keeps all budgets."""
        return self.value.decision

    @cached_property
    def winner(self) -> Entry | None:
        """The best file that keeps all budgets."""
        chosen = self.value.winner
        if chosen is None:
            return None
        same = [each for each in self.candidates if each.measurement == chosen.measurement]
        if same:
            return same[0]
        speedup = None if chosen.speedup is None else chosen.speedup.ratio
        return Entry(chosen.name, chosen.measurement, chosen.elsewhere, speedup=speedup)

    @cached_property
    def candidates(self) -> tuple[Entry, ...]:
        """Every file that was built and measured, baselines left out."""
        return tuple(
            Entry(
                each.name,
                each.measurement,
                each.elsewhere,
                each.recipe,
                each.steps,
                each.decision,
                None if each.speedup is None else each.speedup.ratio,
            )
            for each in self.value.candidates
            if each.measurement is not None
        )

    @property
    def baselines(self) -> tuple[Measurement, ...]:
        """The teacher's own files; the first is what speed-ups are counted from."""
        return self.value.baselines

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know beside the numbers, in sentences."""
        return self.value.warnings

    @property
    def document(self) -> dict[str, Any]:
        """What `edgehone run --json` prints (schema "run")."""
        return self.value.to_json()

    @property
    def folder(self) -> Path:
        """Where the run's own files are."""
        return self.place / self.id

    def save(self, folder: PathOrText) -> Path:
        """Write the run's result into a folder: run.json, report.html, and, if there is a winner,
        its file under its own name and what the run's `winner` folder has: the files of all
        formats, the Keras model, recipe.toml. Raises StorageError.
        """
        return _saved(self, folder)

    def report(self, path: PathOrText = "report.html", *, sections: Any = ()) -> Path:
        """Write the page about the run, one HTML file that needs no network: StorageError.

        sections: further ones of your own, beside those that the run was begun with: classes
        derived from `edgehone.Section`, objects of them, or "python:module:Class"; one or several.
        """
        return _reported(self, path, sections=sections)

    def __repr__(self) -> str:
        winner = f"'{self.winner.name}'" if self.winner else None
        return (
            f"<Run {self.id}: {self.decision}, winner {winner}, "
            f"{plural(len(self.candidates), 'candidate')}>"
        )

    def _repr_html_(self) -> str:
        return notebook.run(self.value)


@public
def _opened(run: str, folder: PathOrText) -> Run:
    place = arguments.path(folder, "folder")
    return Run(document_of(place, arguments.text(run, "run")), place)


@public
def _saved(run: Run, folder: PathOrText) -> Path:
    place = arguments.path(folder, "folder")
    require_writable(place)
    winner = run.winner
    if winner is not None:
        copy_whole(winner.path, place / winner.path.name)
        for file in sorted((run.folder / WINNER).glob("*")):  # which older runs do not have
            copy_whole(file, place / file.name)
    write_whole(place / "run.json", json.dumps(run.document, indent=2, allow_nan=False) + "\n")
    _write_page(run, place / "report.html")
    return place


@public
def _reported(run: Run, path: PathOrText, *, sections: Any) -> Path:
    found = arguments.path(path, "path")
    _write_page(run, found, named.sections(sections))
    return found


def _write_page(run: Run, path: Path, more: Sequence[Section] = ()) -> None:
    """The page, with the sections of the user's own that the run's project named, and more."""
    write_page(run.value, path, [*sections_of(run.place, run.id), *more])
