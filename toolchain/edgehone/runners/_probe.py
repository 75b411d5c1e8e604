"""What a device says of itself in one round trip: system, C library, Pythons, space, processor."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.system.bounds import PATH_CHARACTERS

PROBE_S = 120.0
"""Generous: a small board takes seconds to import numpy from a slow card."""

MARK = "#edgehone"
"""Begins the lines that count; login messages and the like stand between them."""

OLDEST_PYTHON, NEWEST_PYTHON = 7, 15
"""Minor versions of Python 3 that are looked for beside `python3` itself."""

_ASK_PYTHON = """\
import sys, struct
try:
    import numpy
    version = numpy.__version__
except Exception:
    version = "-"
import ctypes, multiprocessing, zipfile
print("%d.%d" % sys.version_info[:2], struct.calcsize("P") * 8, version, sys.executable)
"""

ABIS = {"arm64-v8a": "aarch64", "armeabi-v7a": "armv7l", "x86_64": "x86_64"}
"""Android's names of architectures, as `uname -m` would say."""

_ASK_KIND = f"""\
say() {{ printf '%s %s\\n' '{MARK}' "$*"; }}
say system "$(uname -s)"
say machine "$(uname -m)"
say bits "$(getconf LONG_BIT 2>/dev/null)"
say abi "$(getprop ro.product.cpu.abi 2>/dev/null)"
say model "$({{ tr -d '\\000' </proc/device-tree/model || getprop ro.product.model \
|| cat /sys/class/dmi/id/product_name; }} 2>/dev/null)"
"""

# POSIX sh and nothing that Android's toybox or busybox lacks. The device's own `python3` comes
# first, and no interpreter is asked twice under two names.
_SCRIPT = f"""\
{_ASK_KIND}
ask_python='{_ASK_PYTHON}'
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1)"
say disk "$(df -Pk . 2>/dev/null | tail -n 1)"
say memory "$(grep MemTotal /proc/meminfo 2>/dev/null)"
say features "$(grep -m 1 -E '^(Features|flags)' /proc/cpuinfo 2>/dev/null)"
for place in site-*; do if [ -d "$place" ]; then say site "$place"; fi; done
PATH="$PATH:/usr/local/bin:/usr/bin"
seen=
for name in python3 {" ".join(f"python3.{n}" for n in range(NEWEST_PYTHON, OLDEST_PYTHON - 1, -1))}
do
  path="$(command -v "$name")" || continue
  real="$(readlink -f "$path" 2>/dev/null || echo "$path")"
  case "$seen" in *"|$real|"*) continue ;; esac
  seen="$seen|$real|"
  say python "$("$path" -c "$ask_python" 2>/dev/null </dev/null)"
done
say end
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python 3 on a device: bits (32 or 64) of its own, and the numpy that it has, if any."""

    path: str
    version: tuple[int, int]
    bits: int
    numpy: str = ""

    @property
    def described(self) -> str:
        """It in words: "Python 3.11 (64-bit, /usr/bin/python3)"."""
        return f"Python {self.version[0]}.{self.version[1]} ({self.bits}-bit, {self.path})"


@dataclass(frozen=True)
class Facts:
    """What a device is, as far as bringing a program there goes.

    machine: as `uname -m` says, which tells the kernel's architecture; bits: those of its programs
    (Raspberry Pi OS comes with a 64-bit kernel under 32-bit programs). glibc: its version; None on
    Android and on musl. abi: Android's name of its architecture. free_bytes: of the disk that
    edgehone's folder is on. model: the name of the board. sites: folders of wheels that are there.
    """

    system: str
    machine: str
    bits: int = 64
    glibc: tuple[int, int] | None = None
    abi: str = ""
    pythons: tuple[Interpreter, ...] = ()
    free_bytes: int | None = None
    memory_bytes: int | None = None
    features: tuple[str, ...] = ()
    model: str = ""
    sites: tuple[str, ...] = ()

    @property
    def architecture(self) -> str:
        """What its programs are built for, as `uname -m` would name it."""
        return architecture_of(self.machine, self.bits)

    @property
    def android(self) -> bool:
        """Whether it is an Android device."""
        return bool(self.abi)


def architecture_of(machine: str, bits: int) -> str:
    """What programs of `bits` are built for on a kernel that calls its machine so."""
    narrow = {"aarch64": "armv7l", "armv8l": "armv7l", "x86_64": "i686"}
    return narrow.get(machine, machine) if bits == 32 else machine


def probe(transport: Transport) -> Facts:
    """Ask a device what it is. Raises DeviceError when its answer cannot be read."""
    finished = transport.run(["sh", "-c", _SCRIPT], timeout_s=PROBE_S)
    said = list(_marked(finished.stdout))
    if ("end", "") not in said:
        last = finished.stderr.strip().rpartition("\n")[2][:300] or "nothing"
        raise DeviceError(
            f"The device did not say what it is ({finished.ended_by}; it last said: {last}).",
            "It needs a POSIX shell at `sh`; log in by hand to see what it answers.",
        )
    return facts_of(said)


def ask_kind(transport: Transport) -> Facts | str:
    """What kind of device it is, in less time than a whole probe: system, processor and model; or,
    in words, that it does not say.
    """
    finished = transport.run(["sh", "-c", f"{_ASK_KIND}say end"], timeout_s=PROBE_S)
    said = list(_marked(finished.stdout))
    if ("end", "") not in said:
        return f"it did not say what it is ({finished.ended_by})"
    return facts_of(said)


def facts_of(said: list[tuple[str, str]]) -> Facts:
    """The facts in what the script said, as (key, text) in its order; keys may be missing."""
    one = dict(said)
    bits = one.get("bits", "")
    machine = one.get("machine", "")
    return Facts(
        system=one.get("system", ""),
        machine=machine,
        bits=int(bits) if bits in ("32", "64") else _bits_of(machine),
        glibc=_glibc(one.get("libc", "")),
        abi=one.get("abi", ""),
        pythons=_interpreters([text for key, text in said if key == "python"]),
        free_bytes=_kib(one.get("disk", ""), r"\s(\d{1,15})\s+\d+%"),
        memory_bytes=_kib(one.get("memory", ""), r"(\d{1,15})\b"),
        features=tuple(one.get("features", "").partition(":")[2].split()),
        model=one.get("model", ""),
        sites=tuple(text for key, text in said if key == "site"),
    )


def _marked(stdout: str) -> Iterator[tuple[str, str]]:
    for line in stdout.split("\n"):
        _, mark, rest = line.partition(f"{MARK} ")  # a prompt may stand before it
        if mark:
            key, _, text = rest.partition(" ")
            yield key.strip(), text.strip()[:PATH_CHARACTERS]


def _bits_of(machine: str) -> int:
    return 64 if "64" in machine else 32


def _glibc(text: str) -> tuple[int, int] | None:
    """The version in `glibc 2.36` or `ldd (Debian GLIBC 2.36-9) 2.36`; musl is none."""
    if "libc" not in text.lower() or "musl" in text.lower():
        return None
    found = re.search(r"\b(\d{1,3})\.(\d{1,3})\s*$", text)
    return (int(found[1]), int(found[2])) if found else None


def _interpreters(texts: Sequence[str]) -> tuple[Interpreter, ...]:
    """Interpreters by `3.11 64 1.26.4 /usr/bin/python3`, each once.

    One that said nothing lacks parts of the standard library that runners need.
    """
    found: dict[str, Interpreter] = {}
    for text in texts:
        if parts := re.match(r"(\d{1,3})\.(\d{1,3}) (32|64) (\S+) (/.*)$", text):
            version = (int(parts[1]), int(parts[2]))
            numpy = parts[4] if parts[4] != "-" else ""
            found.setdefault(parts[5], Interpreter(parts[5], version, int(parts[3]), numpy))
    return tuple(each for each in found.values() if each.version >= (3, OLDEST_PYTHON))


def _kib(text: str, pattern: str) -> int | None:
    found = re.search(pattern, text)
    return int(found[1]) * 1024 if found else None
