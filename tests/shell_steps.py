"""The shell scripts in CI templates: steps of actions and workflows, jobs, and what they start."""

from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

from tests.ci_runner import ACTIONS, ROOT, read

WORKFLOWS = (
    ROOT / "docs" / "ci" / "github.yml",
    ROOT / "examples" / "release" / "models.yml",
    ROOT / ".github" / "workflows" / "ci.yml",
)
GITLAB = ROOT / "docs" / "ci" / "gitlab.yml"


def scripts() -> dict[str, str]:
    """Every script by where it stands."""
    found = {str(path.relative_to(ROOT)): path.read_text() for path in ACTIONS.rglob("*.sh")}
    for path in (*sorted(ACTIONS.glob("*/action.yml")), *WORKFLOWS):
        for number, text in enumerate(_runs(read(path))):
            found[f"{path.relative_to(ROOT)} run {number}"] = f"#!/usr/bin/env bash\n{text}"
    for number, text in enumerate(_jobs(read(GITLAB))):
        found[f"{GITLAB.relative_to(ROOT)} script {number}"] = f"#!/usr/bin/env bash\n{text}"
    return found


def _runs(value: Any) -> Iterator[str]:
    """The texts under `run`, wherever they are."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "run" and isinstance(each, str):
                yield each
            yield from _runs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _runs(each)


def _jobs(template: Any) -> Iterator[str]:
    for job in template.values():
        if isinstance(job, dict):
            for key in ("before_script", "script", "after_script"):
                yield from job.get(key, ())


def program(name: str, wheel: str) -> Path:
    """A program, wherever its wheel was installed."""
    installed = [each for each in files(wheel) or () if each.stem == name and "bin" in each.parts]
    return Path(str(installed[0].locate())).resolve()
