"""Runs as the store keeps them, read without changing anything."""

import re
import shlex
from pathlib import Path
from typing import Any

from edgehone.actions.run.files import located
from edgehone.documents.published import require_version
from edgehone.documents.run.document import RunDocument
from edgehone.documents.shape import require_shape
from edgehone.errors import UsageError
from edgehone.run.workspace import SCRATCH
from edgehone.store import LATEST, RunRecord, Store
from edgehone.system import scratch
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Plain

NAME = re.compile(r"(?!\d{8}-\d{6})[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a run may be called: what no option and no id of a run looks like."""

INTERRUPTED = "interrupted"
"""The status of a run that was ended before its end, by a signal or with its process."""


def require_name(name: str) -> None:
    """Refuse what a run cannot be called: UsageError."""
    if not NAME.fullmatch(name) or name == LATEST:
        raise UsageError(
            f"A run cannot be called {name[:80]!r}.",
            "Letters, digits, '.', '_' and '-', 64 at most, a letter or digit first; not latest "
            "and not the id of a run.",
        )


def rows(folder: Path) -> list[dict[str, Any]]:
    """All runs of a folder, newest first, each with what it was asked and what its winner is."""
    store = Store(folder, read_only=True)
    winners = store.winners()
    return [
        {
            **located(dict(record.summary), record.id, folder),
            "run": record.id,
            "name": record.name,
            "created": record.created,
            "status": status_of(record, folder),
            "resumable": resumable(record, folder),
            "teacher": str(_table(record.config, "model").get("teacher", "")),
            "devices": [str(name) for name in record.config.get("on") or ["local"]],
            "objective": _objective(_table(record.config, "objective")),
            "winner": winners.get(record.id),
        }
        for record in store.runs()
    ]


def status_of(record: RunRecord, folder: Path) -> str:
    """How a run stands: "done", "running" while its process lives, "failed" or "interrupted"."""
    if record.status == "running":
        alive = scratch.owner_of(folder / record.id / SCRATCH)
        return "running" if alive else INTERRUPTED
    if record.status == "failed" and record.summary.get("reason") == INTERRUPTED:
        return INTERRUPTED
    return record.status


def resumable(record: RunRecord, folder: Path) -> bool:
    """Whether a run stopped that can go on: not one that would fail for the same reason again, its
    data or its model, say.
    """
    stopped = status_of(record, folder) in ("failed", INTERRUPTED)
    return stopped and record.summary.get("resumable") is not False


def _table(config: Plain, name: str) -> Plain:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _objective(table: Plain) -> str:
    """What a run looked for least or most of: "min latency_p50_ms"."""
    if table.get("maximize"):
        return f"max {table['maximize']}"
    return f"min {table.get('minimize') or 'latency_p50_ms'}"


def _way_on(record: RunRecord, folder: Path) -> str:
    """What to do about a run that has no result."""
    where = "" if folder == RUNS_FOLDER else f" --folder {shlex.quote(str(folder))}"
    if status_of(record, folder) == "running":
        return f"Wait for its end; see how it stands with: edgehone runs{where}"
    if not resumable(record, folder):
        return "Correct that, then begin another run: edgehone run"
    return f"Go on with it: edgehone run --resume {record.id}{where}"


def document_of(folder: Path, run: str) -> RunDocument:
    """The document of a finished run, by its id, the beginning of it, or "latest"."""
    store = Store(folder, read_only=True)
    record = store.run(run)
    found = store.document(record.id)
    if found is None or record.status != "done":
        reason = str(record.summary.get("reason", ""))
        status = status_of(record, folder)
        state = f"failed ({reason.rstrip('.')})" if reason else f"is {status}"
        if status == INTERRUPTED:
            state = "was interrupted"
        has = "has no result yet" if found is None else "was gone on with since its last result"
        raise UsageError(
            f"Run {record.id} {state} and {has}.",
            _way_on(record, folder),
        )
    where = f"The document of run {record.id}"
    require_version(found, where)
    require_shape(found, "run", where)
    return RunDocument.from_json({**located(found, record.id, folder), "run": record.id})
