"""Prints exported files, and how close they are to their model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehone.cli import output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show(value: Plain, console: "Console") -> None:
    """Print a table of the files, how they compare with the model, and what was not made."""
    from edgehone.actions.export.findings import accuracy_of_model, file_accuracy, remarks, warnings
    from edgehone.report import numbers
    from edgehone.report.inputs import clipping_lines
    from edgehone.report.tables import Column, from_columns, print_table

    found: list[dict[str, Any]] = value["artifacts"]
    unit, sizes = numbers.column([a["size_bytes"] for a in found], "bytes")
    packed_unit, packed = numbers.column([a["compressed_bytes"] for a in found], "bytes")
    parities = [artifact["parity"] or {} for artifact in found]
    table = from_columns(
        [
            (Column("file", numeric=False), [Path(artifact["path"]).name for artifact in found]),
            (
                Column("precision", numeric=False, rank=1),
                [artifact["precision"] for artifact in found],
            ),
            (Column("size", unit), sizes),
            (Column("compressed", packed_unit, rank=4), packed),
            (Column("SNR", "dB", rank=2), [numbers.figures(p.get("snr_db")) for p in parities]),
            (Column("same label", rank=3), [_share(p.get("agreement")) for p in parities]),
            (Column("accuracy", rank=1), [file_accuracy(p) for p in parities]),
            (Column("leaves at", numeric=False, rank=5), [_first_divergence(p) for p in parities]),
        ]
    )
    if found:
        print_table(console, table)
        place = Path(found[0]["path"]).parent
        compared = f"Files are in {place}, compared with the model on {_DATA[parities[0]['data']]}."
        console.print(f"{compared} {accuracy_of_model(found)}".rstrip(), style="dim")
    if value["calibration"]:
        console.print(calibrated(value["calibration"]), style="dim")
    for artifact in found:
        for line in remarks(artifact):
            console.print(line, style="yellow", markup=False)
        for line in clipping_lines(artifact["inputs"]):
            console.print(f"{artifact['path']}: {line}", style="yellow", markup=False)
        if artifact.get("float_worst"):
            console.print(_put_back(artifact))
    for skipped in value["skipped"]:
        console.print(not_made(skipped), style="red")
        console.print(f"hint: {skipped['hint']}" if skipped["hint"] else "")
    for line in value["warnings"]:
        console.print(f"warning: {line}", style="bold yellow", markup=False, soft_wrap=True)
    for line in warnings(found):
        console.print(line, style="bold red", markup=False)


def report_skipped(value: Plain) -> None:
    """Say on stderr what was not made, where the document alone is on stdout."""
    for each in value["skipped"]:
        output.failure(not_made(each), each["hint"])


def not_made(skipped: Plain) -> str:
    """Which file is missing, and why."""
    return f"{skipped['format']} {skipped['precision']} was not made: {skipped['reason']}"


def calibrated(found: Plain) -> str:
    """How many of the samples that were given the ranges come from, in a sentence."""
    place = "the training split of " if found["split"] else ""
    what = f"{found['used']:,} of the {found['given']:,} samples in {place}{found['source']}"
    more = "" if found["used"] == found["given"] else "; --samples takes more"
    return f"Calibration data: {what}{more}."


def _share(agreement: float | None) -> str:
    from edgehone.report import numbers

    return "" if agreement is None else numbers.percent(agreement)


_DATA = {"calibration": "calibration data", "random numbers": "random numbers"}

_KINDS = {
    "accuracy_drop": "accuracy drop",
    "disagreement": "share of other labels",
    "snr_db": "signal to noise in dB",
}


def _put_back(artifact: dict[str, Any]) -> str:
    """Which layers were put back, and what that was good for, in a sentence."""
    from edgehone.report import numbers

    found = artifact["float_worst"]
    names = [layer["layer"] for layer in found["layers"] if layer["floated"]]
    kind = _KINDS[found["kind"]]
    limit, before, after = (numbers.figures(found[key]) for key in ("limit", "before", "after"))
    if not names:
        return f"{artifact['path']}: {kind} {before} keeps the bound of {limit} as it is."
    return (
        f"{artifact['path']}: {len(names)} of {len(found['layers'])} layers put back "
        f"({', '.join(names)}): {kind} {before} before, {after} after; the bound is {limit}."
    )


def _first_divergence(parity: Plain) -> str:
    """The layer where a file leaves the model, with its signal to noise."""
    found = parity.get("first_divergence")
    return "" if not found else f"{found['layer']} ({found['snr_db']:.0f} dB)"
