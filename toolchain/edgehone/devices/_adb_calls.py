"""The adb program: its server, its calls, which all end, and the devices it lists."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from edgehone.devices._adb_errors import silent, translated
from edgehone.devices._posix import Limit
from edgehone.errors import DeviceError
from edgehone.system import processes
from edgehone.system.processes import Finished

SERVER = "The adb server"
POLL_S = 0.2
PASSING = ("connecting", "authorizing")
"""States of a device that are soon over."""


@dataclass(frozen=True)
class Found:
    """A device that adb lists; it can be used in the state "device" alone."""

    serial: str
    state: str
    model: str = ""

    @classmethod
    def read(cls, line: str) -> "Found | None":
        """A line of `adb devices -l`; None for one without a device."""
        serial, _, rest = line.strip().partition(" ")
        words = rest.split()
        if not words or line.startswith(("*", "List of devices")):
            return None
        state = "no permissions" if rest.strip().startswith("no permissions") else words[0]
        models = [word.removeprefix("model:") for word in words if word.startswith("model:")]
        return cls(serial, state, models[0].replace("_", " ") if models else "")


def call(words: Sequence[str], limit: Limit, asked: str) -> Finished:
    """Run adb; `asked` is what answers, for the error.

    Raises DeviceError when it takes longer than the limit, or cannot be started.
    """
    try:
        finished = processes.pipe(["adb", *words], timeout_s=limit.left_s)
    except OSError as error:
        raise not_here(error) from error
    if finished.timed_out:
        raise silent(limit.timeout_s, asked)
    return finished


def start_server(limit: Limit) -> None:
    """Have adb's server run before anything else is asked of it.

    Else the first call starts it, and the server keeps that call's pipes open for ever.
    """
    with TemporaryFile() as said:
        try:
            done = subprocess.run(
                ["adb", "start-server"],  # noqa: S607 # the user's own, wherever it is
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=limit.left_s,
                start_new_session=True,
                check=False,
            )
        except OSError as error:
            raise not_here(error) from error
        except subprocess.TimeoutExpired as error:
            raise silent(limit.timeout_s, SERVER) from error
        if done.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace")
            raise translated(Finished(done.returncode, "", text), SERVER)


def state_of(serial: str, limit: Limit) -> Finished:
    """What adb says of a device's state, once that is not about to change."""
    while True:
        said = call(["-s", serial, "get-state"], limit, serial)
        if not any(word in said.stdout + said.stderr for word in PASSING):
            return said
        time.sleep(POLL_S)
        if limit.left_s < 2 * POLL_S:
            raise silent(limit.timeout_s, serial)


def connect(serial: str, limit: Limit) -> Finished:
    """Connect a device in the network anew; one that went and came back is "already connected"."""
    call(["disconnect", serial], limit, serial)
    return call(["connect", serial], limit, serial)


def not_here(error: OSError) -> DeviceError:
    """The error when adb is not installed."""
    message = f"adb cannot be started here: {error.strerror or error}."
    return DeviceError(message, "Install it: apt-get install adb")
