"""Options of `edgehone app`: which platforms, and what is known of the model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing

if TYPE_CHECKING:
    from edgehone.actions.app.kits import About

File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A .tflite or .onnx file; or give --run.")
]
Run = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        autocompletion=completing.runs,
        help="The winner of a run: its id, name, or latest.",
    ),
]
Platforms = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="P[,P]",
        autocompletion=completing.platforms,
        help="android, ios, flutter, react-native, web, linux, micro, ort, mediapipe: one folder "
        "each.",
    ),
]
Destination = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="A new folder for the kits."),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATA",
        help="Where golden samples come from, as the app has them; by default the project's or "
        "the run's data; random: made up.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Names of the classes, one a line, in order."),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--input",
        metavar="KIND",
        help="What the app gives: image, audio, numbers or identifiers; by the shape and the data "
        "if left out.",
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(
        "--mean",
        metavar="M[,M]",
        help="The model sees (x * scale + offset - mean) / std; one number, or one a channel.",
    ),
]
Deviation = Annotated[str | None, typer.Option("--std", metavar="D[,D]", help="See --mean.")]
Licence = Annotated[
    str | None,
    typer.Option("--license", metavar="SPDX", help="The model's licence: Apache-2.0, say."),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What the kits and classes are called.")
]
Libraries = Annotated[
    list[Path] | None,
    typer.Option(
        "--library",
        metavar="FILE",
        help="The runtime's .so, .aar or .apk, to count what it adds to a download and to check "
        "16 KB alignment; may be repeated.",
    ),
]
Tiers = Annotated[
    list[str] | None,
    typer.Option(
        "--tier",
        metavar="NAME=CHOICE:CONDITION",
        help="For android: devices that get another model, as a device group of a Play AI pack: "
        "'low=smallest:ram<4GiB'. CHOICE: smallest, fastest or most-accurate of the run's proven "
        "candidates, a candidate, winner; without --run a file. Conditions, with commas: ram<4GiB, "
        "device=BRAND/CODE, soc=MAKER/MODEL. May be repeated; the first that matches counts; all "
        "other devices get the kit's model, or that of other=CHOICE.",
    ),
]
Delivery = Annotated[
    str | None,
    typer.Option(
        "--delivery",
        metavar="WHEN",
        help="When Google Play delivers the pack of --tier: install-time (the default), "
        "fast-follow or on-demand.",
    ),
]
Log = Annotated[
    Path | None,
    typer.Option(
        "--read",
        metavar="LOG",
        help="Keep the latencies that kits' golden tests printed, as measurements labelled app.",
    ),
]


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the model beside its file."""

    labels: Labels = None
    kind: Kind = None
    mean: Mean = None
    deviation: Deviation = None
    licence: Licence = None
    name: Name = None

    @property
    def about(self) -> "About":
        """As the action takes it. Raises UsageError."""
        from edgehone.actions.app.kits import About
        from edgehone.actions.app.sources import numbers

        return About(
            kind=self.kind or "",
            labels=self.labels,
            mean=numbers(self.mean, "--mean"),
            deviation=numbers(self.deviation, "--std"),
            licence=self.licence or "",
            name=self.name or "",
        )
