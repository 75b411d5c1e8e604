"""Runs as the store keeps them, read without changing anything."""

import shlex
from dataclasses import replace
from pathlib import Path

from edgehone.actions.run_files import located
from edgehone.documents.published import require_version
from edgehone.documents.run.document import RunDocument
from edgehone.documents.shape import require_shape
from edgehone.errors import UsageError
from edgehone.store import RunRecord, Store
from edgehone.system.places import RUNS_FOLDER


def records(folder: Path) -> list[RunRecord]:
    """All runs of a folder, newest first."""
    return [
        replace(record, summary=located(dict(record.summary), record.id, folder))
        for record in Store(folder, read_only=True).runs()
    ]


def document_of(folder: Path, run: str) -> RunDocument:
    """The document of a finished run, by its id, the beginning of it, or "latest"."""
    store = Store(folder, read_only=True)
    record = store.run(run)
    found = store.document(record.id)
    if found is None or record.status != "done":
        reason = str(record.summary.get("reason", ""))
        state = f"failed ({reason.rstrip('.')})" if reason else f"is {record.status}"
        where = "" if folder == RUNS_FOLDER else f" --folder {shlex.quote(str(folder))}"
        has = "has no result yet" if found is None else "was gone on with since its last result"
        raise UsageError(
            f"Run {record.id} {state} and {has}.",
            f"Go on with it: edgehone run --resume {record.id}{where}",
        )
    where = f"The document of run {record.id}"
    require_version(found, where)
    require_shape(found, "run", where)
    return RunDocument.from_json({**located(found, record.id, folder), "run": record.id})
