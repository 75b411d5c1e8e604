"""Commands in a world of their own, watched from the outside: their processes, what they leave."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgehone.system.scratch import OWNER
from tests import speakers, tiny_models
from tests.host import Host

LIMIT_S = 240.0
"""No test waits longer for anything: a bound on what hangs, not a measure of speed."""


class World(Host):
    """A user with a temporary folder and a machine's lock of their own, and devices "long" (a block
    of minutes) and "quick", both this machine.
    """

    def __init__(self, folder: Path) -> None:
        self.temporary, self.lock = folder / "tmp", folder / "lock"
        self.temporary.mkdir(parents=True)
        environment = {"TMPDIR": str(self.temporary), "EDGEHONE_LOCK": str(self.lock)}
        super().__init__(folder, environment)
        self.target("minutes", minimum_s=600.0)
        self.target("moments")
        self.device("long", "minutes", "local")
        self.device("quick", "moments", "local")
        self.model = tiny_models.dense(self.folder)

    def left(self) -> list[Path]:
        """All that lies in the temporary folder."""
        return sorted(self.temporary.iterdir())

    @contextmanager
    def measuring(self, *words: str | Path) -> "Iterator[subprocess.Popen[str]]":
        """A bench of minutes, once its first job is at work."""
        with running(self.start("bench", self.model, "--on", "long", *words)) as command:
            until(lambda: len(jobs(command.pid)) > 0, "a job")
            yield command


@contextmanager
def running(command: "subprocess.Popen[str]") -> "Iterator[subprocess.Popen[str]]":
    """A command that is killed in the end, should it still be there."""
    try:
        yield command
    finally:
        if command.poll() is None:
            command.kill()
        command.communicate()


def until(seen: Callable[[], bool], what: str) -> None:
    """Wait for something to be so."""
    stop = time.monotonic() + LIMIT_S
    while not seen():
        assert time.monotonic() < stop, f"waited in vain for {what}"
        time.sleep(0.02)


def started(command: int, word: str) -> list[int]:
    """Processes that a command started, however deep, with `word` on their command line."""
    return [each for each in speakers.started_by(command) if word in line(each)]


def runners(command: int) -> list[int]:
    """The runner programs that a command started; what they start looks like them."""
    return started(command, "requests/")


def jobs(command: int) -> list[int]:
    """The jobs of its runner programs."""
    return [job for runner in runners(command)[:1] for job in speakers.started_by(runner)]


def line(process: int) -> str:
    """A process's command line; "" once it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_idle(runner: int) -> bool:
    """Whether what a runner program started has ended, though it may not have asked how."""
    return all(map(_is_over, speakers.started_by(runner)))


def _is_over(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


def all_ended(processes: list[int]) -> bool:
    """Whether they are gone, waited for."""
    return all(speakers.ended(each) for each in processes)


def end(command: "subprocess.Popen[str]", number: signal.Signals) -> list[int]:
    """Send a signal to a command alone; all that it had started."""
    family = speakers.started_by(command.pid)
    assert family
    os.kill(command.pid, number)
    return family


def marked(folder: Path) -> bool:
    """Whether a temporary folder has the mark of an owner."""
    return (folder / OWNER).is_file()
