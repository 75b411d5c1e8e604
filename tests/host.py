"""A user's account on the host: devices of its own, and the command line as a shell starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_S = 600.0

TARGET = """\
description = "a device of the tests, measured briefly"
architecture = "any"
packages = {packages}
program = "{program}"
warmup_s = 0.0
minimum_s = {minimum_s}
minimum_count = 3
blocks = 2
patience_s = 0.0
cooldown_s = 0.1
precisions = ["int8", "float32"]
{more}
"""
PACKAGES = ("ai-edge-litert>=2.1", "onnxruntime>=1.20", "numpy>=1.26")


@dataclass(frozen=True)
class Said:
    """How one command ended. document: its JSON."""

    exit_code: int
    document: dict[str, Any]
    stderr: str

    @property
    def error(self) -> str:
        """What was said to have gone wrong, of all or of the first device that was lost."""
        return str((self.document.get("error") or self.document["lost"][0])["message"])

    def verdicts(self) -> dict[str, str]:
        """The verdict by device and file."""
        found = self.document["measurements"]
        return {f"{m['device']['name']}/{_file(m)}": m["verdict"] for m in found}


def _file(measurement: Mapping[str, Any]) -> str:
    return Path(measurement["artifact"]["path"]).name


class Host:
    """Configuration in `folder`, and nothing of the user who runs the tests."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder / "user"
        self.environment = {**os.environ, **environment, "XDG_CONFIG_HOME": str(self.folder)}
        (self.folder / "edgehone/targets").mkdir(parents=True)

    def target(
        self,
        name: str,
        *,
        packages: tuple[str, ...] = PACKAGES,
        program: str = "python",
        minimum_s: float = 0.01,
        more: str = "",
    ) -> None:
        """A kind of device that is measured in no time; more: further TOML."""
        facts = {"packages": json.dumps(packages), "program": program, "minimum_s": minimum_s}
        text = TARGET.format_map({**facts, "more": more})
        (self.folder / f"edgehone/targets/{name}.toml").write_text(text)

    def device(self, name: str, target: str, address: str) -> None:
        """Give a device a name."""
        with (self.folder / "edgehone/config.toml").open("a") as file:
            file.write(f'[devices.{name}]\ntarget = "{target}"\naddress = "{address}"\n')

    def edgehone(self, *words: str | Path, timeout_s: float = ANSWER_S) -> Said:
        """Run a command to its end."""
        return ended(self.start(*words), timeout_s)

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        """Begin a command; `ended` waits for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "edgehone", *map(str, words), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )


def ended(command: "subprocess.Popen[str]", timeout_s: float = ANSWER_S) -> Said:
    """Wait for a command and read what it says; one that does not end is killed."""
    try:
        stdout, stderr = command.communicate(timeout=timeout_s)
    except BaseException:
        command.kill()
        command.communicate()
        raise
    return Said(command.returncode, json.loads(stdout or "{}"), stderr)
