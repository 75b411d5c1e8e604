"""Options that several commands share, each written once; a command's own are in its file here."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edgehone.cli import completing, invocation
from edgehone.system.bounds import CANDIDATES, SAMPLES, THREADS
from edgehone.system.places import PROJECT_FILE, RUNS_FOLDER

__all__ = ["PROJECT_FILE", "RUNS_FOLDER"]


def baseline(words: str) -> Any:
    """The option that names the file which drops of accuracy are counted from."""
    return typer.Option("--baseline", metavar="FILE", help=words)


def formats(words: str) -> Any:
    """The option that names formats of files."""
    return typer.Option("--format", metavar="F[,F]", autocompletion=completing.formats, help=words)


def rounds(words: str) -> Any:
    """The option that bounds how many candidates are built."""
    return typer.Option("--rounds", min=0, max=CANDIDATES, help=words)


def device(words: str) -> Any:
    """The option that names a device, with words on what for."""
    return typer.Option("--on", metavar="DEVICE", autocompletion=completing.devices, help=words)


def _anywhere(context: typer.Context, here: bool) -> bool:
    """Whether --json was given to the command, or to the one above it."""
    return here or invocation.of(context).as_json


Json = Annotated[
    bool,
    typer.Option("--json", callback=_anywhere, help="Print one JSON document on stdout."),
]
Wide = Annotated[
    bool, typer.Option("--wide", help="Show every column, however narrow the terminal is.")
]
Devices = Annotated[
    list[str] | None,
    device("A configured device's name, local, or TARGET@ADDRESS; may be repeated."),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATA",
        help="An .npz, a folder of class folders, or python:module:function.",
    ),
]
Scale = Annotated[
    str | None,
    typer.Option(
        "--scale",
        metavar="S",
        help="The model sees x * scale + offset, as [data] scale has it: 1/255, say.",
    ),
]
Offset = Annotated[str | None, typer.Option("--offset", metavar="O", help="See --scale; -1, say.")]
Project = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A file that names devices, the task and how data is scaled: a project file, or "
        "those tables of one.",
    ),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, max=THREADS)]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let code inside the model file (Lambda layers) run.")
]
Custom = Annotated[
    list[str] | None,
    typer.Option(
        "--custom",
        metavar="MODULE",
        help="Where layers of your own come from: python:module, a module that registers them, "
        "or python:module:Class; may be repeated.",
    ),
]
Folder = Annotated[
    Path,
    typer.Option(
        "--folder", metavar="DIR", envvar="EDGEHONE_RUNS", help="The folder that runs are kept in."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Go on, with a warning, when the teacher is no better than a constant answer.",
    ),
]
Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="WHAT",
        help="End with code 5 unless every file is int8, no-flex, no-custom, no-loops or xnnpack; "
        "may be repeated.",
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Makes the random parts repeatable.")
]
Destination = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go.")
]
Samples = Annotated[int, typer.Option("--samples", min=1, max=SAMPLES, help="Calibration samples.")]
