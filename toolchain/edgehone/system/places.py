"""Where a project file, runs, profiles and the user's own files are, unless a user says
otherwise.
"""

from pathlib import Path

PROJECT_FILE = Path("edgehone.toml")
RUNS_FOLDER = Path("runs")


def user_config() -> Path:
    """Where the user's devices and profiles are: `$XDG_CONFIG_HOME/edgehone`, or where the system
    keeps such files; it may not exist.
    """
    from platformdirs import user_config_path  # not needed for --help

    return user_config_path("edgehone", appauthor=False)


def user_cache(name: str) -> Path:
    """A folder for what can be made again, `$XDG_CACHE_HOME/edgehone/NAME`, or where the system
    keeps such files; it may not exist.
    """
    from platformdirs import user_cache_path

    return user_cache_path("edgehone", appauthor=False) / name


def shipped_targets() -> Path | None:
    """The folder of shipped profiles and of the runner program: in the package or the checkout;
    None where the installation has neither.
    """
    here = Path(__file__).resolve().parents[1]
    places = (here / "_targets", here.parents[1] / "targets")
    return next((place for place in places if (place / "local.toml").is_file()), None)
