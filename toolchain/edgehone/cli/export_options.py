"""Options of `edgehone export`, which are many: how files are quantized and laid out."""

from typing import Annotated

import typer

from edgehone import precisions
from edgehone.cli import completing

Formats = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="F[,F]",
        autocompletion=completing.formats,
        help="tflite, onnx, or both; if left out, tflite, or what MODEL is.",
    ),
]
Precisions = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="P[,P]",
        help=", ".join(precisions.names()),
        autocompletion=completing.precisions,
    ),
]
Calibration = Annotated[
    str | None,
    typer.Option("--calibration", metavar="DATA", help="Data that integer ranges come from."),
]
Algorithm = Annotated[
    str,
    typer.Option(
        "--algorithm",
        metavar="A",
        help="How scales are chosen. TFLite's weights: min_max, octav, mse, gptq, oscar, "
        "recovery, hadamard, hadamard_custom; ONNX's activations: min_max, entropy.",
    ),
]
Percentile = Annotated[
    float,
    typer.Option(
        "--percentile", metavar="P", help="Share of activations that integer ranges cover."
    ),
]
Block = Annotated[
    int,
    typer.Option("--block", metavar="N", help="4-bit weights that share a scale; 0: channels."),
]
Symmetric = Annotated[
    bool, typer.Option("--symmetric", help="Integer activations have their zero at 0.")
]
Borders = Annotated[
    str,
    typer.Option(
        "--io", metavar="T", help="float32, int8 or uint8 at the borders; else as the layers there."
    ),
]
FloatWorst = Annotated[
    str,
    typer.Option(
        "--float-worst",
        metavar="BOUND",
        help="Put the worst layers back to float32 until no more accuracy is lost than 0.01, "
        "say, or the outputs have 30dB.",
    ),
]
WorstAs = Annotated[
    str,
    typer.Option("--worst-as", metavar="P", help="What the worst layers are put back to."),
]
Recurrent = Annotated[
    str,
    typer.Option(
        "--recurrent",
        metavar="auto|loop|unrolled",
        help="Recurrent layers as a loop, which stays float, or step by step, which can be "
        "int8; auto takes the steps where the file stays below 4 times the loop's.",
    ),
]
RequireParity = Annotated[
    str | None,
    typer.Option(
        "--require-parity",
        metavar="BOUND",
        help="End with code 5 unless every file has 20dB, say, in its worst output column, or "
        "0.98 of the model's labels; needs --calibration.",
    ),
]
Batch = Annotated[
    str, typer.Option("--batch", metavar="1|N|free", help="Samples that one run takes.")
]
