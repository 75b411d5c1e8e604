"""Options of `edgehone gate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgehone.cli import completing, options
from edgehone.errors import UsageError

if TYPE_CHECKING:
    from edgehone.actions.gate.request import Request
    from edgehone.actions.settings import Setting

Budgets = Annotated[
    Path, typer.Argument(metavar="BUDGETS.toml", help="[[budget]] tables, or a project file.")
]
Files = Annotated[
    list[Path] | None, typer.Argument(metavar="[FILE]...", help=".tflite or .onnx files.")
]
Calibrate = Annotated[
    int | None,
    typer.Option(
        "--calibrate",
        metavar="N",
        min=1,
        max=1000,
        help="Instead compare each file with itself N times: how often this device raises a false "
        "alarm, and the smallest change it can see.",
    ),
]


@dataclass(frozen=True)
class Subject:
    """What is checked, where, against what and on which data."""

    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Check the winner of a run instead.",
            autocompletion=completing.runs,
        ),
    ] = None
    on: Annotated[
        list[str] | None,
        options.device(
            "Measure there; may be repeated. Default: the devices that the budgets name, or local."
        ),
    ] = None
    baseline: Annotated[
        Path | None,
        options.baseline(
            "What relative budgets and accuracy_drop compare with: a file, a bundle (.zip), "
            "run:RUN for a run's winner, or release for the last one in the store "
            "(release:NAME for another)."
        ),
    ] = None
    data: options.Data = None
    folder: options.Folder = options.RUNS_FOLDER
    seed: options.Seed = 0

    def request(self, budgets: Path, setting: "Setting", manner: "Manner") -> "Request":
        """The request that these options make with a file of budgets."""
        from edgehone.actions.gate.request import Request, waivers_of
        from edgehone.config import load_budgets

        return Request(
            setting,
            load_budgets(budgets),
            tuple(self.on or ()),
            self.baseline,
            self.data,
            self.folder,
            self.seed,
            str(budgets),
            waivers_of(budgets, setting),
            **vars(manner),
        )


@dataclass(frozen=True)
class Outputs:
    """Where else the checks are written."""

    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the checks as JUnit XML.")
    ] = None
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary.")
    ] = None
    sarif: Annotated[
        Path | None,
        typer.Option("--sarif", metavar="FILE", help="Write the checks as SARIF 2.1.0."),
    ] = None
    summary: Annotated[
        Path | None,
        typer.Option(
            "--summary",
            metavar="FILE",
            envvar="GITHUB_STEP_SUMMARY",
            help="Add the Markdown summary to the end of this file.",
        ),
    ] = None


@dataclass(frozen=True)
class Manner:
    """How far the gate goes."""

    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Measure, although the same files, runtime and device were measured before; "
            "without it such a verdict is looked up in the store of --folder.",
        ),
    ] = False
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help="Go to the devices although what is in the files misses a required budget.",
        ),
    ] = False
    files_only: Annotated[
        bool,
        typer.Option(
            "--files-only",
            help="Check what is in the files alone; budgets on devices and data are left out.",
        ),
    ] = False
    why: Annotated[
        bool,
        typer.Option(
            "--why",
            help="Tell which layers differ from --baseline, although nothing is missed or no "
            "budget needs one.",
        ),
    ] = False


@dataclass(frozen=True)
class Tightening:
    """Whether limits are tightened, and how much room is left."""

    ratchet: Annotated[
        bool,
        typer.Option(
            "--ratchet",
            help="Tighten the limits in BUDGETS.toml to what was measured plus --margin, if the "
            "gate passes; none is ever loosened.",
        ),
    ] = False
    margin: Annotated[
        str,
        typer.Option("--margin", metavar="SHARE", help="What --ratchet leaves: 2 %, say."),
    ] = "2 %"

    def room(self) -> float:
        """The margin: a share such as "2 %" or 0.02, from 0 to below 1. Raises UsageError."""
        from edgehone.config.quantities import quantity

        hint = 'Give a share: --margin "2 %".'
        try:
            room = quantity(self.margin, "fraction")
        except ValueError as error:
            raise UsageError(f"--margin: {error}.", hint) from error
        if not 0 <= room < 1:
            raise UsageError(f"--margin {self.margin} is out of range.", hint)
        return room
