"""A device on loopback that the real `adb` talks to, with faults, and a private adb server."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar

from tests import needs
from tests.adb_services import Inside, serve
from tests.adb_wire import Connection, PublicKey, Stream

T = TypeVar("T")
FEATURES = "shell_v2,stat_v2,fixed_push_mkdir"
WAIT_S = 30.0


class AdbServer:
    """What keeps tests away from the user's adb server: a port and a home of one's own.

    with AdbServer(tmp_path / "adb") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)

    `server.key` is the public key that its devices see; it is there before any device is.
    """

    def __init__(self, folder: Path) -> None:
        self._adb = needs.program("adb")
        self.key = folder / ".android" / "adbkey.pub"
        self.key.parent.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.environment = {
            "HOME": str(folder),
            "ANDROID_USER_HOME": str(folder / ".android"),
            "ANDROID_ADB_SERVER_PORT": str(port),
        }

    def __enter__(self) -> Self:
        self._call("start-server")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server; whoever needs it next starts it."""
        self._call("kill-server")

    def _call(self, *words: str) -> None:
        # No pipes: the server inherits them and keeps them open.
        subprocess.run(
            [self._adb, *words],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_S,
            check=False,
        )


class AdbDevice:
    """A device on a port of its own.

    with AdbServer(tmp_path / "adb") as server, AdbDevice(tmp_path / "phone") as phone:
        … set server.environment …
        device = Adb(phone.address.removeprefix("adb://"))

    Its commands run here and its files are here, edgehone's in `folder / "edgehone"`, unless
    `inside` says otherwise. keys: public keys whose owners are let in; None lets everyone in.
    Faults: `drop_after`, `freeze`/`thaw`, `unplug`/`plug`, `power_off`; `silent` (adb says
    "offline") and `keys` without the host's ("unauthorized") may be set at any time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        inside: Inside | None = None,
        model: str = "Test Phone",
        keys: Sequence[Path] | None = None,
    ) -> None:
        self.inside = inside or Inside()
        self.keys = None if keys is None else [PublicKey.read(file) for file in keys]
        self.silent = False
        self.port = 0
        self._folder = "" if inside else str(folder / "edgehone")
        self._banner = f"device::ro.product.model={model};features={FEATURES}"
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._moving = asyncio.Event()
        self._moving.set()
        self._gone = asyncio.Event()
        self._left: int | None = None
        self._connections: set[Connection] = set()
        self._running: set[int] = set()

    def __enter__(self) -> Self:
        Thread(target=self._loop.run_forever, daemon=True).start()
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.power_off()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def serial(self) -> str:
        """As adb calls it."""
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """As `[devices.NAME]` has it."""
        return f"adb://{self.serial}{self._folder}"

    def plug(self) -> None:
        """Listen, on the port it had before if there was one."""
        self._do(self._listen())

    def unplug(self) -> None:
        """Reset every connection and take none; commands go on if they want to."""
        self._do(self._stop())

    def power_off(self) -> None:
        """Unplug, and end every command."""
        self.unplug()
        for group in list(self._running):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def freeze(self) -> None:
        """Answer nothing; connections stay open."""
        self._loop.call_soon_threadsafe(self._moving.clear)

    def thaw(self) -> None:
        """Go on."""
        self._loop.call_soon_threadsafe(self._moving.set)

    def drop_after(self, count: int) -> None:
        """Reset the connection once, after `count` more bytes from the host."""
        self._left = count

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.abort()

    async def _end(self) -> None:
        self._moving.set()
        self._gone.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=WAIT_S) if others else None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(
            reader,
            writer,
            banner=self._banner,
            keys=self.keys,
            serve=self._serve,
            pause=self._pause,
        )
        self._connections.add(connection)
        await connection.run()
        self._connections.discard(connection)

    def _serve(self, stream: Stream, service: str) -> Coroutine[Any, Any, None] | None:
        return serve(stream, service, self.inside, self._running)

    async def _pause(self, size: int) -> None:
        await self._moving.wait()
        if self.silent:
            await self._gone.wait()
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                self._left = None
                raise ConnectionResetError
