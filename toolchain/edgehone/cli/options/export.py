"""Options of `edgehone export`, which are many: how files are quantized and laid out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone import precisions
from edgehone.cli import completing, options
from edgehone.cli.options import formats

if TYPE_CHECKING:
    from edgehone.actions.export.options import Bits
    from edgehone.actions.export.parity_limit import ParityLimit
    from edgehone.export.conversion import Layout as FileLayout

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help=".keras, .h5, a SavedModel of Keras 2, python:module:function; or a float32 "
        ".tflite or .onnx.",
    ),
]
Formats = Annotated[
    str | None, formats("tflite, onnx, or both; if left out, tflite, or what MODEL is.")
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


@dataclass(frozen=True)
class Kinds:
    """Which files are made: formats times precisions."""

    formats: Formats = None
    precision: Precisions = "float32"

    def formats_of(self, model: str) -> tuple[str, ...]:
        """The formats, or the usual one of the model. Raises UsageError for unknown ones."""
        from edgehone.actions.export import request

        return request.formats(self.formats, model)

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions. Raises UsageError for unknown ones."""
        from edgehone.actions.export import request

        return request.precisions(self.precision)


@dataclass(frozen=True)
class Quantizing:
    """How numbers are quantized."""

    algorithm: Algorithm = "min_max"
    percentile: Percentile = 100.0
    block: Block = 0
    symmetric: Symmetric = False
    io: Borders = ""
    float_worst: FloatWorst = ""
    worst_as: WorstAs = "float32"

    @property
    def bits(self) -> "Bits":
        """The same as an order has it. Raises UsageError for a bound that cannot be read."""
        from edgehone.actions.export.options import Bits

        return Bits(**vars(self))


@dataclass(frozen=True)
class Layout:
    """How the float file is laid out."""

    batch: Batch = "1"
    recurrent: Recurrent = "auto"

    @property
    def layout(self) -> "FileLayout":
        """The same as an order has it. Raises UsageError for words it does not know."""
        from edgehone.actions.export import request
        from edgehone.export.conversion import Layout as FileLayout

        return FileLayout(request.batch(self.batch), request.form(self.recurrent))


@dataclass(frozen=True)
class Required:
    """What every file must be, and how close to its model."""

    require: options.Require = None
    require_parity: RequireParity = None

    @property
    def findings(self) -> tuple[str, ...]:
        """What every file must be."""
        return tuple(self.require or ())

    @property
    def parity(self) -> "ParityLimit | None":
        """How close it must be. Raises UsageError for a bound that cannot be read."""
        from edgehone.actions.export.parity_limit import ParityLimit

        return None if self.require_parity is None else ParityLimit.read(self.require_parity)
