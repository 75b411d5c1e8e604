"""Performs the loop on a project, and writes its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.actions.run.report import write_page
from edgehone.config import Config
from edgehone.documents.run.document import RunDocument
from edgehone.report.page import sections_named
from edgehone.run import loop
from edgehone.store import Store
from edgehone.values import NOTE, Event, Progress, silent

LOOKED_UP = "everything was looked up from earlier runs; nothing was trained or measured again"

IMPORT = "import"
"""The stage that reads a model; one from a function of the user's is read in every run."""


@dataclass(frozen=True)
class Request:
    """folder: where runs are kept; on: devices by name, of which the first is searched for;
    resume: a run to go on with; fresh: measure anew; force: go on with a teacher that guesses;
    name: what the user calls a new run.
    """

    config: Config
    folder: Path
    on: Sequence[str] = ()
    resume: str | None = None
    fresh: bool = False
    force: bool = False
    name: str = ""


GATE_ONLY = "Budgets that are advisory or relative to a baseline are for the gate alone"


def perform(request: Request, progress: Progress = silent) -> RunDocument:
    """Run the loop and write its page; the run's document. Raises the errors of its stages."""
    store = Store(request.folder.resolve())
    sections = sections_named(request.config.report.sections)
    if left := request.config.budgets_of_the_gate:
        named = ", ".join(dict.fromkeys(each.metric for each in left))
        progress(Event(NOTE, f"{GATE_ONLY}: {named}."))
    found = loop.run(
        request.config,
        store=store,
        on=request.on,
        resume=request.resume,
        fresh=request.fresh,
        force=request.force,
        name=request.name,
        progress=progress,
    )
    if not {*store.made} - {IMPORT}:
        progress(Event(NOTE, LOOKED_UP))
    write_page(found, Path(found.report), sections, last=True)
    return found
