"""A run killed at random moments goes on to the result of one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests import small_project

from edgehone.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

KILLS = 5


def command(on: str, runs: Path, *which: str) -> list[str]:
    """which: the project, or the run that is gone on with."""
    arguments = ["run", *which, "--on", on, "--folder", str(runs), "--json"]
    return [sys.executable, "-m", "edgehone", *arguments]


def whole_run(argv: list[str]) -> dict[str, Any]:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kill_amid(argv: list[str], chance: random.Random) -> bool:
    """Start a run and kill it, with all it started, while one of its next stages is at work;
    whether it had not ended before.
    """
    child = subprocess.Popen(
        argv,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stderr is not None
    for _ in range(chance.choice((1, 2))):  # a line is told when a stage begins to work
        child.stderr.readline()
    with suppress(subprocess.TimeoutExpired):  # anywhere in the stage, not at its beginning alone
        child.wait(chance.uniform(0.0, 0.8))
    killed = child.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stderr.close()
    return killed


def result(document: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on interruptions: recipes, files, accuracies, the winner."""
    return {
        "winner": document["winner"]["artifact"]["sha256"],
        "candidates": [
            (c["recipe"], c["measurement"]["artifact"]["sha256"], c["measurement"]["accuracy"])
            for c in document["candidates"]
        ],
        "baselines": [m["artifact"]["sha256"] for m in document["baselines"]],
    }


def test_run_killed_at_random_moments_resumes_to_the_same_result(tmp_path: Path) -> None:
    project = small_project.write(tmp_path / "project")
    on = small_project.device(project.parent)
    undisturbed = whole_run(command(on, tmp_path / "undisturbed", str(project)))
    runs, chance = tmp_path / "disturbed", random.Random(7)
    which: tuple[str, ...] = (str(project),)
    killed = 0
    for _ in range(KILLS):
        killed += kill_amid(command(on, runs, *which), chance)
        if begun := Store(runs).runs():
            which = ("--resume", begun[0].id)
    assert killed > 1
    document = whole_run(command(on, runs, *which))

    assert len(Store(runs, read_only=True).runs()) == 1
    assert result(document) == result(undisturbed)
    folder = runs / document["run"]
    assert not (folder / "scratch").exists()
    files = list((folder / "artifacts").iterdir())
    assert files
    assert all(p.stat().st_size > 0 and not p.name.startswith(".") for p in files)
