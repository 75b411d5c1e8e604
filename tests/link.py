"""A TCP link on loopback that a test can cut, stall and heal."""

import fcntl
import socket
import struct
import termios
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Self

ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER: close at once and tell the other side by a reset."""


class Link:
    """Relays connections to `port` of this machine; has a port of its own.

    with Link(server.port) as link:
        … connect to link.port …
        link.cut_after(100_000)      # bytes towards the server, from now on
        link.stall(); link.heal()    # nothing passes, nothing is closed; it all passes again
        link.cut()                   # every connection is reset; new ones pass
    """

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._passing = Event()
        self._passing.set()
        self._left: dict[bool, int] = {}
        self._in_hand = 0
        self._lock = Lock()

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._passing.set()
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                    each.shutdown(socket.SHUT_RD)  # wakes the thread that waits for it
                each.close()
            self._open.clear()

    def cut_after(self, count: int, *, down: bool = False) -> None:
        """Cut once, after `count` more bytes towards the server; down: from it."""
        self._left[not down] = count

    def stall(self) -> None:
        """Let nothing pass."""
        self._passing.clear()

    def heal(self) -> None:
        """Let everything pass again, what was held back first."""
        self._passing.set()

    @property
    def held(self) -> int:
        """Bytes on their way to the server that have arrived here and not been passed on."""
        with self._lock:
            return self._in_hand + sum(map(_waiting, self._open[::2]))

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                try:
                    there = socket.create_connection(self._to)
                except OSError:
                    here.close()
                    continue
                for each in (here, there):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open += [here, there]
                for source, sink, up in ((here, there, True), (there, here, False)):
                    Thread(target=self._relay, args=(source, sink, up), daemon=True).start()

    def _hold(self, count: int) -> None:
        with self._lock:
            self._in_hand += count

    def _relay(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 14):
                self._hold(len(data) * up)
                self._passing.wait()
                self._hold(-len(data) * up)
                if up in self._left:
                    self._left[up] -= len(data)
                    if self._left[up] < 0:
                        del self._left[up]
                        self.cut()
                        return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def _waiting(connection: socket.socket) -> int:
    """Bytes that have arrived and not been read."""
    with suppress(OSError):
        return int(struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))[0])
    return 0
