"""What a run begins with: a project file, or what an earlier run was begun with."""

from pathlib import Path

from edgehone.config import Config, load
from edgehone.errors import UsageError
from edgehone.run import loop
from edgehone.run.loop import Begun
from edgehone.store import Store


def of_project(project: Path, on: tuple[str, ...]) -> Begun:
    """A new run on a project file, on devices by name. Raises ConfigError."""
    return Begun("", load(project), on, None)


def of_run(folder: Path, name: str, on: tuple[str, ...]) -> Begun:
    """A run to go on with; on: its devices, or (). Raises UsageError for other devices."""
    begun = loop.begun(Store(folder, read_only=True), name)
    if on and on != begun.on:
        raise UsageError(
            f"Run {begun.run} was begun on {', '.join(begun.on) or 'local'}, "
            f"and cannot go on with {', '.join(on)}.",
            "Leave out --on, or start another run.",
        )
    return begun


def place_of(begun: Begun) -> Path:
    """The folder that paths in the configuration start from."""
    return begun.folder if begun.folder and begun.folder.is_dir() else Path.cwd()


def limited(config: Config, *, rounds: int | None = None, minutes: float | None = None) -> Config:
    """The same with these limits of the search; None: as they are."""
    given = {"rounds": rounds, "minutes": minutes}
    changed = {key: value for key, value in given.items() if value is not None}
    return config.model_copy(update={"search": config.search.model_copy(update=changed)})
