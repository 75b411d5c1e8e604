"""Other projects' tools, each in a process of its own: what crashes there is a reason, no crash."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from arena import Arena, ContestantError, Made

HERE = Path(__file__).resolve().parent
TIME_LIMIT_S = 3 * 3600
LEGACY = {"TF_USE_LEGACY_KERAS": "1"}
"""What makes tf_keras the Keras of TensorFlow, which TFMOT needs."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
WORDS = 300
"""Last characters of what a program said that are kept as its reason."""


def asked(program: str, order: dict[str, Any], folder: Path, *, legacy: bool = False) -> Any:
    """What a program of children/ answers: it reads a JSON file and writes another one. Raises
    ContestantError.
    """
    question, answer = folder / f"{program}.json", folder / f"{program}-answer.json"
    question.write_text(json.dumps(order, default=str), encoding="utf-8")
    environment = {**os.environ, **QUIET, **(LEGACY if legacy else {})}
    environment["PYTHONPATH"] = str(HERE)
    argv = [sys.executable, str(HERE / "children" / f"{program}.py"), str(question), str(answer)]
    try:
        done = subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise ContestantError(f"{program} took longer than {TIME_LIMIT_S} s") from error
    if done.returncode != 0:
        said = done.stderr.strip()[-WORDS:]
        raise ContestantError(f"{program} ended with {done.returncode}: {said}")
    return json.loads(answer.read_text(encoding="utf-8"))


def calibration(arena: Arena, folder: Path) -> Path:
    """The calibration samples as a file: "x"."""
    file = folder / "calibration.npy"
    np.save(file, arena.calibration)
    return file


def made(answer: Any, **settings: Any) -> list[Made]:
    """The files of an answer: {"files": [{"name", "path", "precision"}]}."""
    return [
        Made(each["name"], Path(each["path"]), each["precision"], {}, settings)
        for each in answer["files"]
    ]
