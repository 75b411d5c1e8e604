"""Performs the loop on a project, and writes its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.actions.report import write_page
from edgehone.config import Config
from edgehone.documents.run.document import RunDocument
from edgehone.report.page import sections_named
from edgehone.run import loop
from edgehone.store import Store
from edgehone.values import Progress, silent


@dataclass(frozen=True)
class Request:
    """folder: where runs are kept; on: devices by name, of which the first is searched for;
    resume: a run to go on with; fresh: measure anew; force: go on with a teacher that guesses.
    """

    config: Config
    folder: Path
    on: Sequence[str] = ()
    resume: str | None = None
    fresh: bool = False
    force: bool = False


def perform(request: Request, progress: Progress = silent) -> RunDocument:
    """Run the loop and write its page; the run's document. Raises the errors of its stages."""
    sections = sections_named(request.config.report.sections)
    found = loop.run(
        request.config,
        store=Store(request.folder.resolve()),
        on=request.on,
        resume=request.resume,
        fresh=request.fresh,
        force=request.force,
        progress=progress,
    )
    write_page(found, Path(found.report), sections)
    return found
