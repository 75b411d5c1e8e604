"""Writes what became of each proof beside this file: `pytest -p tests.proofs.recording -m proof`.

A row stays until its proof is run again, so that one of them can be renewed alone.
"""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = """\
# Proofs

Tests that are too long for every change: `make proofs` runs them, and wrote these lines.

| proof | outcome | date | commit | minutes |
|---|---|---|---|---|
"""


def rows() -> dict[str, str]:
    """The lines of the table by the test's name."""
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


class Recording:
    """Hears how long each part of a test took, and whether it passed."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One part of a test: of one that does not pass, the first such part counts."""
        name = report.nodeid
        self._seconds[name] = self._seconds.get(name, 0.0) + report.duration
        if self._outcomes.get(name, "passed") == "passed":
            self._outcomes[name] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Put the new rows among the old ones."""
        day, commit = datetime.now(UTC).date().isoformat(), _commit()
        found = rows()
        for name, outcome in self._outcomes.items():
            minutes = self._seconds[name] / 60
            found[name] = f"| `{name}` | {outcome} | {day} | {commit} | {minutes:.1f} |"
        if self._outcomes:
            text = _HEAD + "".join(f"{found[name]}\n" for name in sorted(found))
            RESULTS.write_text(text, encoding="utf-8")


def _commit() -> str:
    """What was tried, briefly; empty where there is no git."""
    argv = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(argv, cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def pytest_configure(config: pytest.Config) -> None:
    """Listen to this session."""
    config.pluginmanager.register(Recording())
