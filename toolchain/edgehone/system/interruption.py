"""Moments of the main thread that no signal cuts in two: a child that is started is also known."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Moment:
    """depth: how many such moments lie inside each other now. pending: what waits for their end."""

    depth = 0
    pending: BaseException | None = None


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


def interrupt(error: BaseException) -> None:
    """Raise an error in the main thread's handler of a signal: now, or at the end of a moment."""
    if _Moment.depth:
        _Moment.pending = error
        return
    raise error
