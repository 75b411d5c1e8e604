"""A POSIX shell at the other end of a link: what is said to it, and how its answer is read."""

import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import IO

from edgehone.errors import ConfigError, DeviceError
from edgehone.system.library_errors import shortened
from edgehone.system.processes import Finished

OnLine = Callable[[str], None]

MARK, MARK_BYTES = "edgehone-", 8
GREETING = 1 << 16
"""Bytes that a login may print."""
SIGNALS = range(129, 160)
"""128 + signal: how a shell tells that a signal ended a program."""
FAULTS = (
    (
        r"No space left|Disk quota exceeded",
        "The disk of {device} is full",
        "Free some space there; `edgehone devices setup NAME --remove` takes edgehone's away.",
    ),
    (
        r"Read-only file system|Permission denied|Operation not permitted",
        "Edgehone may not write to its folder on {device}",
        "Give another folder in the address: SCHEME://…/absolute/folder.",
    ),
)
"""What a device's system says of files: a message and a hint for each."""


class Limit:
    """The time limit of one call, for however many steps it takes."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s

    @property
    def left_s(self) -> float:
        """What is left of it; a little always is, so that the step at the limit ends by itself."""
        return max(0.1, self._end - time.monotonic())


class Script:
    """Commands that work in a folder of the device, between two marks.

    folder: as the shell reads it. needs: a program without which there is no beginning. The first
    mark is on standard output, since logins may print what they like before; the last one, with
    the exit code, is on standard error: without it an answer is not whole, whatever ssh or adb say.
    """

    def __init__(self, folder: str, body: str, *, needs: str = "sha256sum") -> None:
        self._needs = needs
        self._mark = f"{MARK}{secrets.token_hex(MARK_BYTES)}"
        tell = f"printf '\n%s %s\n' {self._mark}"
        self.text = (
            f"echo {self._mark}\n"
            f"if ! {{ mkdir -p {folder} && cd {folder}; }}; then {tell} folder >&2\n"
            f"elif ! command -v {quoted(needs)} >/dev/null; then {tell} needs >&2\n"
            f'else {body}\n{tell} "$?" >&2; fi'
        )

    def read(self, finished: Finished, device: str) -> Finished | None:
        """How the commands ended; None when the answer is not whole.

        Raises DeviceError when there is no folder to work in, or what they need is missing.
        """
        stdout = finished.stdout.partition(f"{self._mark}\n")[2]
        if finished.timed_out:
            return replace(finished, stdout=stdout)
        marks = list(
            re.finditer(rf"\n?{self._mark} (folder|needs|[0-9]{{1,3}})\n", finished.stderr)
        )
        if not marks:
            return None
        word, (start, end) = marks[-1][1], marks[-1].span()
        stderr = finished.stderr[:start] + finished.stderr[end:]
        if word == "folder":
            raise fault(device, stderr)
        if word == "needs":
            message = f"{self._needs} cannot be started on {device}."
            raise DeviceError(message, "Check that it is installed there and may be run.")
        code = int(word)
        return Finished(128 - code if code in SIGNALS else code, stdout, stderr)

    def begun(self, finished: Finished, sink: IO[bytes] | None = None) -> bool:
        """Whether the commands were reached; `sink` has their output when it went to a file."""
        if sink is not None:
            return sink.seek(0, os.SEEK_END) > 0
        return f"{self._mark}\n" in finished.stdout

    def on_line(self, on_line: OnLine | None) -> OnLine | None:
        """The same listener, deaf to what comes before the first mark."""
        if on_line is None:
            return None
        begun = False

        def on_output(line: str) -> None:
            nonlocal begun
            if begun:
                on_line(line)
            begun = begun or line.endswith(f"{self._mark}\n")

        return on_output


def skip_to_content(answer: IO[bytes]) -> None:
    """Go to what comes after the first mark in a script's output that went to a file."""
    answer.seek(0)
    found = re.search(rb"%b[0-9a-f]{%d}\n" % (MARK.encode(), 2 * MARK_BYTES), answer.read(GREETING))
    answer.seek(found.end() if found else 0)


def quoted(text: str) -> str:
    """A text as one word of a POSIX shell: no keyword, no assignment, no pattern."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def checked_folder(text: str, address: str) -> str:
    """An absolute folder in an address. Raises ConfigError for one that edgehone cannot own."""
    path = PurePosixPath(text)
    if not text.isprintable() or ".." in path.parts or len(path.parts) < 2:
        hint = "Write an absolute folder of edgehone's own, such as /home/pi/edgehone."
        raise ConfigError(f"{text!r} in the address {address!r} is not a folder to use.", hint)
    return str(path)


def fault(device: str, stderr: str) -> DeviceError:
    """What a device's system said of a file, as an error."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = shortened(lines[0]) if lines else "no reason given"
    for pattern, message, hint in FAULTS:
        if re.search(pattern, stderr):
            return DeviceError(f"{message.format(device=device)}: {said}", hint)
    return DeviceError(f"A file cannot be written on {device}: {said}", "Try the same by hand.")
