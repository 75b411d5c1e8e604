"""Which packages a device's Python can have: what wheels say they need, and what they do need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgehone.runners._probe import Facts, Interpreter, architecture_of

LITERT, LITE, NUMPY = "ai-edge-litert", "tflite-runtime", "numpy"

LITE_RUNTIME = "tflite-runtime<=2.14.0"
"""The last release, which stands in where ai-edge-litert does not run: cp37 to cp311."""

LITE_PYTHON = (3, 11)
"""The newest Python that has tflite-runtime."""

LITERT_PYTHON = (3, 9)
"""The oldest Python that has ai-edge-litert."""

NEW_LITERT_GLIBC, OLD_LITERT_GLIBC, LITE_GLIBC = (2, 34), (2, 30), (2, 27)
"""The glibc that the libraries' symbols ask for on aarch64: of ai-edge-litert from 2.1.1, of older
ones, and of tflite-runtime (everywhere). Wheels say 2.27, 2.27 and up to 2.34."""

OLD_LITERT = f"{LITERT}<2.1.1"

ARCHITECTURES = ("x86_64", "aarch64", "armv7l")
"""Those that runtimes are published for as wheels."""


@dataclass(frozen=True)
class Choice:
    """What to bring for one Python: needed must be had, wanted is left out where it is not.

    alone: brought without what it depends on, its wheel's tag taken less strictly than pip does.
    note: why it is not what the target asks for.
    """

    needed: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    note: str = ""


def choose(packages: Sequence[str], python: Interpreter, facts: Facts) -> Choice | str:
    """What to bring of a target's packages for one Python there, or why it cannot be served."""
    architecture = architecture_of(facts.machine, python.bits)
    if architecture not in ARCHITECTURES:
        return f"no runtime is published for {architecture}"
    if facts.glibc is None:
        return "its system has no glibc, which runtimes are built for"
    asked = {_name(package): package for package in packages}
    reason = lacking(architecture, python.version, facts.glibc) if LITERT in asked else ""
    if LITE in asked or reason:
        return _with_lite(asked, python, facts.glibc, architecture, reason)
    extra = tuple(bounds(LITERT, architecture, facts.glibc)) if LITERT in asked else ()
    needed = tuple(p for name, p in asked.items() if name in (LITERT, NUMPY)) + extra
    wanted = tuple(p for name, p in asked.items() if name not in (LITERT, NUMPY))
    return Choice(needed, wanted, note=_older(facts.glibc) if extra else "")


def lacking(architecture: str, python: tuple[int, int], glibc: tuple[int, int]) -> str:
    """Why no ai-edge-litert runs there; "": one does."""
    if architecture == "armv7l":
        return "ai-edge-litert has no 32-bit wheels"
    if python < LITERT_PYTHON:
        return f"ai-edge-litert needs Python 3.9, it has {_dotted(python)}"
    needed = OLD_LITERT_GLIBC if architecture == "aarch64" else LITE_GLIBC
    if glibc < needed:
        return f"ai-edge-litert needs glibc {_dotted(needed)}, it has {_dotted(glibc)}"
    return ""


def bounds(name: str, architecture: str, glibc: tuple[int, int]) -> Iterator[str]:
    """Requirements that keep a package to versions which do run on that glibc."""
    if name == LITERT and architecture == "aarch64" and glibc < NEW_LITERT_GLIBC:
        yield OLD_LITERT


def _with_lite(
    asked: dict[str, str],
    python: Interpreter,
    glibc: tuple[int, int],
    architecture: str,
    reason: str,
) -> Choice | str:
    """tflite-runtime with numpy 1, its only dependency: brought, or the device's own.

    There is no numpy for armv7l on PyPI, but every Debian has a package of it.
    """
    because = f"{reason}, and " if reason else ""
    if python.version > LITE_PYTHON:
        return f"{because}tflite-runtime ends at Python {_dotted(LITE_PYTHON)}"
    if glibc < LITE_GLIBC:
        return f"{because}tflite-runtime needs glibc {_dotted(LITE_GLIBC)}, it has {_dotted(glibc)}"
    alone = (asked.get(LITE, LITE_RUNTIME),)
    note = f"tflite-runtime instead: {reason}." if reason else ""
    if architecture == "armv7l" and python.numpy.startswith("1."):
        return Choice((), (), alone, note)
    wanted = tuple(p for name, p in asked.items() if name not in (LITERT, LITE, NUMPY))
    return Choice((asked.get(NUMPY, NUMPY), f"{NUMPY}<2"), wanted, alone, note)


def _name(package: str) -> str:
    return canonicalize_name(Requirement(package).name)


def _older(glibc: tuple[int, int]) -> str:
    return f"An older LiteRT: 2.1.1 and newer need glibc 2.34, it has {_dotted(glibc)}."


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
