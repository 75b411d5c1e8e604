"""A good device and a bad one, benched together: what befalls the bad one leaves the good alone."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from edgehone.devices._base import Transport
from edgehone.runners.setup.installation import Installation, record
from tests import bench_files
from tests.host import Host, Said, ended

SAMPLES = 20_000
"""As many as make 480 KB of inputs and 240 KB of outputs."""
HALF = 120_000
"""Bytes after which both are cut through."""
WAIT_S = 120.0
STILL = 20
"""Looks, a twentieth of a second apart, at what does not change any more."""
GOOD, BAD = "good/dense-float32.tflite", "bad/dense-float32.tflite"


class Lab:
    """`good` is this machine; `bad` is at `address`, its files are in `folder` of this machine.

    `busy` is the bad one again, which then measures for minutes.
    """

    def __init__(self, host: Host, address: str, folder: Path) -> None:
        self.host, self.folder = host, folder
        host.target("quick")
        host.device("good", "quick", "local")
        host.target("long", minimum_s=120.0)
        host.device("bad", "quick", address)
        host.device("busy", "long", address)
        files = bench_files.wide(host.folder, SAMPLES)
        self._words = ("bench", files.model, "--data", files.data)

    def bench(self) -> Said:
        """Measure on both."""
        return ended(self.start("bad"))

    def start(self, bad: str) -> "subprocess.Popen[str]":
        """Begin to measure on both, the bad one being `bad` or `busy`."""
        return self.host.start(*self._words, "--on", bad, "--on", "good", "--no-memory")

    def amid_a_run(self, trouble: Callable[[], None]) -> Said:
        """Measure on both, and have trouble come while the bad one is busy."""
        command = self.start("busy")
        try:
            until(lambda: list(self.folder.glob("outputs/*")) or command.poll() is not None)
            trouble()
        except BaseException:
            command.kill()
            raise
        return ended(command)

    def bad_is_lost(self, said: Said, *words: str) -> None:
        """The bad device alone is lost, with these words; the good one's numbers are there."""
        assert said.exit_code == 4, said.stderr
        (lost,) = said.document["lost"]
        assert lost["device"] in ("bad", "busy")
        assert lost["exit_code"] == 4
        assert lost["hint"]
        for word in words:
            assert word in lost["message"]
        assert list(said.verdicts()) == [GOOD]

    def nothing_is_lost(self, said: Said) -> None:
        """Both are measured, and nothing half lies about on the bad one."""
        assert said.exit_code == 0, said.document.get("lost", said.document)
        assert sorted(said.verdicts()) == [BAD, GOOD]
        assert [path for path in self.folder.rglob("*") if "part" in path.name] == []


def install(transport: Transport) -> None:
    """Set a device up that has this machine's own Python."""
    record(transport, Installation("python", (sys.executable,)))
    transport.close()


def until(condition: Callable[[], object]) -> None:
    """Wait for something that must come about."""
    limit = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


def settled(value: Callable[[], int]) -> int:
    """A number once it stays the same for a while."""
    seen: list[int] = []

    def still() -> bool:
        seen.append(value())
        return len(seen) > STILL and len({*seen[-STILL:]}) == 1

    until(still)
    return seen[-1]


def working_in(folder: Path) -> list[int]:
    """Processes of this machine that work in a folder, or deeper."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = (process / "cwd").readlink()
        except OSError:  # it has ended
            continue
        if place.is_relative_to(folder):
            found.append(int(process.name))
    return found
