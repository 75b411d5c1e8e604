"""`edgehone runs`: the history."""

from typing import TYPE_CHECKING, Any

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    folder: options.Folder = options.RUNS_FOLDER,
    as_json: options.Json = False,
) -> None:
    """List runs, newest first."""
    from edgehone.actions.runs import records

    found: list[dict[str, Any]] = [
        {
            "run": record.id,
            "created": record.created,
            "status": record.status,
            "teacher": _teacher(record.config),
            **record.summary,
        }
        for record in records(folder)
    ]
    output.emit({"runs": found, "folder": str(folder)}, _show, as_json=as_json)


def _teacher(config: Plain) -> str:
    model = config.get("model")
    return str(model.get("teacher", "")) if isinstance(model, dict) else ""


def _show(value: Plain, console: "Console") -> None:
    from edgehone.report.rows import OUTCOMES
    from edgehone.report.tables import Cell, Column, from_columns, print_table

    found = value["runs"]
    if not found:
        console.print(f"There are no runs in {value['folder']} yet. Try: edgehone demo")
        return
    decisions = [str(run.get("decision") or "") for run in found]
    table = from_columns(
        [
            (Column("run", numeric=False), [run["run"] for run in found]),
            (Column("status", numeric=False), [run["status"] for run in found]),
            (
                Column("decision", numeric=False),
                [Cell(decision, OUTCOMES.get(decision, "")) for decision in decisions],
            ),
            (Column("winner", numeric=False), [_winner(run) for run in found]),
            (Column("teacher", numeric=False), [str(run["teacher"]) for run in found]),
            (
                Column("report, or why there is none", numeric=False),
                [str(run.get("report") or run.get("reason") or "") for run in found],
            ),
        ]
    )
    print_table(console, table)


def _winner(run: dict[str, Any]) -> str:
    """The winner, or the candidate that may keep the budgets where none is proven to."""
    unproven = run.get("best_unproven_name")
    return f"{unproven} (unproven)" if unproven else str(run.get("winner_name") or "")
