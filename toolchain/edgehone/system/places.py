"""Where a project file, runs, profiles and the user's own configuration are."""

import os
from pathlib import Path

PROJECT_FILE = Path("edgehone.toml")
RUNS_FOLDER = Path("runs")


def config_folder() -> Path:
    """Where the user's own configuration lies: `$XDG_CONFIG_HOME/edgehone`."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "edgehone"


def shipped_targets() -> Path | None:
    """The folder of shipped profiles and of the runner program: in the package or the checkout;
    None where the installation has neither.
    """
    here = Path(__file__).resolve().parents[1]
    places = (here / "_targets", here.parents[1] / "targets")
    return next((place for place in places if (place / "local.toml").is_file()), None)
