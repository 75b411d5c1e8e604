"""`edgehone export`: a Keras model as .tflite and .onnx files, audited and compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import completing, options, output
from edgehone.errors import ConversionError, UsageError
from edgehone.system.bounds import SAMPLES
from edgehone.values import PRECISIONS, Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.actions.export import Order

FORMATS = ("tflite", "onnx")
STATIC = ("int8", "int8x4", "int16x8")
"""Precisions whose activation ranges come from calibration data."""


def command(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help=".keras, .h5, a SavedModel of Keras 2, python:module:function; or a float32 "
            ".tflite or .onnx.",
        ),
    ],
    destination: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go.")
    ],
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="F[,F]",
            autocompletion=completing.formats,
            help="tflite, onnx, or both; if left out, tflite, or what MODEL is.",
        ),
    ] = None,
    precisions: Annotated[
        str,
        typer.Option(
            "--precision",
            metavar="P[,P]",
            help=", ".join(PRECISIONS),
            autocompletion=completing.precisions,
        ),
    ] = "float32",
    calibration: Annotated[
        str | None,
        typer.Option("--calibration", metavar="DATA", help="Data that integer ranges come from."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, max=SAMPLES, help="Calibration samples.")
    ] = 200,
    algorithm: Annotated[
        str,
        typer.Option(
            "--algorithm",
            metavar="A",
            help="How scales are chosen. TFLite's weights: min_max, octav, mse, gptq, oscar, "
            "recovery, hadamard, hadamard_custom; ONNX's activations: min_max, entropy.",
        ),
    ] = "min_max",
    percentile: Annotated[
        float,
        typer.Option(
            "--percentile", metavar="P", help="Share of activations that integer ranges cover."
        ),
    ] = 100.0,
    block: Annotated[
        int,
        typer.Option("--block", metavar="N", help="4-bit weights that share a scale; 0: channels."),
    ] = 0,
    symmetric: Annotated[
        bool, typer.Option("--symmetric", help="Integer activations have their zero at 0.")
    ] = False,
    io: Annotated[
        str,
        typer.Option(
            "--io", metavar="T", help="float32 or int8 at the borders; else as the layers there."
        ),
    ] = "",
    float_worst: Annotated[
        str,
        typer.Option(
            "--float-worst",
            metavar="BOUND",
            help="Put the worst layers back to float32 until no more accuracy is lost than 0.01, "
            "say, or the outputs have 30dB.",
        ),
    ] = "",
    worst_as: Annotated[
        str,
        typer.Option("--worst-as", metavar="P", help="What the worst layers are put back to."),
    ] = "float32",
    batch: Annotated[
        str, typer.Option("--batch", metavar="1|N|free", help="Samples that one run takes.")
    ] = "1",
    recurrent: Annotated[
        str,
        typer.Option(
            "--recurrent",
            metavar="auto|loop|unrolled",
            help="Recurrent layers as a loop, which stays float, or step by step, which can be "
            "int8; auto takes the steps where the file stays below 4 times the loop's.",
        ),
    ] = "auto",
    require: options.Require = None,
    require_parity: Annotated[
        str | None,
        typer.Option(
            "--require-parity",
            metavar="BOUND",
            help="End with code 5 unless every file has 20dB, say, in its worst output column, or "
            "0.98 of the model's labels; needs --calibration.",
        ),
    ] = None,
    trust: options.Trust = False,
    custom: options.Custom = None,
    scale: options.Scale = None,
    offset: options.Offset = None,
    project: options.Project = options.PROJECT_FILE,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Write a model as .tflite or .onnx files. Each is audited and compared with the model."""
    from edgehone.actions.export import Order, fulfil
    from edgehone.actions.export_options import Bits
    from edgehone.actions.parity_limit import ParityLimit
    from edgehone.actions.settings import Setting
    from edgehone.cli.progress import Bars, remarks
    from edgehone.export.conversion import Layout
    from edgehone.export.requirements import check_known

    order = Order(
        model=model,
        destination=destination,
        formats=words("format", formats or _usual(model), FORMATS),
        precisions=words("precision", precisions, PRECISIONS),
        calibration=calibration,
        samples=samples,
        trust=trust,
        custom=tuple(custom or ()),
        seed=seed,
        bits=Bits(algorithm, percentile, io, block, symmetric, float_worst, worst_as),
        layout=Layout(_batch(batch), _form(recurrent)),
        require=tuple(require or ()),
        parity=None if require_parity is None else ParityLimit.read(require_parity),
    )
    check_known(order.require)
    if require_parity is not None and calibration is None:
        raise UsageError("--require-parity needs data.", "Give it with --calibration DATA.")
    static = [precision for precision in order.precisions if precision in STATIC]
    if float_worst and calibration is None:
        raise UsageError("--float-worst needs data.", "Give it with --calibration DATA.")
    if static and calibration is None:
        hint = "Give typical inputs with --calibration DATA, or choose dynamic8."
        raise UsageError(f"{static[0]} needs calibration data.", hint)
    setting = Setting.read(project, (scale, offset), progress=remarks)
    _require_effects(context, order)
    with Bars() as bars:
        value = fulfil(order, setting, bars)
    output.emit(value, _show, as_json=as_json)
    if as_json:
        for each in value["skipped"]:
            output.failure(not_made(each), each["hint"])
    if value["skipped"]:
        raise typer.Exit(ConversionError.exit_code)


def _require_effects(context: typer.Context, order: "Order") -> None:
    """Refuse options that nothing would come of: UsageError."""
    from edgehone.cli import effects

    if order.calibration is None:
        why, hint = "without data", "Give data with --calibration, or leave it out."
        effects.refuse(context, ("samples", "scale", "offset"), why, hint)
    if not order.bits.float_worst:
        effects.refuse(context, ("worst_as",), "without --float-worst")
    if not set(order.precisions) & set(STATIC):
        why = f"on {', '.join(order.precisions)}, which has no ranges of activations"
        effects.refuse(context, ("percentile", "symmetric"), why)
    if set(order.precisions) <= {"float32", "float16"}:
        why = f"on {', '.join(order.precisions)}, where nothing is quantized to integers"
        effects.refuse(context, ("algorithm", "block", "io", "float_worst"), why)
    if Path(order.model).suffix.lower().removeprefix(".") in FORMATS:
        effects.refuse(context, ("trust", "custom"), "on a finished file, which has no code")


def _usual(model: str) -> str:
    """The format made when none is asked for."""
    suffix = Path(model).suffix.lower().removeprefix(".")
    return suffix if suffix in FORMATS else FORMATS[0]


def _batch(text: str) -> int | None:
    """The batch that was asked for; None: free."""
    if text == "free":
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{text!r} is no batch.", "Give a number from 1 on, or free.")
    return int(text)


def _form(text: str) -> str:
    """The form of recurrent layers that was asked for."""
    from edgehone.export.conversion import FORMS

    if text not in FORMS:
        raise UsageError(f"{text!r} is no form.", f"Known: {', '.join(FORMS)}.")
    return text


def words(option: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a list such as "tflite,onnx", each once. Raises UsageError for unknown ones."""
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in found:
        if word not in known:
            raise UsageError(f"{word!r} is no {option}.", f"Known: {', '.join(known)}.")
    if not found:
        raise UsageError(f"--{option} names nothing.", f"Known: {', '.join(known)}.")
    return found


def _show(value: Plain, console: "Console") -> None:
    from edgehone.actions.export_findings import accuracy_of_model, file_accuracy, remarks, warnings
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
            (Column("precision", numeric=False), [artifact["precision"] for artifact in found]),
            (Column("size", unit), sizes),
            (Column("compressed", packed_unit), packed),
            (Column("SNR", "dB"), [numbers.figures(p.get("snr_db")) for p in parities]),
            (Column("same label"), [_share(p.get("agreement")) for p in parities]),
            (Column("accuracy"), [file_accuracy(p) for p in parities]),
            (Column("leaves at", numeric=False), [_first_divergence(p) for p in parities]),
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
        for told in remarks(artifact):
            console.print(told, style="yellow", markup=False)
        for told in clipping_lines(artifact["inputs"]):
            console.print(f"{artifact['path']}: {told}", style="yellow", markup=False)
        if artifact.get("float_worst"):
            console.print(_put_back(artifact))
    for skipped in value["skipped"]:
        console.print(not_made(skipped), style="red")
        console.print(f"hint: {skipped['hint']}" if skipped["hint"] else "")
    for told in value["warnings"]:
        console.print(f"warning: {told}", style="bold yellow", markup=False, soft_wrap=True)
    for told in warnings(found):
        console.print(told, style="bold red", markup=False)


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
