"""Prints compressed models and their files."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from edgehone.cli import output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show(value: Plain, console: "Console") -> None:
    """Print a table of models and files, and what to know of each."""
    from edgehone.report import numbers
    from edgehone.report.tables import Column, from_columns, print_table

    rows = _rows(value)
    unit, sizes = numbers.column([row["size_bytes"] for row in rows], "bytes")
    packed_unit, packed = numbers.column([row["compressed_bytes"] for row in rows], "bytes")
    metric = value["metric"]
    scores = [row["score"] for row in rows]
    table = from_columns(
        [
            (Column("recipe", numeric=False), [row["name"] for row in rows]),
            (Column("file", numeric=False, rank=1), [PurePath(row["path"]).name for row in rows]),
            (Column("precision", numeric=False, rank=2), [row["precision"] for row in rows]),
            (Column("parameters", rank=3), [f"{row['params']:,}" for row in rows]),
            (Column("MACs", rank=4), [f"{row['macs']:,}" for row in rows]),
            (Column("size", unit), sizes),
            (Column("compressed", packed_unit, rank=5), packed),
            (Column(metric), [numbers.figures(score) for score in scores]),
            (
                Column("worst class", "points", rank=6),
                [_worst(row.get("generalization")) for row in rows],
            ),
            (Column("ECE", rank=7), [_error(row.get("generalization")) for row in rows]),
            (Column("under noise", rank=7), [_noisy(row.get("generalization")) for row in rows]),
        ]
    )
    print_table(console, table)
    places = {str(PurePath(row["path"]).parent) for row in rows[1:]}
    for place in sorted(places):
        console.print(f"Files are in {place}.", style="dim", markup=False, soft_wrap=True)
    for row in rows:
        for finding in (row.get("generalization") or {}).get("findings", ()):
            console.print(f"{row['path']}: {finding}", style="yellow", markup=False)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", markup=False, soft_wrap=True)
    for recipe in value["recipes"]:
        for line in _remarks(recipe):
            console.print(line, style="yellow", markup=False)
        for skipped in recipe["skipped"]:
            line = f"{recipe['name']}: no {skipped['format']} file: {skipped['reason']}"
            console.print(line, style="red", markup=False)
    for failed in value["failed"]:
        line = f"{failed['name']} was not made: {failed['reason']}"
        console.print(line, style="red", markup=False)
        console.print(f"hint: {failed['hint']}", markup=False)


def report_failures(value: Plain) -> None:
    """Say on stderr what was not made, where the document alone is on stdout."""
    for each in value["failed"]:
        output.failure(f"{each['name']}: {each['reason']}", each["hint"])
    for recipe in value["recipes"]:
        for each in recipe["skipped"]:
            what = f"{recipe['name']}.{each['format']} was not made"
            output.failure(f"{what}: {each['reason']}", each["hint"])


def _remarks(recipe: Plain) -> list[str]:
    """What to know of a recipe's steps and files beside their numbers."""
    from edgehone.actions.export.findings import remarks

    lines = []
    for step in recipe["steps"]:
        about = f"{recipe['name']}: {step['technique']}"
        if step["skipped"]:
            lines.append(f"{about} was left out: {step['skipped']}")
        elif "note" in step["detail"]:
            lines.append(f"{about}: {step['detail']['note']}")
    return [*lines, *(line for made in recipe["artifacts"] for line in remarks(made))]


def _worst(found: Plain | None) -> str:
    """What the class that lost most lost, and which one it is."""
    from edgehone.tasks.robustness import called
    from edgehone.units import signed

    worst = max((found or {}).get("classes", ()), key=lambda each: each["drop"], default=None)
    if worst is None:
        return ""
    return f"{signed(-100 * worst['drop'], 1, plus=True)} ({called(worst)})"


def _error(found: Plain | None) -> str:
    """The expected calibration error."""
    from edgehone.report import numbers

    error = (found or {}).get("ece")
    return "" if not error else numbers.figures(error["after"])


def _noisy(found: Plain | None) -> str:
    """The metric with mild noise on the inputs."""
    from edgehone.report import numbers

    noise = (found or {}).get("noise")
    return "" if not noise else numbers.figures(noise["after"])


def _rows(value: Plain) -> list[dict[str, Any]]:
    """The model as it was, then every file of every recipe."""
    found = []
    for recipe in [value["start"], *value["recipes"]]:
        model = recipe["model"]
        about = {"name": recipe["name"], "params": model["params"], "macs": model["macs"]}
        keras = {
            "path": model["path"],
            "precision": "float32",
            "score": recipe["score"],
            "size_bytes": model["size_bytes"],
            "compressed_bytes": model["compressed_bytes"],
        }
        found.append(about | keras)
        found += [about | artifact for artifact in recipe.get("artifacts", ())]
    return found
