"""The programs that speak the protocol of targets/runner/PROTOCOL.md, started as a host would."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import files, version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from edgehone import targets
from edgehone.runners._building import LINUX, build
from edgehone.values import NOTHING, Plain
from tests import tiny_models

LIMIT_S = 120.0
"""No test waits longer for anything: a bound on what hangs, not a measure of speed."""
TIMES = {"warmup_s": 0.001, "minimum_s": 0.005, "minimum_count": 20}
HOSTILE = ["a b", "'", '"', "$(touch x)", "`id`", "-rf", "--", "a\nb", "*", "", "\\", "ä€😀", ";&|"]
"""Words that are to reach a command as they are."""
ENDLESS = {"warmup_s": 0.0, "minimum_s": 3600.0, "minimum_count": 1}


@dataclass(frozen=True)
class Answer:
    """All that a program said, and how it ended."""

    lines: Sequence[dict[str, Any]]
    exit_code: int
    stderr: str

    @property
    def start(self) -> dict[str, Any]:
        """What it said of itself and the machine."""
        (line,) = self.events("start")
        return line

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The jobs' results in the order told."""
        return self.events("job")

    @property
    def whole(self) -> bool:
        """Whether it has its end mark."""
        return bool(self.lines) and self.lines[-1]["event"] == "end"

    def events(self, name: str) -> list[dict[str, Any]]:
        """All lines of one kind."""
        return [line for line in self.lines if line["event"] == name]


class Conversation:
    """A program that is answering; leaving the `with` block kills it."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.child = child
        self._lines: list[dict[str, Any]] = []

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()

    def until(self, event: str) -> dict[str, Any]:
        """Listen up to the next line of that kind."""
        assert self.child.stdout is not None
        for text in self.child.stdout:
            line: dict[str, Any] = json.loads(text)
            self._lines.append(line)
            if line["event"] == event:
                return line
        raise AssertionError(f"no {event!r} in {self._lines}: {self.finish().stderr}")

    def job_process(self) -> int:
        """The process of the job that runs now, once there is one."""
        stop = time.monotonic() + LIMIT_S
        while time.monotonic() < stop:
            if children := started_by(self.child.pid):
                return children[-1]
            time.sleep(0.01)
        raise AssertionError("no job was begun")

    def close_output(self) -> None:
        """Listen no longer."""
        assert self.child.stdout is not None
        self.child.stdout.close()
        self.child.stdout = None

    def finish(self, *, close_input: bool = False) -> Answer:
        """Listen to the end; standard input stays open until then unless told otherwise."""
        held, self.child.stdin = self.child.stdin, None
        if close_input and held:
            held.close()
        stdout, stderr = self.child.communicate(timeout=LIMIT_S)
        if held:
            held.close()
        lines = [*self._lines, *(json.loads(line) for line in stdout.splitlines())]
        return Answer(lines, self.child.returncode, stderr)


@dataclass(frozen=True)
class Speaker:
    """A program: the words that start it, and the libraries it has to be told of."""

    name: str
    command: tuple[str, ...]
    libraries: Mapping[str, str] = NOTHING
    path: Path | None = None
    """Where Python looks for packages first."""

    def start(
        self,
        folder: Path,
        jobs: Sequence[Plain] = (),
        request: Plain = NOTHING,
        *,
        stdin: int = subprocess.PIPE,
    ) -> Conversation:
        """Put a request to it in `folder`; jobs without an id or runtime get one."""
        jobs = [{"id": str(i), "runtime": "litert", **job} for i, job in enumerate(jobs)]
        whole = {"protocol": 2, "libraries": dict(self.libraries), "jobs": jobs, **request}
        (folder / "request.json").write_text(json.dumps(whole))
        child = subprocess.Popen(
            [*self.command, "request.json"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(self.path or "")},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        return Conversation(child)

    def ask(self, folder: Path, jobs: Sequence[Plain] = (), request: Plain = NOTHING) -> Answer:
        """The whole answer to a request, standard input held open."""
        with self.start(folder, jobs, request) as conversation:
            answer = conversation.finish()
        assert answer.whole, answer
        assert answer.exit_code == 0, answer
        return answer


def python(path: Path | None = None) -> Speaker:
    """The runner in Python; packages in `path` come first."""
    command = (sys.executable, str(targets.runner_source("runner.py")))
    return Speaker("python", command, path=path)


@cache
def native() -> Speaker:
    """The runner in C, built for this machine, with the libraries of edgehone's own packages."""
    folder = Path(mkdtemp(prefix="edgehone-native-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = build(LINUX[os.uname().machine], folder / "runner")
    return Speaker("native", (str(program),), libraries(folder))


def libraries(folder: Path) -> dict[str, str]:
    """The libraries of edgehone's own packages, LiteRT's under a name with its version."""
    (litert,) = _files("ai-edge-litert", "libLiteRt.so")
    (onnxruntime,) = _files("onnxruntime", "libonnxruntime.so.*")
    named = folder / f"{litert.name}.{version('ai-edge-litert')}"
    named.symlink_to(litert)
    return {"litert": str(named), "onnxruntime": str(onnxruntime)}


def _files(package: str, pattern: str) -> list[Path]:
    found = (file for file in files(package) or () if fnmatch(file.name, pattern))
    return [Path(str(file.locate())) for file in found]


def started_by(process: int) -> list[int]:
    """All that a process started and that runs, parents before their children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] not in "ZX":
            found.append(int(status.parent.name))
    return [each for child in found for each in (child, *started_by(child))]


def ended(process: int) -> bool:
    """Whether a process is gone, waited for."""
    status = Path(f"/proc/{process}/stat")
    stop = time.monotonic() + LIMIT_S
    while time.monotonic() < stop:
        try:
            if status.read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def kill(process: int) -> None:
    """End it without a word, as an out-of-memory killer does."""
    os.kill(process, signal.SIGKILL)


SPEAKERS: dict[str, Callable[[], Speaker]] = {"python": python, "native": native}
"""A new program joins the contract suite through one entry here."""
SPOKEN_FOR = ("benchmark_model", "guests")
"""Programs that have one of SPEAKERS answer, somewhere else, or whose words edgehone translates."""


def endless(folder: Path) -> Plain:
    """A job that never ends by itself."""
    return {"kind": "latency", "model": tiny_models.net(folder).name, **ENDLESS}


def quick(folder: Path) -> Plain:
    """A job that is soon done."""
    return {"kind": "latency", "model": tiny_models.net(folder).name, **TIMES}


def locked(path: Path, wait_s: float) -> Plain:
    """A request's wish for a lock."""
    return {"lock": {"path": str(path), "wait_s": wait_s}}
