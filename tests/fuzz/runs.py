"""How inputs are tried in a child process, what became of them, and where findings are kept."""

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from tests.fuzz.mutating import TRAP
from tests.fuzz.readers import READERS

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
"""What takes longer hangs; a model that still loads takes a second."""
START_S = 120.0
"""For the first input of a reader that needs Keras."""
MEMORY_BYTES = 8 << 30


@dataclass(frozen=True)
class Finding:
    """An input that ended otherwise than in success or a clear refusal."""

    reader: str
    number: int
    what: str

    def kept(self, folder: Path) -> Path:
        """Save the input itself, under a name that tells reader and seed."""
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            made = READERS[self.reader].input(self.number, Path(scratch))
            path = folder / f"{self.reader}-{self.number}+{made.name}"
            path.write_bytes(made.read_bytes())
        return path


class Child:
    """A process that reads inputs; a new one takes over when it has crashed or hung."""

    PROGRAM: ClassVar[tuple[str, ...]] = ("-m", "tests.fuzz.child")

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()
        self._scratch.cleanup()

    def tried(self, reader: str, what: int | str) -> str:
        """What is wrong with how an input is read; "" if nothing is."""
        fresh = self._process is None
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps([reader, what]).encode() + b"\n")
        child.stdin.flush()
        limit_s = LIMIT_S + (START_S if fresh else 0.0)
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            if not selector.select(limit_s):
                self._end()
                return f"no end within {limit_s:g} s"
        line = child.stdout.readline()
        if not line:
            code = child.wait()
            self._end()
            return f"the process ended with {code}"
        return str(json.loads(line)["finding"])

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            scratch = self._scratch.name
            own = {
                "EDGEHONE_FUZZ": scratch,
                "XDG_CACHE_HOME": f"{scratch}/cache",
                "TMPDIR": scratch,
            }
            quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0"}
            self._process = subprocess.Popen(
                [sys.executable, *self.PROGRAM],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": self._import_path(), **own, **quiet},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            bound = (MEMORY_BYTES, resource.RLIM_INFINITY)
            resource.prlimit(self._process.pid, resource.RLIMIT_DATA, bound)
        return self._process

    def _import_path(self) -> str:
        """Where this process imports from, and a folder with the trap."""
        site = Path(self._scratch.name, "site")
        site.mkdir(exist_ok=True)
        sprung = Path(self._scratch.name, "sprung")
        code = f"from pathlib import Path\nPath({str(sprung)!r}).touch()\n"
        (site / f"{TRAP}.py").write_text(code)
        return os.pathsep.join([*sys.path, str(site)])

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def findings(reader: str, numbers: range, child: Child) -> Iterator[Finding]:
    """What goes wrong with some damaged copies of a reader's seeds."""
    for number in numbers:
        if found := child.tried(reader, number):
            yield Finding(reader, number, found)
