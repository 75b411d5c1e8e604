"""The lock on this machine's processors: no two of edgehone's processes measure at once."""

import os

LOCK = "/tmp/edgehone.lock"  # noqa: S108 # every user's processes are to find it; never followed
"""Where processes of one machine agree who measures; see targets/runner/PROTOCOL.md."""

CHOSEN = "EDGEHONE_LOCK"
"""Names another file: one that containers share with each other, as they share processors."""


def lock() -> str:
    """The file whose lock says that somebody measures on this machine."""
    return os.environ.get(CHOSEN) or LOCK
