"""`edgehone export`: a Keras model as .tflite and .onnx files, audited and compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import options, output
from edgehone.errors import ConversionError, UsageError
from edgehone.values import PRECISIONS, Plain

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("tflite", "onnx")
STATIC = ("int8", "int8x4", "int16x8")
"""Precisions whose activation ranges come from calibration data."""


def command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help=".keras, .h5 or python:module:function.")
    ],
    destination: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go.")
    ],
    formats: Annotated[
        str, typer.Option("--format", metavar="F[,F]", help="tflite, onnx, or both.")
    ] = "tflite",
    precisions: Annotated[
        str, typer.Option("--precision", metavar="P[,P]", help=", ".join(PRECISIONS))
    ] = "float32",
    calibration: Annotated[
        str | None,
        typer.Option("--calibration", metavar="DATA", help="Data that integer ranges come from."),
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Calibration samples.")] = 200,
    trust: Annotated[
        bool, typer.Option("--trust", help="Let code inside the model file (Lambda layers) run.")
    ] = False,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Write a model as .tflite or .onnx files. Each is audited and compared with the model."""
    from edgehone.cli.exporting import Order, fulfil
    from edgehone.cli.progress import Bars
    from edgehone.cli.setting import Setting

    order = Order(
        model=model,
        destination=destination,
        formats=_words("format", formats, FORMATS),
        precisions=_words("precision", precisions, PRECISIONS),
        calibration=calibration,
        samples=samples,
        trust=trust,
        seed=seed,
    )
    static = [precision for precision in order.precisions if precision in STATIC]
    if static and calibration is None:
        hint = "Give typical inputs with --calibration DATA, or choose dynamic8."
        raise UsageError(f"{static[0]} needs calibration data.", hint)
    with Bars() as bars:
        value = fulfil(order, Setting.read(project), bars)
    output.emit(value, _show, as_json=as_json)
    if value["skipped"]:
        raise typer.Exit(ConversionError.exit_code)


def _words(option: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in found:
        if word not in known:
            raise UsageError(f"{word!r} is no {option}.", f"Known: {', '.join(known)}.")
    if not found:
        raise UsageError(f"--{option} names nothing.", f"Known: {', '.join(known)}.")
    return found


def _show(value: Plain, console: "Console") -> None:
    from edgehone.report import numbers
    from edgehone.report.tables import Column, from_columns, rich

    found: list[dict[str, Any]] = value["artifacts"]
    unit, sizes = numbers.column([a["size_bytes"] for a in found], "bytes")
    packed_unit, packed = numbers.column([a["compressed_bytes"] for a in found], "bytes")
    parities = [artifact["parity"] or {} for artifact in found]
    table = from_columns(
        [
            (Column("file", numeric=False), [artifact["path"] for artifact in found]),
            (Column("precision", numeric=False), [artifact["precision"] for artifact in found]),
            (Column("size", unit), sizes),
            (Column("compressed", packed_unit), packed),
            (Column("largest error"), [numbers.figures(p.get("max_error")) for p in parities]),
            (Column("SNR", "dB"), [numbers.figures(p.get("snr_db")) for p in parities]),
            (Column("same label"), [numbers.percent(p.get("agreement")) for p in parities]),
            (Column("compared on", numeric=False), [str(p.get("data") or "") for p in parities]),
        ]
    )
    if found:
        console.print(rich(table))
    for skipped in value["skipped"]:
        console.print(
            f"{skipped['format']} {skipped['precision']} was not made: {skipped['reason']}",
            style="red",
        )
