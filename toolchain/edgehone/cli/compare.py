"""`edgehone compare`: which of two files is faster, from interleaved pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import bench, options, output
from edgehone.cli.outcomes import EXIT_CODES
from edgehone.system.bounds import BLOCKS, THREADS
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.measure.comparison import Comparison


def command(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(metavar="A", help="A .tflite or .onnx file.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The file it is compared with.")],
    on: options.Devices = None,
    data: options.Data = None,
    pairs: Annotated[
        int | None,
        typer.Option(
            "--pairs",
            min=12,
            max=BLOCKS,
            help="Most pairs of blocks; 12 or more. Default: 36.",
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            "--margin", min=0.0, max=1.0, help="Ratios this near to 1 are called the same."
        ),
    ] = 0.02,
    threads: Annotated[int | None, typer.Option("--threads", min=1, max=THREADS)] = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Tell which of two files is faster.

    Gives the ratio of p50 with its interval, and exit code 3 when the interval does not tell, or
    the device was throttled or contended. As many pairs are measured as it takes; of two files that
    are alike, 1 in 100 are called different.
    """
    from edgehone.actions import lone_files as lone
    from edgehone.actions.settings import Asked, Setting
    from edgehone.cli import effects
    from edgehone.cli.lost import exit_code, tell_lost
    from edgehone.cli.progress import Bars, remarks
    from edgehone.measure.comparison import MOST_PAIRS, compare
    from edgehone.measure.fleet import lost_json, on_each

    setting = Setting.read(project, (scale, offset), progress=remarks)
    if data is None:
        effects.refuse_scaling(context)
    first, second = lone.artifact(a), lone.artifact(b)
    devices = setting.devices(on)
    asked = Asked(seed=seed, threads=threads, memory=False)
    plan = setting.plan([first, second], data, asked)
    with Bars() as bars:
        found = on_each(
            devices,
            lambda device, told: compare(
                first, second, device, plan, told, most=pairs or MOST_PAIRS, margin=margin
            ),
            bars,
        )
    comparisons = [_document(device.name, each) for device, each in found.results]
    about_first = {key: v for key, v in (comparisons or [_NOTHING])[0].items() if key != "device"}
    value = {**about_first, "comparisons": comparisons, "lost": lost_json(found.lost)}
    output.emit(value, _show_all, as_json=as_json)
    if as_json:
        tell_lost(value)
    undecided = any(each["verdict"] == "inconclusive" for each in comparisons)
    raise typer.Exit(exit_code(value, EXIT_CODES["inconclusive"] if undecided else 0))


_NOTHING: dict[str, Any] = {
    "ratio": None,
    "ci95": None,
    "pairs": 0,
    "verdict": "inconclusive",
    "reason": "no device could be measured",
    "measurements": [],
}


def _document(device: str, found: "Comparison") -> dict[str, Any]:
    from edgehone.documents import measurement_json, plain
    from edgehone.measure.comparison import ALPHA

    return {
        "device": device,
        "ratio": plain(found.ratio),
        "ci95": plain(found.ci95),
        "pairs": found.pairs,
        "looks": found.looks,
        "margin": found.margin,
        "confidence": 1 - ALPHA,
        "verdict": found.verdict,
        "reason": found.reason,
        "measurements": [measurement_json(one) for one in found.measurements],
    }


def _show_all(value: Plain, console: "Console") -> None:
    from edgehone.cli.lost import show_lost

    for each in value["comparisons"]:
        show(each, console)
    show_lost(value, console)


def show(value: Plain, console: "Console") -> None:
    """Print both measurements and one sentence about their ratio."""
    from edgehone.documents import measurements_of
    from edgehone.report.rows import rows_of_files

    bench.show(value, console)
    first, second = (row.name for row in rows_of_files(measurements_of(value)))
    console.print(sentence(first, second, value), style="bold")


def sentence(first: str, second: str, value: Plain) -> str:
    """The comparison in words: a takes 0.43 times b's time (interval 0.41 to 0.46)."""
    from edgehone.report.numbers import figures

    low, high = (figures(bound) for bound in value["ci95"])
    reason = f", {value['reason']}" if value["reason"] else ""
    return (
        f"{value['verdict']}: {first} takes {figures(value['ratio'])} times the time of {second} "
        f"(99 % interval {low} to {high}, {value['pairs']} pairs{reason})."
    )
