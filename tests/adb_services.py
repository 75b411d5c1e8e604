"""What a device does for a host that has connected by ADB: the services shell and sync."""

import asyncio
import os
import struct
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EACCES
from io import FileIO
from pathlib import Path
from typing import Any

from tests.adb_wire import Stream

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)
"""Kinds of packets of shell v2: a byte for the kind, four for the length, the content."""
STAT_1, STAT_2 = struct.Struct("<III"), struct.Struct("<IQQIIIIQqqq")
CHUNK = 64 << 10


@dataclass(frozen=True)
class Inside:
    """Where a device's files are and how its commands run: on this machine, unless told otherwise.

    For an Android-like root file system: `root` is its folder, `shell` a command that enters it as
    the user `owner` and ends in its shell and "-c"; `writable` are the folders where that user may
    write, which the sync service holds to.
    """

    root: Path = Path("/")
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    environment: Mapping[str, str] = field(default_factory=dict)
    owner: int | None = None
    writable: tuple[str, ...] = ("/",)

    def path(self, name: str) -> Path:
        """Where a file of the device lies on this machine."""
        return self.root / os.path.normpath("/" + name).lstrip("/")

    def writable_path(self, name: str) -> Path:
        """The same for a file to be written. Raises PermissionError where that is forbidden."""
        place = os.path.normpath("/" + name.lstrip("/"))
        if not place.startswith(self.writable):
            raise PermissionError(EACCES, os.strerror(EACCES))
        return self.path(name)


def serve(
    stream: Stream, service: str, inside: Inside, running: set[int]
) -> Coroutine[Any, Any, None] | None:
    """One service at work, None if there is no such; `running`: process groups of commands."""
    kind, _, rest = service.partition(":")
    name, *options = kind.split(",")
    if name in ("shell", "exec"):
        return _Shell(stream, v2="v2" in options).run(rest, inside, running)
    return _Sync(stream, inside).run() if name == "sync" else None


class _Shell:
    """One command: its output goes to the host as it comes, the host's input to it."""

    def __init__(self, stream: Stream, *, v2: bool) -> None:
        self._stream, self._v2 = stream, v2

    async def run(self, command: str, inside: Inside, running: set[int]) -> None:
        out, out_end = await _reading_pipe()
        err, err_end = await _reading_pipe() if self._v2 else (out, out_end)
        child = await asyncio.create_subprocess_exec(
            *inside.shell,
            command,
            stdin=asyncio.subprocess.PIPE,
            stdout=out_end,
            stderr=err_end,
            env={**os.environ, **inside.environment},
            start_new_session=True,
        )
        running.add(child.pid)
        for end in {out_end, err_end}:
            os.close(end)
        feeding = asyncio.ensure_future(self._feed(child))
        outputs = [self._pass_on(STDOUT, out)] + ([self._pass_on(STDERR, err)] if self._v2 else [])
        try:
            await asyncio.gather(*outputs)
            code = await child.wait()
            if self._v2:
                await self._packet(EXIT, bytes([code if code >= 0 else 128 - code]))
        finally:
            for pipe in {out, err}:
                pipe.close()  # a command that goes on writing gets SIGPIPE
            await feeding if self._stream.closed else feeding.cancel()
            await child.wait()
            running.discard(child.pid)

    async def _pass_on(self, kind: int, pipe: "_Pipe") -> None:
        while data := await pipe.reader.read(CHUNK // 2):
            await self._packet(kind, data)

    async def _packet(self, kind: int, data: bytes) -> None:
        head = struct.pack("<BI", kind, len(data)) if self._v2 else b""
        await self._stream.write(head + data)

    async def _feed(self, child: asyncio.subprocess.Process) -> None:
        """Give the command the host's input, and its end when the host ends it or goes."""
        assert child.stdin is not None
        with suppress(asyncio.IncompleteReadError, OSError):
            while (data := await self._input()) is not None:
                child.stdin.write(data)
                await child.stdin.drain()
        child.stdin.close()

    async def _input(self) -> bytes | None:
        if not self._v2:
            return await self._stream.reader.read(CHUNK) or None
        while True:
            kind, size = struct.unpack("<BI", await self._stream.reader.readexactly(5))
            data = await self._stream.reader.readexactly(size)
            if kind == CLOSE_STDIN:
                return None
            if kind == STDIN:
                return data


@dataclass(frozen=True)
class _Pipe:
    reader: asyncio.StreamReader
    transport: asyncio.BaseTransport

    def __hash__(self) -> int:
        return id(self)

    def close(self) -> None:
        self.transport.close()


async def _reading_pipe() -> tuple[_Pipe, int]:
    """A pipe: the end that is read here, and the other one as a file descriptor."""
    here, there = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(here, "rb")
    )
    return _Pipe(reader, transport), there


class _Sync:
    """Files: asked about, sent and received."""

    def __init__(self, stream: Stream, inside: Inside) -> None:
        self._stream, self._inside = stream, inside
        self._read = stream.reader.readexactly

    async def run(self) -> None:
        while True:
            command, size = struct.unpack("<4sI", await self._read(8))
            name = (await self._read(size)).decode(errors="surrogateescape")
            match command:
                case b"STAT":
                    await self._stream.write(b"STAT" + self._stat_1(name))
                case b"STA2" | b"LST2":
                    await self._stream.write(command + self._stat_2(name, command == b"STA2"))
                case b"SEND":
                    await self._take(*name.rsplit(",", 1))
                case b"RECV":
                    await self._give(name)
                case b"QUIT":
                    return
                case _:
                    await self._fail(f"unknown command {command!r}")
                    return

    async def _fail(self, reason: str) -> None:
        await self._stream.write(b"FAIL" + struct.pack("<I", len(reason)) + reason.encode())

    def _stat_1(self, name: str) -> bytes:
        try:
            found = self._inside.path(name).lstat()
        except OSError:
            return bytes(STAT_1.size)
        return STAT_1.pack(found.st_mode, min(found.st_size, 0xFFFFFFFF), int(found.st_mtime))

    def _stat_2(self, name: str, follow: bool) -> bytes:
        try:
            found = self._inside.path(name).stat(follow_symlinks=follow)
        except OSError as error:
            return STAT_2.pack(error.errno or 5, *(10 * (0,)))
        times = (int(found.st_atime), int(found.st_mtime), int(found.st_ctime))
        owners = (found.st_nlink, found.st_uid, found.st_gid)
        return STAT_2.pack(
            0, found.st_dev, found.st_ino, found.st_mode, *owners, found.st_size, *times
        )

    async def _take(self, name: str, mode: str) -> None:
        """SEND: data that cannot be kept are read nevertheless, else the host never looks up."""
        try:
            place = self._inside.writable_path(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb", buffering=0) as file:
                time, reason = await self._write_data(file)
        except OSError as error:
            reason = f"couldn't create file: {error.strerror}"
            await self._write_data(None)
        if reason:
            await self._fail(reason)
            return
        place.chmod(int(mode) & 0o777)
        os.utime(place, (time, time))
        if self._inside.owner is not None:
            os.chown(place, self._inside.owner, self._inside.owner)
        await self._stream.write(b"OKAY" + bytes(4))

    async def _write_data(self, file: FileIO | None) -> tuple[int, str]:
        """Keep DATA until DONE: the file's time, and why not all could be kept."""
        reason = ""
        while True:
            kind, size = struct.unpack("<4sI", await self._read(8))
            if kind == b"DONE":
                return size, reason  # its size is a time
            data = await self._read(size)
            try:
                while file and data and not reason:
                    data = data[file.write(data) :]
            except OSError as error:
                reason = f"write failed: {error.strerror}"

    async def _give(self, name: str) -> None:
        try:
            file = self._inside.path(name).open("rb")
        except OSError as error:
            await self._fail(f"open failed: {error.strerror}")
            return
        with file:
            while data := file.read(CHUNK):
                await self._stream.write(b"DATA" + struct.pack("<I", len(data)) + data)
        await self._stream.write(b"DONE" + bytes(4))
