"""The runner's own readers of JSON, .npy and .zip files, and what Python reads in the same bytes.

They are compiled into one program (native_readers.c), with sanitizers where the compiler has them,
which reads thousands of inputs a second. What it reads must be what Python's modules read.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import struct
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgehone import targets
from edgehone.runners import _building

SOURCE = Path(__file__).with_name("native_readers.c")
OPTIONS = ("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
ASAN = "detect_leaks=0:allocator_may_return_null=1"
"""What is read is kept until the program ends, as in the runner."""
INPUTS = 2000
"""Then a new process takes over, before what is kept fills the memory."""
LONGEST_NUMBER, DEEPEST, LONGEST_HEADER = 63, 64, 1 << 20
"""What the runner takes: characters of a number, lists and tables inside each other, bytes."""
NARROW = "-32"
"""Ends the names of readers whose sizes have 32 bits."""
DIFFERENT = "the runner read {}, Python {}"


def compiler() -> list[str] | None:
    """The words that start a C compiler of this machine; None where there is none."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found:
        return [found]
    zig = _building.zig()
    return [*zig, "cc"] if zig else None


def built(folder: Path, kind: str, runner: Path | None = None) -> Path | None:
    """The program of READERS of one kind, of a runner's source (default: ours); None without a
    compiler.
    """
    narrow = ("-DNARROW", "-Wno-format") if kind.endswith(NARROW) else ()
    words, program = compiler(), folder / f"native_readers{NARROW if narrow else ''}"
    if words is None or program.exists():
        return program if words else None
    runner = runner or targets.runner_source(_building.SOURCE)
    rest = [f"-I{runner.parent}", str(SOURCE), "-o", str(program), "-lm"]
    for sanitizers in (SANITIZERS, ()):
        done = subprocess.run(
            [*words, *OPTIONS, *narrow, *sanitizers, *rest],
            check=False,
            capture_output=True,
            timeout=300,
        )
        if done.returncode == 0:
            return program
    raise AssertionError(done.stderr.decode(errors="replace"))


class Process:
    """A process of the readers for one kind of file; a new one takes over when it has ended."""

    def __init__(self, program: Path, kind: str) -> None:
        self._words = [str(program), kind.removesuffix(NARROW)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 # it is open as long as this
        self._process: subprocess.Popen[bytes] | None = None
        self._left = 0

    def read(self, content: bytes) -> str:
        """What was read of a content, as a line. Raises AssertionError when the process ended."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(struct.pack("<I", len(content)) + content)
            process.stdin.flush()
        line = process.stdout.readline().decode()
        if not line.endswith("\n"):
            code = process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")
            self.end()
            raise AssertionError(f"the process ended with {code}: {said[-2000:]}")
        return line[:-1]

    def _started(self) -> "subprocess.Popen[bytes]":
        self._left -= 1
        if self._left < 0:
            self.end()
        if self._process is None:
            self._left = INPUTS
            self._errors.truncate(0)
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                preexec_fn=without_limit,
                env={**os.environ, "ASAN_OPTIONS": ASAN},
            )
        return self._process

    def end(self) -> None:
        """End the process, if there is one; the next input starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def without_limit() -> None:
    """Sanitizers take more address space than a reader may."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


_processes: dict[str, Process] = {}


def _read(kind: str, path: Path) -> str:
    """Read a file with the runner's reader; "" or how that differs from what Python reads."""
    if kind not in _processes:
        program = built(Path(os.environ["EDGEHONE_FUZZ"]), kind)
        if program is None:
            return ""
        _processes[kind] = Process(program, kind)
    content = path.read_bytes()
    return compared(kind, content, _processes[kind].read(content))


def compared(kind: str, content: bytes, line: str) -> str:
    """How a line of the runner's readers differs from what Python reads in a content; "" if not."""
    return COMPARED[kind.removesuffix(NARROW)](content, line)


def _json(content: bytes, line: str) -> str:
    refused = line.startswith("refused: ")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""  # the runner leaves it to whoever shows a text
    try:
        expected = json.dumps(_plain(_loaded(text)))
    except (ValueError, RecursionError):
        return "" if refused else DIFFERENT.format(line, "refused it")
    if refused:
        return DIFFERENT.format(line, expected)
    found = json.dumps(_loaded(line))
    return "" if found == expected else DIFFERENT.format(found, expected)


def _loaded(text: str) -> Any:
    """JSON with every entry of a table, and numbers as the runner has them."""
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: {"": [list(pair) for pair in pairs]},
        parse_int=_number,
        parse_float=_number,
        parse_constant=_no_word,
    )


def _number(digits: str) -> float:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(digits)
    return float(digits)


def _no_word(word: str) -> float:
    raise ValueError(word)


def _plain(value: Any, depth: int = 0) -> Any:
    """The same value. Raises ValueError for texts and depths that the runner refuses."""
    if isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise ValueError(value)
    if isinstance(value, dict | list) and depth == DEEPEST:
        raise ValueError(depth)
    if isinstance(value, dict):
        for key, held in value[""]:
            _plain(key)
            _plain(held, depth + 1)
    elif isinstance(value, list):
        for held in value:
            _plain(held, depth + 1)
    return value


def _npy(content: bytes, line: str) -> str:
    if line.startswith("refused: "):
        return ""
    found = json.loads(line)
    if 0 in found["shape"]:
        return ""  # NumPy refuses some shapes without any number
    try:
        stream = io.BytesIO(content)
        array = np.load(stream, allow_pickle=False, max_header_size=LONGEST_HEADER)
    except Exception as error:  # whatever it is, NumPy refuses what the runner has read
        return DIFFERENT.format(found, error)
    expected = {
        "shape": list(array.shape),
        "fits": [side for side in array.shape[1:] if side != 1] == [2, 3],
        "crcs": [zlib.crc32(np.ascontiguousarray(sample).tobytes()) for sample in array[:64]],
    }
    if array.dtype == np.dtype("<f4") and found == expected:
        return ""
    return DIFFERENT.format(found, expected)


def _zip(content: bytes, line: str) -> str:
    """The runner must read what the archive promises, and what Python reads if that does too."""
    if line.startswith("refused: "):
        return ""
    for name, crc in json.loads(line).items():
        if struct.pack("<I", crc) not in content:
            return f"{name} has a CRC of {crc}, which the archive does not state"
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                once = archive.namelist().count(name) == 1
                expected = zlib.crc32(archive.read(name)) if once else crc
        except Exception:  # noqa: S112 # whatever it is: Python looks at more of an archive
            continue
        if crc != expected:
            return DIFFERENT.format(crc, expected)
    return ""


COMPARED: dict[str, Callable[[bytes, str], str]] = {"json": _json, "npy": _npy, "zip": _zip}
READERS = (*COMPARED, *(f"{kind}{NARROW}" for kind in COMPARED))
READ: dict[str, Callable[[Path], str]] = {kind: partial(_read, kind) for kind in READERS}
