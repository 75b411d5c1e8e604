"""What a shell may complete the values of arguments with; read from names alone, so it is quick."""

import os
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import typer

from edgehone.system.places import PROJECT_FILE, RUNS_FOLDER, shipped_targets, user_config

LATEST = "latest"
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
"""What the folder of a run is called."""


def techniques() -> list[str]:
    """Names of compression techniques."""
    return _variants("edgehone.compress")


def formats(incomplete: str) -> list[str]:
    """Formats of files; of several with commas between them, the last is completed."""
    return _listed(_variants("edgehone.formats"), incomplete)


def precisions(incomplete: str) -> list[str]:
    """Precisions; of several with commas between them, the last is completed."""
    from edgehone import precisions as known

    return _listed(known.names(), incomplete)


def platforms(incomplete: str) -> list[str]:
    """Platforms of app kits; of several with commas between them, the last is completed."""
    known = [name.replace("_", "-") for name in _variants("edgehone.export.apps")]
    return _listed(known, incomplete)


def metrics() -> list[str]:
    """Metrics that budgets and objectives are about."""
    from edgehone.decide.budget_metrics import METRICS

    return list(METRICS)


def targets() -> list[str]:
    """Kinds of device: the names of their profiles."""
    return sorted(_profiles())


def devices(context: typer.Context) -> list[str]:
    """Devices by name: those that are always there, the user's, and the project's."""
    always = [name for name, file in _profiles().items() if _table(file).get("address")]
    project = Path(context.params.get("project") or PROJECT_FILE)
    return sorted({*always, *own_devices(), *_named(_table(project))})


def own_devices() -> list[str]:
    """Devices by name that the user's own configuration holds."""
    return sorted(_named(_table(user_config() / "config.toml")))


def runs(context: typer.Context) -> list[str]:
    """Runs by name and by id, newest first, and the word for the newest."""
    given = context.params.get("folder") or os.environ.get("EDGEHONE_RUNS") or RUNS_FOLDER
    try:
        found = [each.name for each in os.scandir(given) if RUN.fullmatch(each.name)]
    except OSError:  # no runs yet
        return []
    return [LATEST, *_run_names(Path(given)), *sorted(found, reverse=True)] if found else []


def _run_names(folder: Path) -> list[str]:
    """What the user calls runs; SQLite is asked itself, as loading the store takes too long."""
    import sqlite3

    database = folder / "store.sqlite"
    asked = "select json_extract(config, '$.name') from runs order by created desc"
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as store:
            found = [name for (name,) in store.execute(asked)]
    except sqlite3.Error:  # no runs yet, or a store that cannot be read: a shell shows no errors
        return []
    return list(dict.fromkeys(name for name in found if isinstance(name, str) and name))


def _variants(package: str) -> list[str]:
    from edgehone.system import variants

    return variants.module_names(package)


def _listed(known: Iterable[str], incomplete: str) -> list[str]:
    before, comma, _ = incomplete.rpartition(",")
    taken = before.split(",")
    return [f"{before}{comma}{name}" for name in known if name not in taken]


def _profiles() -> dict[str, Path]:
    places = (shipped_targets(), user_config() / "targets")
    return {file.stem: file for place in places if place for file in place.glob("*.toml")}


def _table(file: Path) -> dict[str, Any]:
    """What a file of TOML holds; nothing where it cannot be read, as a shell shows no errors."""
    import tomllib

    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError):
        return {}


def _named(table: dict[str, Any]) -> list[str]:
    found = table.get("devices", {})
    return list(found) if isinstance(found, dict) else []
