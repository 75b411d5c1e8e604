"""Writes the page about a run that is over."""

from pathlib import Path

from edgehone.actions.runs import document_of
from edgehone.documents.shape import shaped
from edgehone.system.files import write_whole
from edgehone.values import Plain


def write_report(folder: Path, run: str, destination: Path | None = None) -> dict[str, str]:
    """Write the page about a run, by its id, the beginning of it, or "latest": {"run", "report"}.

    destination: a file; None: report.html in the run's own folder. Raises UsageError for a run
    that is not there or not over, StorageError for one that cannot be read.
    """
    found = document_of(folder, run)
    path = destination or folder.resolve() / found["run"] / "report.html"
    write_page(found, path)
    return {"run": str(found["run"]), "report": str(path)}


def write_page(document: Plain, path: Path) -> None:
    """Write the page of a run's document, one HTML file that needs no network, whole or not at
    all. Raises StorageError.
    """
    from edgehone.report.page import render

    with shaped(f"The document of run {document['run']}"):
        page = render(document)
    write_whole(path, page)
