"""Programs of other projects whose packages do not fit beside ours: each in its own folder."""

import os
import subprocess
import sys
from pathlib import Path

from tests.machines.cache import built

INSTALL_S = 900
RUN_S = 300


def packages(name: str, *requirements: str) -> Path:
    """A folder with these packages and what they need, installed once."""

    def install(folder: Path) -> None:
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        subprocess.run(
            [*words, "--target", str(folder), *requirements],
            timeout=INSTALL_S,
            check=True,
            capture_output=True,
        )

    return built(name, (*requirements, sys.version), install)


def run(folder: Path, program: str, *arguments: str) -> str:
    """What a program prints that finds the packages of a folder before its own."""
    finished = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"},
        timeout=RUN_S,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
