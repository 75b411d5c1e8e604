"""A disk that is soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import needs

TIMEOUT_S = 20.0


@contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Path]:
    """A file system of this size at `folder`. Needs root."""
    needs.root()
    folder.mkdir(parents=True)
    mount = [
        needs.program("mount"),
        "-t",
        "tmpfs",
        "-o",
        f"size={kibibytes}k",
        "tmpfs",
        str(folder),
    ]
    subprocess.run(mount, check=True, timeout=TIMEOUT_S)
    try:
        yield folder
    finally:
        subprocess.run([needs.program("umount"), "-l", str(folder)], check=True, timeout=TIMEOUT_S)


def fill(disk: Path, left_kibibytes: int) -> None:
    """Leave so much of a small disk free."""
    facts = os.statvfs(disk)
    size = facts.f_bavail * facts.f_frsize - 1024 * left_kibibytes
    (disk / "ballast").write_bytes(b"0" * max(0, size))
