"""Writes the page about a run that is over."""

from collections.abc import Iterable
from pathlib import Path

from edgehone.actions.run.history import document_of
from edgehone.actions.run.sections import sections_of
from edgehone.documents.run.document import RunDocument
from edgehone.documents.shape import shaped
from edgehone.report.page import render
from edgehone.report.sections._base import Section
from edgehone.store.store import DATABASE
from edgehone.system.apart import require_apart
from edgehone.system.files import write_whole


def write_report(folder: Path, run: str, destination: Path | None = None) -> dict[str, str]:
    """Write the page about a run, by its id, the beginning of it, or "latest": {"run", "report"}.

    destination: a file; None: report.html in the run's own folder. Raises UsageError for a run
    that is not there or not over, StorageError for one that cannot be read.
    """
    found = document_of(folder, run)
    path = destination or folder.resolve() / found.run / "report.html"
    require_apart([path], [folder / DATABASE], "Give the page another name with -o.")
    write_page(found, path, sections_of(folder, found.run), last=True)
    return {"run": found.run, "report": str(path)}


def write_page(
    document: RunDocument, path: Path, sections: Iterable[Section] = (), *, last: bool = False
) -> None:
    """Write the page of a run's document, one HTML file that needs no network, whole or not at
    all. sections: the user's own; last: as of `whole_file`. Raises StorageError.
    """
    with shaped(f"The document of run {document.run}"):
        page = render(document, sections)
    write_whole(path, page, last=last)
