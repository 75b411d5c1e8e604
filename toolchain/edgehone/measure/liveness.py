"""Signs of life of a program on a device: how long it may be silent before it is given up."""

import math
import time

from edgehone.values import Plain

ALIVE_S = 1.0
"""How often a program is asked for a sign of life."""
START_S = 120.0
"""How long it may take to its first line: a slow card, a link that is being made."""
LONGEST_S = 3600.0
"""Most of what a device may ask for one silent step, such as a single long inference."""
FIRST_PROCESS, LAST_PROCESS = 1, 2**31
"""Between them lie the numbers of processes that may be ended: not the system's first one."""


class Liveness:
    """Listens to a program's lines from one thread, and says in another whether it is overdue.

    A line "alive" promises the next one, of any kind, in `within_s` (PROTOCOL.md); silence_s is
    granted on top of that. A program that says other things and never "alive" is not held to it.
    """

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._promises = False
        self._doing = ""
        self.process: int | None = None
        self._last = time.monotonic()
        self._until = self._last + START_S

    def on_line(self, line: Plain) -> None:
        """One line of the answer."""
        self._promises = self._promises or line["event"] == "alive"
        self._doing = str(line.get("job") or "") if line["event"] == "alive" else ""
        self.process = _process(line.get("process")) or self.process
        self._last = time.monotonic()
        allowed_s = _promised_s(line.get("within_s")) + self._silence_s
        self._until = self._last + allowed_s if self._promises else math.inf

    def overdue(self) -> bool:
        """Whether the next line should have come by now."""
        return time.monotonic() > self._until

    @property
    def silence(self) -> str:
        """For how long nothing was received, in words, and in the middle of what."""
        job = f", in the middle of job {self._doing[:60]}" if self._doing else ""
        return f"no sign of life for {time.monotonic() - self._last:.0f} s{job}"


def _promised_s(found: object) -> float:
    """A device's number of seconds, if it is one."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return 0.0
    return float(min(found, LONGEST_S)) if 0 <= found < math.inf else 0.0


def _process(found: object) -> int | None:
    """The number of a process that may be ended, if it is one."""
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if FIRST_PROCESS < found < LAST_PROCESS else None
