"""What is done to edgehone's folder on a device by its shell: bodies of `_posix.Script`."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from edgehone.devices._posix import quoted

ABSENT, DAMAGED, KEPT = 70, 71, 72
"""Exit codes of the bodies below: there is no such file; it did not come whole; it stays."""
PRECIOUS = '"$HOME" /tmp /var/tmp /data/local/tmp /sdcard /storage/emulated/0'
"""Folders that are never taken away, and none that they lie in is."""


def command(argv: Sequence[str]) -> str:
    """Runs a program; every word reaches it unchanged."""
    return " ".join(quoted(word) for word in argv)


def look(name: PurePosixPath, size: int, sha256: str) -> str:
    """Ends with KEPT when a file of this content is there already."""
    file = _file(name)
    there = f"[ -f {file} ] && {_whole(file, size, sha256)}{_runnable(name, file)}"
    return f"if {there}; then {_code(KEPT)}; fi"


def settle(name: PurePosixPath, part: str, size: int, sha256: str, *, fetch: str = ":") -> str:
    """Gives a file that `fetch` brings as `part` its own name, if it is whole.

    Otherwise nothing is left of it, and the code is DAMAGED or that of the command that failed.
    """
    file, parent = _file(name), quoted(f"./{name.parent}")
    whole = f"{{ {_whole(part, size, sha256)} || {_code(DAMAGED)}; }}"
    named = f"mkdir -p {parent} && mv -f {part} {file}"
    return (
        f"if {fetch} && {whole}{_runnable(name, part)} && {named}; then :\n"
        f"else (code=$?; rm -f {part}; exit $code); fi"
    )


def content(name: PurePosixPath) -> str:
    """Prints a file, and its SHA-256 on standard error; ends with ABSENT when there is none."""
    file = _file(name)
    return f"if [ -f {file} ]; then cat {file} && sha256sum < {file} >&2; else {_code(ABSENT)}; fi"


def hashed(name: PurePosixPath) -> str:
    """Prints a file's SHA-256; ends with ABSENT when there is none."""
    file = _file(name)
    return f"if [ -f {file} ]; then sha256sum < {file}; else {_code(ABSENT)}; fi"


def clear() -> str:
    """Takes the folder itself away; ends with KEPT when it is precious."""
    return (
        f"(here=$(pwd -P); case $here in /*/*) ;; *) exit {KEPT};; esac\n"
        f"for place in {PRECIOUS}; do\n"
        'real=$(cd "$place" 2>/dev/null && pwd -P) || real=$place\n'
        f'case $real/ in "$here"/*) exit {KEPT};; esac; done\n'
        'cd / && rm -rf "$here")'
    )


def _file(name: PurePosixPath) -> str:
    return quoted(f"./{name}")  # no option, however it begins


def _whole(file: str, size: int, sha256: str) -> str:
    """The size first: it is cheap, and mostly tells."""
    same = f'case "$(sha256sum < {file})" in {sha256}*) ;; *) false;; esac'
    return f'[ "$(wc -c < {file})" -eq {size} ] && {same}'


def _runnable(name: PurePosixPath, file: str) -> str:
    return f" && chmod 755 {file}" if name.parts[0] == "bin" else ""


def _code(code: int) -> str:
    return f"(exit {code})"
