"""The wire of the ADB protocol as a device sees it: packets, keys, streams. Version 1, over TCP.

A packet is a header of six little-endian words (command, two arguments, length, sum of the bytes,
inverted command) and a payload. A stream has one unanswered WRTE at a time in each direction.
"""

import asyncio
import base64
import secrets
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

HEADER = struct.Struct("<6I")
VERSION, LARGEST = 0x01000001, 256 << 10
SUMS_UNTIL = 0x01000000
"""The last version whose peers look at the sums."""
TOKEN, SIGNATURE = 1, 2
DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
"""What precedes a SHA-1 in a PKCS #1 v1.5 signature (RFC 8017, 9.2)."""


def word(name: str) -> int:
    """A command by its name."""
    return int.from_bytes(name.encode(), "little")


CNXN, AUTH, OPEN, OKAY, CLSE, WRTE = map(word, ("CNXN", "AUTH", "OPEN", "OKAY", "CLSE", "WRTE"))


@dataclass(frozen=True)
class PublicKey:
    """Who may connect: RSA with 2048 bits, as in a line of ~/.android/adbkey.pub."""

    modulus: int
    exponent: int

    @classmethod
    def read(cls, file: Path) -> "PublicKey":
        """Of base64 of: length, inverse, modulus (256 bytes), its square's rest, exponent."""
        raw = base64.b64decode(file.read_text().split()[0])
        return cls(int.from_bytes(raw[8:264], "little"), int.from_bytes(raw[520:524], "little"))

    def signed(self, token: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's of the token, which counts as a SHA-1."""
        found = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus)
        ending = b"\0" + DIGEST_INFO + token
        return found.to_bytes(256, "big") == b"\0\1" + b"\xff" * (254 - len(ending)) + ending


class Stream:
    """One stream of a connection: what the host sends is in `reader`."""

    def __init__(self, send: Callable[..., None], here: int, there: int, largest: int) -> None:
        self.reader = asyncio.StreamReader()
        self.free = asyncio.Event()
        self.free.set()
        self.closed = False
        self._send, self._here, self._there, self._largest = send, here, there, largest
        self._writing = asyncio.Lock()

    async def write(self, data: bytes) -> None:
        """Send to the host; each piece waits until the one before was taken."""
        async with self._writing:
            for start in range(0, len(data), self._largest):
                await self.free.wait()
                if self.closed:
                    raise ConnectionResetError
                self.free.clear()
                self._send(WRTE, self._here, self._there, data[start : start + self._largest])

    def close(self) -> None:
        """End the stream from this side."""
        if not self.closed:
            self.lost()
            self._send(CLSE, self._here, self._there)

    def lost(self) -> None:
        """The other side has ended it, or the connection has gone."""
        self.closed = True
        self.free.set()
        self.reader.feed_eof()


Serve = Callable[[Stream, str], Coroutine[Any, Any, None] | None]
"""What serves a stream, by the name of a service; None when there is no such service."""


class Connection:
    """One host's connection. `pause` is awaited before every packet, with its size in bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        banner: str,
        keys: list[PublicKey] | None,
        serve: Serve,
        pause: Callable[[int], Awaitable[None]],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._banner, self._keys, self._serve, self._pause = banner, keys, serve, pause
        self._trusted = keys is None
        self._token = b""
        self._version, self._largest = SUMS_UNTIL, 4096
        self._numbers = count(1)
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until the connection ends."""
        try:
            while True:
                header = HEADER.unpack(await self._reader.readexactly(HEADER.size))
                command, first, second, size, _, inverted = header
                if inverted != command ^ 0xFFFFFFFF or size > 1 << 20:
                    return
                data = await self._reader.readexactly(size)
                await self._pause(size)
                self._take(command, first, second, data)
                await self._writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            for stream in self._streams.values():
                stream.lost()
            self._writer.close()

    def abort(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()

    def _take(self, command: int, first: int, second: int, data: bytes) -> None:
        if command == CNXN:
            self._version, self._largest = min(first, VERSION), min(second, LARGEST)
            self._greet() if self._trusted else self._challenge()
        elif command == AUTH and first == SIGNATURE:
            keys = self._keys or []
            self._trusted = any(key.signed(self._token, data) for key in keys)
            self._greet() if self._trusted else self._challenge()
        elif command == OPEN and self._trusted:
            self._open(first, data.rstrip(b"\0").decode())
        elif stream := self._streams.get(second):  # what is for a closed one came too late
            if command == WRTE:
                stream.reader.feed_data(data)
                self._send(OKAY, second, first)
            elif command == OKAY:
                stream.free.set()
            elif command == CLSE:
                del self._streams[second]
                stream.close()

    def _greet(self) -> None:
        self._send(CNXN, VERSION, LARGEST, self._banner.encode())

    def _challenge(self) -> None:
        self._token = secrets.token_bytes(20)
        self._send(AUTH, TOKEN, 0, self._token)

    def _open(self, there: int, service: str) -> None:
        here = next(self._numbers)
        stream = Stream(self._send, here, there, self._largest)
        work = self._serve(stream, service)
        if work is None:
            self._send(CLSE, 0, there)  # refused; with another number the host waits for ever
            return
        self._streams[here] = stream
        self._send(OKAY, here, there)
        task = asyncio.get_running_loop().create_task(self._run_service(here, stream, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_service(
        self, here: int, stream: Stream, work: Coroutine[Any, Any, None]
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await work
        self._streams.pop(here, None)
        stream.close()

    def _send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        if self._writer.is_closing():
            return
        total = sum(data) & 0xFFFFFFFF if self._version <= SUMS_UNTIL else 0
        header = HEADER.pack(command, first, second, len(data), total, command ^ 0xFFFFFFFF)
        self._writer.write(header + data)
