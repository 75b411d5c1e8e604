"""Prints the history of runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.report.tables import Cell, Column


def show(value: Plain, console: "Console") -> None:
    """Print a row for each run, and how one that stopped goes on."""
    from edgehone.report.tables import from_columns, print_table

    found = value["runs"]
    if not found:
        console.print(f"There are no runs in {value['folder']} yet. Try: edgehone demo")
        return
    print_table(console, from_columns([*_about(found), *_numbers(found)]))
    for run in found:
        if run["status"] == "failed":
            console.print(f"{run['run']} failed: {run.get('reason')}", style="red")
    stopped = next((run for run in found if run["resumable"]), None)
    if stopped:
        console.print(f"Resume one: edgehone run --resume {stopped['run']}", style="dim")


def _about(found: list[dict[str, Any]]) -> list[tuple["Column", list["Cell | str"]]]:
    return [
        _texts("run", 0, [run["run"] for run in found]),
        _texts("name", 1, [run["name"] for run in found]),
        _texts("began (UTC)", 4, [_when(run) for run in found]),
        _texts("result", 0, [_result(run) for run in found]),
        _texts("device", 2, [", ".join(run["devices"]) for run in found]),
        _texts("objective", 5, [run["objective"] for run in found]),
        _texts("winner", 3, [_winner(run) for run in found]),
        _texts("teacher", 6, [run["teacher"] for run in found]),
        _texts("report", 6, [str(run.get("report") or "") for run in found]),
    ]


def _texts(
    title: str, rank: int, cells: "Sequence[Cell | str]"
) -> tuple["Column", list["Cell | str"]]:
    from edgehone.report.tables import Column

    return Column(title, numeric=False, rank=rank), list(cells)


def _numbers(found: list[dict[str, Any]]) -> list[tuple["Column", list["Cell | str"]]]:
    from edgehone.report import numbers
    from edgehone.report.tables import Column

    winners = [run["winner"] or {} for run in found]
    size, sizes = numbers.column([each.get("size_bytes") for each in winners], "bytes")
    time, times = numbers.column([each.get("latency_p50_ms") for each in winners], "ms")
    scores = [
        numbers.quantity("accuracy", each.get("accuracy"), each.get("metric") or "accuracy")
        for each in winners
    ]
    titles = {each["metric"] for each in winners if each.get("metric")}
    title = titles.pop() if len(titles) == 1 else "score"
    return [
        (Column("size", size, rank=1), [*sizes]),
        (Column("p50", time, rank=1), [*times]),
        (Column(title.rpartition(":")[2], rank=1), [*scores]),
    ]


def _when(run: dict[str, Any]) -> str:
    return str(run["created"])[:16].replace("T", " ")


def _result(run: dict[str, Any]) -> "Cell":
    """The decision; how the run stands where there is none."""
    from edgehone.report.rows import OUTCOMES
    from edgehone.report.tables import Cell

    if run["status"] != "done":
        return Cell(run["status"], "quiet" if run["status"] == "running" else "inconclusive")
    decision = str(run.get("decision") or "")
    return Cell(decision, OUTCOMES.get(decision, ""))


def _winner(run: dict[str, Any]) -> str:
    """The winner, or the candidate that may keep the budgets where none is proven to."""
    unproven = run.get("best_unproven_name")
    return f"{unproven} (unproven)" if unproven else str(run.get("winner_name") or "")
