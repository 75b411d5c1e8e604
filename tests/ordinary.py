"""A command as an ordinary user starts it: permissions hold, also when root runs the tests."""

import subprocess
import sys
from pathlib import Path

from tests.host import Said, ended
from tests.lives import World

DROP = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root reads and writes all
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-m", "edgehone", *sys.argv[1:]])
"""


def edgehone(world: World, *words: str | Path, folder: Path | None = None) -> Said:
    """Run a command to its end, in `folder`."""
    command = subprocess.Popen(
        [sys.executable, "-c", DROP, *map(str, words), "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=world.environment,
        cwd=folder or world.folder,
    )
    return ended(command)
