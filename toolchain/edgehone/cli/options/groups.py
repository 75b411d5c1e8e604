"""Options that several commands take together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgehone.cli import options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from edgehone.actions.settings import Setting


@dataclass(frozen=True)
class Settings:
    """How data is scaled, and the file that names devices, the task and data."""

    scale: options.Scale = None
    offset: options.Offset = None
    project: options.Project = options.PROJECT_FILE

    def read(self, budgets: Path | None = None) -> "Setting":
        """What they say; notes on it are printed. budgets: another file with the same tables."""
        from edgehone.actions.settings import Setting
        from edgehone.cli.progress import remarks

        return Setting.read(self.project, (self.scale, self.offset), budgets, remarks)


@dataclass(frozen=True)
class Printing:
    """How a result is printed."""

    wide: options.Wide = False
    as_json: options.Json = False

    def emit(self, value: Plain, show: Callable[[Plain, "Console"], None]) -> None:
        """Print it: as JSON, or for people through `show`."""
        output.emit(value, show, as_json=self.as_json, wide=self.wide)

    def report_lost(self, value: Plain) -> None:
        """Report on stderr which devices failed, where only the document is on stdout."""
        from edgehone.cli.lost import report_lost

        if self.as_json:
            report_lost(value)
