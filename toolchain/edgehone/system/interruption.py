"""Moments of the main thread that no signal cuts in two: a child that is started is also known,
and a command whose last file is in its place has succeeded.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar


class _Moment:
    """depth: how many such moments lie inside each other now. pending: what waits for their end.
    concluded: the command did what it was asked, which no signal changes any more. delivered: the
    files it was asked for that are in their places.
    """

    depth = 0
    pending: BaseException | None = None
    concluded = False
    delivered: ClassVar[list[Path]] = []


@contextmanager
def whole() -> Iterator[None]:
    """What `interrupt` brings meanwhile is raised at the end. Other threads get no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Moment.depth += 1
    try:
        yield
    finally:
        _Moment.depth -= 1
        pending = _Moment.pending
        if pending is not None and _Moment.depth == 0:
            _Moment.pending = None
            raise pending


@contextmanager
def delivery(*paths: Path, last: bool = False) -> Iterator[None]:
    """Put files that the command was asked for into their places: `delivered` tells of them.

    last: what the command was asked for is done with it. A signal that comes meanwhile, or later,
    comes too late, so that what is there is never called interrupted.
    """
    with whole():
        yield
        if threading.current_thread() is not threading.main_thread():
            return
        _Moment.delivered.extend(paths)
        if last:
            _Moment.concluded, _Moment.pending = True, None


def begin() -> None:
    """A command begins: nothing is delivered."""
    _Moment.concluded = False
    _Moment.delivered.clear()


def concluded() -> bool:
    """Whether the command did all that it was asked."""
    return _Moment.concluded


def delivered() -> tuple[Path, ...]:
    """The files that the command was asked for and put into their places so far."""
    return tuple(dict.fromkeys(_Moment.delivered))


def interrupt(error: BaseException) -> None:
    """Raise an error in the main thread's handler of a signal: now, or at the end of a moment."""
    if _Moment.concluded:
        return
    if _Moment.depth:
        _Moment.pending = error
        return
    raise error
