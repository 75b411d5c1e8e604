"""Names of unfinished files: they show whose they are, so that what a killed process left goes."""

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

DAY_S = 86400.0
"""After so long an unfinished file goes whose process cannot be asked for: it is another machine's,
or that of another container on this one.
"""
_NAME = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}(\.[^.]*)?")


def name_for(name: str, suffix: str) -> str:
    """A new hidden name beside a file called `name`, for what is to take its place."""
    process = os.getpid()
    mark = f"{_machine()}-{process}-{_began(process)}-{secrets.token_hex(4)}"
    return f".{name[:40]}.{mark}{suffix}"


def sweep(folder: Path) -> None:
    """Remove the unfinished files of dead processes from a folder: this user's alone."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (found := _NAME.fullmatch(entry.name)) and _is_dead(entry, found):
                Path(entry.path).unlink(missing_ok=True)


def _is_dead(entry: "os.DirEntry[str]", found: re.Match[str]) -> bool:
    facts = entry.stat(follow_symlinks=False)
    if facts.st_uid != os.geteuid() or not entry.is_file(follow_symlinks=False):
        return False
    machine, process, began = found[1], int(found[2]), int(found[3])
    if machine != _machine():
        return time.time() - facts.st_mtime > DAY_S
    return _began(process) != began


def _began(process: int) -> int:
    """When a process began, in the kernel's ticks since the boot; 0 where it is not there, 1 where
    it is and that is unknown.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2]
        return int(fields.split()[19])
    except (OSError, IndexError, ValueError):
        return int(_lives(process))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@cache
def _machine() -> str:
    """Where process numbers mean the same: this boot of this machine, in this container."""
    parts = [os.uname().nodename]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
