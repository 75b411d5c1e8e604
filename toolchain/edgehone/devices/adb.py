"""Android devices reached by the system's adb, through the user's adb server."""

import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import ClassVar

from edgehone.devices import _scripts
from edgehone.devices._adb_calls import (
    SERVER,
    Found,
    call,
    connect,
    not_here,
    start_server,
    state_of,
)
from edgehone.devices._adb_errors import lost, translated
from edgehone.devices._base import Transport
from edgehone.devices._posix import Limit, Script, checked_folder, fault, quoted
from edgehone.errors import ConfigError, DeviceError, FileMissingError
from edgehone.system import processes
from edgehone.system.files import reading, sha256_of, whole_file
from edgehone.system.processes import Finished

SERIAL = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:\[\]-]*")
"""A serial number, or HOST:PORT of a device in the network; never an option of adb."""
IN_NETWORK = re.compile(r".+:\d+")
TEMPORARY = "/data/local/tmp"
"""Where Android lets adb's user write files, and run them."""
OF_THE_DEVICE = re.compile(r": remote ")
"""Where adb passes on what the device's system says of a file."""
LIST_S = 10.0


def discovered() -> tuple[Found, ...]:
    """The devices that adb lists; none without adb. Raises DeviceError when its server is stuck."""
    if shutil.which("adb") is None:
        return ()
    limit = Limit(LIST_S)
    start_server(limit)
    lines = call(["devices", "-l"], limit, SERVER).stdout.splitlines()
    return tuple(found for line in lines if (found := Found.read(line)))


class Adb(Transport):
    """Runs programs as adb's user in a folder below /data/local/tmp. Android 7 or newer."""

    LOCK: ClassVar[str] = f"{TEMPORARY}/edgehone.lock"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._serial, slash, rest = address.partition("/")
        if not SERIAL.fullmatch(self._serial):
            raise ConfigError(
                f"{self._serial!r} in the address 'adb://{address}' is not a valid serial number.",
                "Write adb://SERIAL with one that `adb devices` lists, or adb://HOST:PORT.",
            )
        own = checked_folder(slash + rest, f"adb://{address}") if slash else ""
        self._folder = own or f"{TEMPORARY}/edgehone"

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the device, unless its size and SHA-256 are there already."""
        limit, sha256 = Limit(timeout_s), sha256_of(source)
        with reading(source):
            size = source.stat().st_size
        self._ready(limit)
        if self._pass_on(_scripts.look(name, size, sha256), limit).exit_code == _scripts.KEPT:
            return
        part = f".part-{secrets.token_hex(8)}"
        self._push(source, part, limit)
        done = self._pass_on(_scripts.settle(name, part, size, sha256), limit)
        if done.exit_code == _scripts.DAMAGED:
            raise self._damaged()
        if done.exit_code:
            raise fault(self._serial, done.stderr)

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy a file of the device here, its SHA-256 compared."""
        limit = Limit(timeout_s)
        self._ready(limit)
        hashed = self._pass_on(_scripts.hashed(name), limit)
        if hashed.exit_code == _scripts.ABSENT:
            message = f"File not found: {name} on {self._serial}."
            raise FileMissingError(message, "Run the same command again.")
        with whole_file(destination) as temporary:
            pulled = self._adb(["pull", f"{self._folder}/{name}", str(temporary.absolute())], limit)
            if pulled.exit_code and not OF_THE_DEVICE.search(pulled.stdout + pulled.stderr):
                raise translated(pulled, self._serial)
            if sha256_of(temporary) not in hashed.stdout:
                raise self._damaged()

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run `argv` in the folder; at the time limit the program's input closes."""
        limit = Limit(timeout_s)
        self._ready(limit)
        script = Script(quoted(self._folder), _scripts.command(argv), needs=argv[0])
        words = ["adb", "-s", self._serial, "shell", "-T", script.text]
        try:
            finished = processes.run(
                words,
                timeout_s=limit.left_s,
                on_line=script.on_line(on_line),
                overdue=overdue,
                hold_input=True,
            )
        except OSError as error:
            raise not_here(error) from error
        return self._whole(script, finished)

    def remove(self, *, timeout_s: float) -> None:
        """Take the folder away; never one that others use. Raises DeviceError for those."""
        limit = Limit(timeout_s)
        self._ready(limit)
        done = self._pass_on(_scripts.clear(), limit, needs="rm")
        if done.exit_code == _scripts.KEPT:
            message = f"Folder {self._folder} on {self._serial} holds more than edgehone."
            raise DeviceError(message, "Take what edgehone put there away by hand.")
        if done.exit_code:
            raise fault(self._serial, done.stderr)

    def _ready(self, limit: Limit) -> None:
        """See that adb has the device; one in the network is connected to, if need be."""
        start_server(limit)
        said = state_of(self._serial, limit)
        if said.stdout.strip() != "device" and IN_NETWORK.fullmatch(self._serial):
            tried = connect(self._serial, limit)
            if "connected to" not in tried.stdout:
                raise translated(tried, self._serial)
            said = state_of(self._serial, limit)
        if said.stdout.strip() != "device":
            raise translated(said, self._serial)

    def _push(self, source: Path, part: str, limit: Limit) -> None:
        """Send a file; what came of one that does not arrive is taken away, if that can be."""
        pushed = self._adb(["push", str(source.absolute()), f"{self._folder}/{part}"], limit)
        if pushed.exit_code == 0:
            return
        with suppress(DeviceError):
            self._ready(limit)
            self._pass_on(f"rm -f {part}", limit, needs="rm")
        said = pushed.stdout + pushed.stderr
        if OF_THE_DEVICE.search(said):
            raise fault(self._serial, said)
        raise translated(pushed, self._serial)

    def _pass_on(self, body: str, limit: Limit, *, needs: str = "sha256sum") -> Finished:
        """Have the device's shell do something in the folder."""
        script = Script(quoted(self._folder), body, needs=needs)
        return self._whole(script, self._adb(["shell", "-T", script.text], limit))

    def _adb(self, words: Sequence[str], limit: Limit) -> Finished:
        return call(["-s", self._serial, *words], limit, self._serial)

    def _whole(self, script: Script, finished: Finished) -> Finished:
        done = script.read(finished, self._serial)
        if done is not None:
            return done
        raise lost(self._serial) if script.begun(finished) else translated(finished, self._serial)

    def _damaged(self) -> DeviceError:
        return DeviceError(
            f"A file was damaged on its way between here and {self._serial}.",
            "Try another cable or port, then run the same command again.",
        )
