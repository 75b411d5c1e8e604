"""What a test needs of the machine: where that is missing it is skipped, but in CI it fails."""

import os
import shutil

import pytest

SYSTEM = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
"""Where programs are looked for: servers are not on every user's path."""


def program(name: str) -> str:
    """The path of a program of this machine."""
    return shutil.which(name, path=SYSTEM) or _missing(f"{name} is not installed")


def root() -> None:
    """Rights to mount, to make network namespaces and to change users."""
    if os.geteuid() != 0:
        _missing("root is needed")


def _missing(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(f"CI allows no skip: {reason}")
    pytest.skip(reason)
