"""What a run begins with: a project file, or what an earlier run was begun with."""

from pathlib import Path

from edgehone.config import Config, load
from edgehone.errors import UsageError
from edgehone.run import loop
from edgehone.run.loop import StartedRun
from edgehone.store import Store
from edgehone.system.settings import DEVICES


def of_project(project: Path, on: tuple[str, ...]) -> StartedRun:
    """A new run on a project file, on devices by name. Raises ConfigError."""
    return StartedRun("", load(project), on, None)


def of_run(folder: Path, name: str, on: tuple[str, ...]) -> StartedRun:
    """A run to go on with; on: its devices, or (). Raises UsageError for other devices."""
    started = loop.start_of(Store(folder, read_only=True), name)
    if on and on != started.on:
        raise UsageError(
            f"Run {started.run} was started on {', '.join(started.on) or 'local'}, "
            f"and cannot be resumed on {', '.join(on)}.",
            f"Leave out {DEVICES}, or start another run.",
        )
    return started


def place_of(started: StartedRun) -> Path:
    """The folder that paths in the configuration start from."""
    return started.folder if started.folder and started.folder.is_dir() else Path.cwd()


def limited(
    config: Config,
    *,
    rounds: int | None = None,
    minutes: float | None = None,
    final_epochs: int | None = None,
) -> Config:
    """The same with these limits of the search and of the training after it; None: as they are."""
    search = _given(rounds=rounds, minutes=minutes)
    distill = _given(final_epochs=final_epochs)
    changed = {
        "search": config.search.model_copy(update=search),
        "distill": config.distill.model_copy(update=distill),
    }
    return config.model_copy(update=changed)


def _given(**values: float | None) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}
