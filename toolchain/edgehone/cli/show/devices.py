"""Prints devices, and what was done with one."""

from typing import TYPE_CHECKING

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

LISTED_PACKAGES = ("ai-edge-litert", "tflite-runtime", "onnxruntime", "numpy")
"""Packages that matter to a measurement; the others are what those depend on."""


def show(value: Plain, console: "Console") -> None:
    """Print a row a device."""
    from edgehone.report.tables import Cell, Column, from_columns, print_table

    found = value["devices"]
    table = from_columns(
        [
            (Column("device", numeric=False), [d["name"] for d in found]),
            (Column("target", numeric=False, rank=1), [d["target"] for d in found]),
            (
                Column("fit", numeric=False),
                [Cell("yes", "pass") if d["fit"] else Cell("no", "fail") for d in found],
            ),
            (
                Column("runtimes", numeric=False, rank=3),
                [", ".join(f"{k} {v}" for k, v in d["runtimes"].items() if v) for d in found],
            ),
            (Column("remarks", numeric=False, rank=2), [" ".join(d["remarks"]) for d in found]),
        ]
    )
    print_table(console, table)


def show_added(value: Plain, console: "Console") -> None:
    """Print what was done, and what comes next."""
    console.print("{name} is {target} at {address}, in {file}.".format(**value))


def show_removed(value: Plain, console: "Console") -> None:
    """Print what was done, and what comes next."""
    console.print("{name} is no longer in {file}.".format(**value))


def show_setup(value: Plain, console: "Console") -> None:
    """Print what was done, and what comes next."""
    name = value["name"]
    if value["removed"]:
        console.print(f"edgehone's folder is gone from {name}.")
        return
    if value["program"] is None:
        console.print(f"{name} needs no set-up.")
    else:
        packages = value["packages"].items()
        lines = [f"{each} {version}" for each, version in packages if each in LISTED_PACKAGES]
        console.print(f"{name} is set up: {', '.join([value['program'], *lines])}.")
    console.print(f"Measure on it: edgehone bench MODEL.tflite --on {name}", style="dim")


def show_learned(value: Plain, console: "Console") -> None:
    """Print what the table holds, and how much of it was measured now."""
    console.print(
        "{device}: {entries:,} costs in the table of {folder}: {measured:,} measured now in "
        "{seconds:.1f} s, {known:,} known before, {interpolated:,} interpolated, "
        "{refused:,} not to be had.".format(**value)
    )
    for precision, cost in value["overhead"].items():
        size = f"{1000 * cost:.2f} µs" if value["unit"] == "ms" else f"{cost:,.0f} instructions"
        console.print(f"An inference in {precision} costs {size} beside its layers.", style="dim")
