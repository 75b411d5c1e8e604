"""Runs steps of composite actions as GitHub's runner would: expressions filled in, then bash."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
ACTIONS = ROOT / ".github" / "actions"
_EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")


def read(path: Path) -> Any:
    """A YAML file as plain data."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Finished:
    """A step's exit code, log and outputs, and the job summary."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str] = field(default_factory=dict)


OWN = Path(sys.executable).parent


def step(
    action: str,
    name: str,
    inputs: dict[str, str],
    place: Path,
    *,
    programs: Path = OWN,
    **more: str,
) -> Finished:
    """Run one step of an action in the folder `place`, with more environment. programs: where
    `edgehone` is.
    """
    folder = ACTIONS / action
    described = read(folder / "action.yml")
    defaults = {key: str(each.get("default", "")) for key, each in described["inputs"].items()}
    assert inputs.keys() <= defaults.keys()
    context = {f"inputs.{key}": value for key, value in {**defaults, **inputs}.items()}
    context |= {"github.action_path": str(folder), "github.token": "token"}
    found = next(each for each in described["runs"]["steps"] if each["name"] == name)
    where = place / _filled(found.get("working-directory", "."), context)
    special = {"GITHUB_OUTPUT": place / ".output", "GITHUB_STEP_SUMMARY": place / ".summary"}
    for path in special.values():
        path.write_text("")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(map(str, (programs, OWN, os.environ["PATH"]))),
        **{key: str(path) for key, path in special.items()},
        **{key: _filled(str(value), context) for key, value in found.get("env", {}).items()},
        **more,
    }
    assert found["shell"] == "bash"
    script = place / ".step.sh"
    script.write_text(found["run"])
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = subprocess.run(
        words, cwd=where, env=environment, capture_output=True, text=True, check=False
    )
    output, summary = (path.read_text() for path in special.values())
    return Finished(done.returncode, done.stdout + done.stderr, summary, _outputs(output))


def _filled(text: str, context: dict[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: context[found[1]], text)


def _outputs(text: str) -> dict[str, str]:
    """What GITHUB_OUTPUT holds: NAME<<MARK, lines, MARK."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, mark = line.partition("<<")
        value = []
        for inner in lines:
            if inner == mark:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found
