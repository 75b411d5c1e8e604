"""`edgehone bench`: latency, memory and accuracy of any files, measured side by side."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import options, output
from edgehone.system.bounds import BLOCKS, THREADS
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.measure.device import Device


WIDE = 130
"""Columns of a terminal that has room for every number."""


def command(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".tflite or .onnx files.")],
    on: options.Devices = None,
    data: options.Data = None,
    blocks: Annotated[
        int | None, typer.Option("--blocks", min=1, max=BLOCKS, help="Fresh processes per file.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, max=THREADS)] = None,
    memory: Annotated[bool, typer.Option("--memory/--no-memory")] = True,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", metavar="FILE", help="Write what the device answers, for scripted://FILE."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Measure latency, memory and accuracy of files.

    Each .tflite or .onnx file runs in fresh processes, and their blocks are interleaved.
    """
    from edgehone.actions import lone_files as lone
    from edgehone.actions.guess_warnings import guess_warnings
    from edgehone.actions.settings import Asked, Setting
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code, tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.documents import measurement_json
    from edgehone.measure.fleet import lost_json, on_each
    from edgehone.measure.protocol import measure

    setting = Setting.read(project, (scale, offset), progress=remarks)
    if data is None:
        effects.refuse_scaling(context)
    artifacts = [lone.artifact(path) for path in files]
    devices = setting.devices(on)
    if record:
        devices = [_recorded(devices)]
    asked = Asked(seed=seed, blocks=blocks, threads=threads, memory=memory)
    plan = setting.plan(artifacts, data, asked)
    with Bars() as bars:
        found = on_each(devices, lambda device, told: measure(artifacts, device, plan, told), bars)
    measurements = [one for _, several in found.results for one in several]
    for device in devices:
        if record and device.recorder:
            device.recorder.write(record)
    value = {
        "measurements": [measurement_json(one) for one in measurements],
        "lost": lost_json(found.lost),
        "warnings": guess_warnings(measurements, plan, setting),
    }
    output.emit(value, _show_all, as_json=as_json)
    if as_json:
        tell_lost(value)
    raise typer.Exit(exit_code(value))


def _recorded(devices: "Sequence[Device]") -> "Device":
    """The one device, with a recorder. Raises UsageError for several."""
    from edgehone.errors import UsageError
    from edgehone.measure.recording import Recorder

    if len(devices) > 1:
        raise UsageError("--record takes one device at a time.", "Give --on once.")
    return replace(devices[0], recorder=Recorder())


def _show_all(value: Plain, console: "Console") -> None:
    from edgehone.cli.lost import show_lost

    devices = dict.fromkeys(one["device"]["name"] for one in value["measurements"])
    for name in devices:
        mine = [one for one in value["measurements"] if one["device"]["name"] == name]
        show({"measurements": mine}, console)
    for text in value["warnings"]:
        console.print(f"warning: {text}", style="bold yellow", markup=False, soft_wrap=True)
    show_lost(value, console)


def show(value: Plain, console: "Console") -> None:
    """Print a table of one device's measurements, and what is doubtful about them."""
    from edgehone.report.inputs import input_lines
    from edgehone.report.parity import parity_line
    from edgehone.report.rows import judged_on, measurements_table, rows_of_files
    from edgehone.report.tables import print_table

    rows = rows_of_files(value["measurements"])
    first = value["measurements"][0]
    table = measurements_table(rows, brief=console.width < WIDE)
    told = [f"on {first['device']['name']}", judged_on(value["measurements"])]
    print_table(console, table, "; ".join(part for part in told if part))
    for row in rows:
        if row.measurement["reason"]:
            console.print(f"{row.name}: {row.measurement['reason']}", style="yellow")
        for line in (*input_lines(row.measurement), parity_line(row.measurement)):
            if line:
                console.print(f"{row.name}: {line}", style="yellow", markup=False)
