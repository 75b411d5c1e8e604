"""A run killed at random moments goes on to the result of one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests import small_project

from edgehone.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

KILLS = 5


def command(project: Path, runs: Path, *more: str) -> list[str]:
    on = small_project.device(project.parent)
    arguments = ["run", str(project), "--on", on, "--folder", str(runs), "--json", *more]
    return [sys.executable, "-m", "edgehone", *arguments]


def whole_run(argv: list[str]) -> dict[str, Any]:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def killed_run(argv: list[str], after_s: float) -> bool:
    """Whether the run was killed before it ended by itself."""
    child = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        child.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return True
    return False


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
    started = time.monotonic()
    undisturbed = whole_run(command(project, tmp_path / "undisturbed"))
    usual_s = time.monotonic() - started

    runs, chance, kills = tmp_path / "disturbed", random.Random(7), 0
    again: tuple[str, ...] = ()
    for _ in range(KILLS):
        # Moments late in a run would let it end; each kill must fall into one that goes on.
        kills += killed_run(command(project, runs, *again), usual_s * chance.uniform(0.3, 0.75))
        begun = Store(runs, read_only=True).runs() if runs.exists() else []
        again = ("--resume", begun[0].id) if begun else ()
    assert kills >= 2
    document = whole_run(command(project, runs, *again))

    assert len(Store(runs, read_only=True).runs()) == 1
    assert result(document) == result(undisturbed)
    left = [p for p in runs.rglob("*") if p.is_file() and p.suffix == ".tflite"]
    assert all(p.stat().st_size > 0 for p in left)
