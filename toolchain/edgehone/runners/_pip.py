"""Has pip install packages for another system than this one, and reads what it complains of."""

import importlib.util
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.errors import ConfigError, StorageError
from edgehone.system import processes

PIP_S = 1200.0
"""For some 60 MB over a slow line."""

OLDEST_GLIBC = 17
"""Minor version of glibc 2 that the oldest wheels still on the index were built for; the tags of
those built for 2.17 are also written manylinux2014."""

OPTIONS = ("--upgrade", "--no-compile", "--only-binary=:all:", "--no-input", "--retries=2")
SETTINGS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""The user's own settings that would not go together with installing for another system."""

UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Connection (refused|reset|broken|aborted)|Max retries exceeded|Network is unreachable"
)
"""What pip prints when the index, and not what is asked of it, is the trouble."""


@dataclass(frozen=True)
class System:
    """What packages are for: an architecture as `uname -m` names it, glibc 2.`glibc`, a Python."""

    architecture: str
    glibc: int
    python: tuple[int, int]

    @property
    def tags(self) -> list[str]:
        """Every platform tag that runs there, newest first: given one, pip infers no others."""
        named = [f"manylinux_2_{minor}" for minor in range(self.glibc, OLDEST_GLIBC - 1, -1)]
        return [f"{tag}_{self.architecture}" for tag in (*named, "manylinux2014")]


def install(asked: Sequence[str], system: System, site: Path, *, alone: bool = False) -> str:
    """Have pip install what is asked for into `site`: "", or why that cannot be had.

    alone: without what it depends on. Raises ConfigError when pip is missing or its index cannot
    be reached, and StorageError when the disk is full: nothing to do with what was asked.
    """
    if importlib.util.find_spec("pip") is None:
        message = "Fetching packages for a device needs pip, which edgehone's Python lacks."
        raise ConfigError(message, f"Install it: {sys.executable} -m ensurepip")
    argv = [sys.executable, "-m", "pip", "install", *OPTIONS, "--target", str(site)]
    argv += ["--python-version", "{}.{}".format(*system.python)]
    argv += [f"--platform={tag}" for tag in system.tags]
    argv += ["--no-deps"] if alone else []
    finished = processes.run([*argv, *asked], timeout_s=PIP_S, environment=SETTINGS)
    if finished.exit_code == 0:
        return ""
    reason = _complaint(finished.stderr) or finished.ended_by
    if finished.timed_out or UNREACHABLE.search(finished.stderr):
        raise ConfigError(
            f"The packages for the device cannot be fetched: {reason}.",
            "Check this machine's network and pip's index (pip config list), then try again.",
        )
    if "No space left" in finished.stderr:
        message = "The packages for the device cannot be fetched: the disk is full."
        raise StorageError(message, "Free some space and run the same command again.")
    return reason


def _complaint(stderr: str) -> str:
    """The most telling line of what pip printed, without its lists of versions."""
    lines = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if "ERROR: " in line]
    first = re.sub(r"\s*\(from[^)]*\)", "", lines[0]) if lines else ""
    return first[:200].rstrip(". ")
