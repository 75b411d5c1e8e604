"""The sections of a user's own that a run's project named for its page."""

from contextlib import chdir
from pathlib import Path

from edgehone.report.page import sections_named
from edgehone.report.sections._base import Section
from edgehone.run.loop import STARTED_IN
from edgehone.store import Store


def sections_of(folder: Path, run: str) -> list[Section]:
    """Those of a run by its id; their modules are looked for where the run was begun, if that
    folder is still there. Raises ConfigError for one that cannot be imported any more.
    """
    config = Store(folder, read_only=True).run(run).config
    settings, home = config.get("report"), config.get(STARTED_IN)
    named = settings.get("sections") if isinstance(settings, dict) else None
    if not isinstance(named, list):
        return []
    place = Path(home) if isinstance(home, str) and Path(home).is_dir() else Path.cwd()
    with chdir(place):
        return sections_named([name for name in named if isinstance(name, str)])
