"""Installs the Debian packages that the tests against real peers need, or says which are missing.

Run as a program: `python tests/machines/packages.py`. Needs nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).with_suffix(".txt")
INSTALL_S = 900
QUERY_S = 60


def wanted() -> list[str]:
    """The packages of the list."""
    lines = (line.partition("#")[0].strip() for line in LIST.read_text().splitlines())
    return [line for line in lines if line]


def missing() -> list[str]:
    """Those that are not installed; all of them where there is no Debian."""
    if shutil.which("dpkg-query") is None:
        return wanted()
    argv = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *wanted()]
    text = subprocess.run(argv, capture_output=True, text=True, timeout=QUERY_S, check=False)
    return [name for name in wanted() if f"{name} installed" not in text.stdout.splitlines()]


def install(names: list[str]) -> None:
    """Install packages. Raises CalledProcessError, apt's own words being on the terminal."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", *names]):
        call = ["apt-get", "--yes", "-o", "DPkg::Lock::Timeout=120", *argv]
        subprocess.run(call, env=environment, timeout=INSTALL_S, check=True)


def main() -> int:
    """Exit code 0 when tests can go on: all is there, or tests that lack something are skipped."""
    lacking = missing()
    if not lacking:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' '.join(lacking)} ...", file=sys.stderr)  # noqa: T201
        install(lacking)
        return 0
    print(  # noqa: T201
        "Tests against real devices that need these Debian packages are skipped:\n"
        f"  {' '.join(lacking)}\nTo run them: sudo make machines",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
