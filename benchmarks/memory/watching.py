"""How much memory a command and all that it starts take, sampled while it runs."""

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE_S = 0.1
_LINE = re.compile(r"^(Pss|Pss_Anon|Pss_Shmem): +(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Peak:
    """The most that all processes took together, in bytes. anonymous: what cannot be read again
    from files; resident: with pages of files that happen to be in memory. Pages that several
    processes share count once.
    """

    anonymous: int
    resident: int
    samples: int
    seconds: float
    exit_code: int


def watched(command: Sequence[str], folder: Path, log: Path) -> Peak:
    """Run a command in a folder to its end; what it prints goes to the log."""
    started, anonymous, resident, samples = time.monotonic(), 0, 0, 0
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=stream)
        while process.poll() is None:
            now = [_of(each) for each in _tree(process.pid)]
            anonymous = max(anonymous, sum(each[0] for each in now))
            resident = max(resident, sum(each[1] for each in now))
            samples += 1
            time.sleep(PAUSE_S)
    seconds = time.monotonic() - started
    return Peak(anonymous, resident, samples, round(seconds, 1), process.returncode)


def _tree(process: int) -> list[int]:
    try:
        return [process, *(each.pid for each in psutil.Process(process).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _of(process: int) -> tuple[int, int]:
    """A process's share: (anonymous and shared memory, all that is resident)."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0, 0
    found = {name: int(count) * 1024 for name, count in _LINE.findall(text)}
    return found.get("Pss_Anon", 0) + found.get("Pss_Shmem", 0), found.get("Pss", 0)
