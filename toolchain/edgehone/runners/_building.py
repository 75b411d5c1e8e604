"""The runner without Python, compiled for whatever a device is: Linux on Arm or x86, Android."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone import targets
from edgehone.errors import ConfigError
from edgehone.system import installing, processes
from edgehone.system.files import copy_whole, key_of, sha256_of, whole_file
from edgehone.system.places import user_cache

SOURCE, PARTS = "runner.c", "native"
"""The file that is compiled, and the folder of what it includes."""

OPTIONS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")
LIBRARIES = ("-ldl", "-lm")
BUILD_S = 300.0
"""A first build with zig also builds the C library's start files: half a minute on a small host."""

GLIBC = "2.28"
"""The oldest glibc that is built for, where the compiler lets one choose (2018: Debian 10)."""

ANDROID_API = 28
"""Android 9 (2018), the first whose C library has glob."""

LINUX: Mapping[str, str] = {
    "x86_64": "x86_64-linux-gnu",
    "aarch64": "aarch64-linux-gnu",
    "armv7l": "arm-linux-gnueabihf",
}
"""What is built for Linux with glibc, by the architecture as `uname -m` names it."""

ANDROID: Mapping[str, str] = {
    "arm64-v8a": "aarch64-linux-android",
    "armeabi-v7a": "armv7a-linux-androideabi",
    "x86_64": "x86_64-linux-android",
}
"""What is built for Android, by its name of the architecture (`ro.product.cpu.abi`)."""

TRIPLES = (*LINUX.values(), *ANDROID.values())

GET_NDK = "Install Android's NDK and set ANDROID_NDK_HOME to its folder, or give a built runner."
GET_ZIG = f"Install a C compiler that builds for it: {installing.command('devices')}."


@dataclass(frozen=True)
class Compiler:
    """How a program is compiled for one triple: words to begin with, and what identifies it."""

    words: tuple[str, ...]
    version: str


def build(triple: str, destination: Path, *, ndk: Path | None = None) -> Path:
    """Compile runner.c and its parts for a triple of TRIPLES into `destination`, which is returned.

    Android's NDK (`ndk`, or ANDROID_NDK_HOME) builds for Android; zig, or else gcc, for the rest.
    What was built of the same source by the same compiler comes from the user's cache. Raises
    ConfigError, with what to install, when no compiler is there or it fails.
    """
    compiler = compiler_for(triple, ndk)
    source = targets.runner_source(SOURCE)
    key = key_of([source_digest(source), compiler.words, compiler.version, OPTIONS, LIBRARIES])
    kept = user_cache("programs") / key
    if not kept.is_file():
        with whole_file(kept) as temporary:
            words = [*compiler.words, *OPTIONS, str(source), "-o", str(temporary), *LIBRARIES]
            compile_with(words, f"The runner for {triple}")
    copy_whole(kept, destination)
    destination.chmod(0o755)
    return destination


def source_digest(source: Path | None = None) -> str:
    """SHA-256 of all that is compiled: `source` (default: the shipped runner.c) and its parts."""
    source = source or targets.runner_source(SOURCE)
    return key_of([sha256_of(source), sha256_of(source.parent / PARTS)])


def compiler_for(triple: str, ndk: Path | None = None) -> Compiler:
    """The compiler that is taken for a triple. Raises ConfigError when there is none."""
    if triple not in TRIPLES:
        known = ", ".join(TRIPLES)
        raise ConfigError(f"The runner is not built for {triple!r}.", f"It is for {known}.")
    if "android" in triple:
        return _android(triple, ndk)
    if words := zig():
        return _identified(
            (*words, "cc", "-target", f"{triple}.{GLIBC}", "-s"), (*words, "version")
        )
    if gcc := shutil.which(f"{triple}-gcc"):
        return _identified((gcc,), (gcc, "--version"))
    raise ConfigError(f"This machine has no C compiler for {triple}.", GET_ZIG)


def zig() -> tuple[str, ...]:
    """The words that start zig; none when it is not installed."""
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang")
    found = shutil.which("zig")
    return (found,) if found else ()


def compile_with(words: Sequence[str], what: str) -> None:
    """Run a compiler. Raises ConfigError that names what was built and its first complaint."""
    finished = processes.run(words, timeout_s=BUILD_S)
    if finished.exit_code != 0:
        errors = [line for line in finished.stderr.splitlines() if "error" in line]
        first = (errors or [finished.stderr.strip()])[0][:300]
        raise ConfigError(
            f"{what} cannot be built ({finished.ended_by}): {first}.",
            "Check that the compiler works (zig and gcc keep files in the user's cache folder).",
        )


def _android(triple: str, ndk: Path | None) -> Compiler:
    place = ndk or Path(os.environ.get("ANDROID_NDK_HOME", ""))
    found = sorted(place.glob("toolchains/llvm/prebuilt/*/bin/clang")) if place.name else []
    if not found:
        text = f"{place} is not an NDK" if place.name else "no NDK is known"
        raise ConfigError(f"The runner cannot be built for Android: {text}.", GET_NDK)
    clang = str(found[0])
    words = (clang, f"--target={triple}{ANDROID_API}", "-fPIE", "-pie", "-s")
    return _identified(words, (clang, "--version"))


def _identified(words: tuple[str, ...], asked: tuple[str, ...]) -> Compiler:
    """A compiler with the version that it tells. Raises ConfigError when it does not start."""
    try:
        finished = processes.run(asked, timeout_s=BUILD_S)
    except OSError as error:
        message = f"The compiler {words[0]} cannot be started: {error.strerror or error}."
        raise ConfigError(message, "Install it again.") from error
    if finished.exit_code != 0:
        message = f"The compiler {words[0]} does not print its version ({finished.ended_by})."
        raise ConfigError(message, "Install it again.")
    return Compiler(words, finished.stdout.strip())
