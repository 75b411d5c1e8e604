"""Machines reached by the system's ssh, with the user's configuration, agent and jump hosts.

Everything is said to the machine's shell, and files go through `cat`: as fast as sftp, right for
every name, no server beside sshd needed, and looked at and renamed in the same breath.
"""

import os
import re
import secrets
import shutil
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, ClassVar

from edgehone.devices import _host, _scripts
from edgehone.devices._base import Transport
from edgehone.devices._posix import Limit, Script, fault, skip_to_content
from edgehone.devices._ssh_address import Address
from edgehone.devices._ssh_errors import lost, silent, translated
from edgehone.errors import DeviceError, FileMissingError
from edgehone.system import processes, scratch
from edgehone.system.files import reading, sha256_of, whole_file
from edgehone.system.processes import Finished

CONFIGURATION = "EDGEHONE_SSH_CONFIG"
"""Names a configuration file that ssh reads instead of the user's."""
OPTIONS = {
    "BatchMode": "yes",  # never ask: nobody may be there
    "ConnectTimeout": "15",
    "ServerAliveInterval": "5",  # a link that stalls for less than 30 s heals
    "ServerAliveCountMax": "6",
    "ControlMaster": "auto",
    "ControlPersist": "60",
    "LogLevel": "ERROR",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "RequestTTY": "no",
    "RemoteCommand": "none",
}
SHORT = re.compile(r"[\w/.-]{1,60}")
"""Where a socket may lie: its name has 104 bytes at most, 40 of them ours and ssh's; no blanks."""
EXIT_S = 5.0


class Ssh(Transport):
    """Runs programs in a folder of the user's home, over one connection that is kept."""

    LOCK: ClassVar[str] = _host.LOCK

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._at = Address.parse(address)

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the machine, unless its size and SHA-256 are there already."""
        limit, sha256 = Limit(timeout_s), sha256_of(source)
        with reading(source), source.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if self._pass_on(_scripts.look(name, size, sha256), limit).exit_code == _scripts.KEPT:
                return
            part = f".part-{secrets.token_hex(8)}"
            body = _scripts.settle(name, part, size, sha256, fetch=f"cat > {part}")
            done = self._pass_on(body, limit, source=stream)
        if done.exit_code == _scripts.DAMAGED:
            raise self._damaged()
        if done.exit_code:
            raise fault(self._at.host, done.stderr)

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy a file of the machine here, its SHA-256 compared."""
        with whole_file(destination) as temporary, TemporaryFile(dir=temporary.parent) as answer:
            done = self._pass_on(_scripts.content(name), Limit(timeout_s), sink=answer)
            if done.exit_code == _scripts.ABSENT:
                message = f"File not found: {name} on {self._at.host}."
                raise FileMissingError(message, "Run the same command again.")
            skip_to_content(answer)
            with temporary.open("wb") as stream:
                shutil.copyfileobj(answer, stream)
            if done.exit_code or sha256_of(temporary) not in done.stderr:
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
        script = Script(self._at.folder, _scripts.command(argv), needs=argv[0])
        try:
            finished = processes.run(
                [*_ssh(self._socket), *self._at.words, script.text],
                timeout_s=timeout_s,
                on_line=script.on_line(on_line),
                overdue=overdue,
                hold_input=True,
            )
        except OSError as error:
            raise _not_here(error) from error
        if finished.timed_out:
            self.close()
        return self._whole(script, finished)

    def remove(self, *, timeout_s: float) -> None:
        """Take the folder away; never a home, or what it lies in. Raises DeviceError for those."""
        done = self._pass_on(_scripts.clear(), Limit(timeout_s), needs="rm")
        if done.exit_code == _scripts.KEPT:
            message = f"Folder {self._at.folder} on {self._at.host} holds more than edgehone."
            raise DeviceError(message, "Take what edgehone put there away by hand.")
        if done.exit_code:
            raise fault(self._at.host, done.stderr)

    def close(self) -> None:
        """End the connection that is kept."""
        _end(self._socket, self._at)

    def _pass_on(
        self,
        body: str,
        limit: Limit,
        *,
        source: IO[bytes] | None = None,
        sink: IO[bytes] | None = None,
        needs: str = "sha256sum",
    ) -> Finished:
        """Have the machine's shell do something in the folder."""
        script = Script(self._at.folder, body, needs=needs)
        argv = [*_ssh(self._socket), *self._at.words, script.text]
        try:
            finished = processes.pipe(argv, timeout_s=limit.left_s, source=source, sink=sink)
        except OSError as error:
            raise _not_here(error) from error
        if finished.timed_out:
            self.close()
            raise silent(limit.timeout_s, self._at)
        return self._whole(script, finished, sink)

    def _whole(self, script: Script, finished: Finished, sink: IO[bytes] | None = None) -> Finished:
        done = script.read(finished, self._at.host)
        if done is not None:
            return done
        self.close()
        raise lost(self._at) if script.begun(finished, sink) else translated(finished, self._at)

    def _damaged(self) -> DeviceError:
        return DeviceError(
            f"A file was damaged on its way between here and {self._at.host}.",
            "Run the same command again; if it stays so, check the memory card there.",
        )

    @cached_property
    def _folder(self) -> scratch.Folder:
        """A private place for the connection's socket, with a short name.

        It outlives a command's other temporary folders, as long as the connection is not closed.
        """
        usual = scratch.outer()
        return scratch.Folder(usual if SHORT.fullmatch(str(usual)) else scratch.SHARED)

    @cached_property
    def _socket(self) -> Path:
        socket = self._folder.path / "c"
        weakref.finalize(self, _end, socket, self._at)  # for those who forget to close
        return socket


def _ssh(socket: Path) -> list[str]:
    """The command: our options, and the user's for all else."""
    chosen = os.environ.get(CONFIGURATION)
    options = {**OPTIONS, "ControlPath": str(socket)}
    words = [word for pair in options.items() for word in ("-o", "=".join(pair))]
    return ["ssh", *(["-F", chosen] if chosen else []), *words]


def _end(socket: Path, at: Address) -> None:
    """End the connection behind a socket, if there is one."""
    if socket.exists():
        with suppress(OSError):  # without ssh there is none
            processes.run([*_ssh(socket), "-O", "exit", *at.words], timeout_s=EXIT_S)
        socket.unlink(missing_ok=True)  # of one that is stuck


def _not_here(error: OSError) -> DeviceError:
    message = f"ssh cannot be started here: {error.strerror or error}."
    return DeviceError(message, "Install OpenSSH's client: apt-get install openssh-client")
