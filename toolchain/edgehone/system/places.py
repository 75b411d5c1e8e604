"""Where a project file and runs are, unless a user says otherwise."""

from pathlib import Path

PROJECT_FILE = Path("edgehone.toml")
RUNS_FOLDER = Path("runs")
