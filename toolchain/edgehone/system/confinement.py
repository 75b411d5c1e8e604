"""How a child process that opens the files of strangers is kept apart from everything else.

The parent starts it in `environment()` and in an empty folder; the child calls `confine()` before
it loads anything. The list of what a file may name is what keeps its code from running; this is
for the day that a library has a hole.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

LEAST_BYTES = 4 << 30
"""TensorFlow with both converters takes 1.1 GB for a small model; systems with less may swap."""
SHARE = 0.75
"""Of this machine's memory, what a child may take for its data."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""Of Linux's sched.h."""
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container's own memory limit stands."""


def environment() -> dict[str, str]:
    """Variables with which a Python child imports what this process does, but nothing from the
    working folder, neither this process's nor its own.
    """
    own = str(Path(__file__).resolve().parents[2])
    home = working_folder()
    places = [each for each in sys.path if Path(each).is_absolute() and not _is(each, home)]
    if own not in places:
        places.insert(0, own)
    return {"PYTHONPATH": os.pathsep.join(places), "PYTHONSAFEPATH": "1"}


def working_folder() -> Path:
    """Where this process works; the root of the file system if its folder has been removed."""
    try:
        return Path.cwd().resolve()
    except FileNotFoundError:
        return Path("/")


def _is(place: str, folder: Path) -> bool:
    return Path(place).resolve() == folder


def confine() -> None:
    """Give this process no network, where the system lets it go without, and bounded memory."""
    _leave_network()
    _bound_memory()


def memory_bytes() -> int:
    """What a child may take for its data."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [int(text) for text in map(_text, _LIMITS) if text.isdigit()]
    return max(LEAST_BYTES, int(SHARE * min([pages, *limits])))


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:  # no such limit here
        return ""


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = memory_bytes() if hard == resource.RLIM_INFINITY else min(memory_bytes(), hard)
    with suppress(OSError, ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _leave_network() -> bool:
    """Move into a network of one's own, in which there is nothing: whether that was allowed.

    Root may at once; others first become the only user of a world of their own, in which they
    keep their number, so that their files stay theirs.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_NETWORK) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if library.unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return False
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with suppress(OSError):
            Path("/proc/self", name).write_text(text)
    return True
