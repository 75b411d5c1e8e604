"""Where a run's files are now, whatever its document says of where they once were."""

from pathlib import Path
from typing import Any

FILES = ("path", "report", "artifacts", "best_unproven_file")
"""Keys of a run's document that name files in the run's folder."""


def located(document: Any, run: str, folder: Path) -> Any:
    """The document with files of the run named where they are: in `folder`, the store's.

    A relative path counts from nowhere, and so from the run's folder; an absolute one is kept
    unless the store was moved away from there.
    """
    if isinstance(document, list):
        return [located(each, run, folder) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _place(value, run, folder)
        if key in FILES and isinstance(value, str)
        else located(value, run, folder)
        for key, value in document.items()
    }


def _place(text: str, run: str, folder: Path) -> str:
    named = Path(text)
    if run not in named.parts or (named.is_absolute() and named.exists()):
        return text
    inside = named.parts[named.parts.index(run) + 1 :]
    here = folder.resolve().joinpath(run, *inside)
    return text if named.is_absolute() and not here.exists() else str(here)
