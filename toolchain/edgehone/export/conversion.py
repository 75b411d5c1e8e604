"""Float conversion in a child process that has a time limit and may crash without harm."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from edgehone import errors, formats
from edgehone.errors import ConversionError, EdgehoneError, ModelError
from edgehone.system import confinement, files, interface, interruption, processes
from edgehone.system.settings import RECURRENT
from edgehone.values import Event, Model, Progress, silent

FORMS = ("auto", "loop", "unrolled")
"""Of recurrent layers; see `Layout`."""
_START_S = 180.0
"""Importing TensorFlow takes 3-10 s; a busy small machine may need much longer."""
_END_S = 10.0
"""How long a child may take to end once it has closed its answers."""
_SHARE_TO_IMPROVE = 0.5
"""Of the time left once there is a file that will do, what may be spent on a better one."""
_UNUSUAL = "Leave out the layer that is unusual among these, or replace it."
_JOBS_A_CHILD = 64
"""The converter has leaked 22 MB a call in some versions; then a new child takes over."""


@dataclass(frozen=True)
class Layout:
    """How a float file is laid out.

    batch: samples that one run takes, None for any number. recurrent: "loop" keeps recurrent
    layers small, in float and as loops, "unrolled" makes their steps operators that can be int8,
    "auto" takes the steps where the file stays below 4 times the loop's bytes.
    """

    batch: int | None = 1
    recurrent: str = "auto"


PLAIN = Layout()


class Converter:
    """Turns Keras models into float files, one at a time, in one child process kept for the next.

    A context manager. The child starts with the first job, or early with `warm`. The limit
    `timeout_s` counts from when a job begins, not from when the child was started. sources:
    where models came from; the modules of functions among them may register layers. custom:
    further places that layers of the user's come from, as `graph.loading.load` takes them.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 300.0,
        trust: bool = False,
        sources: Sequence[str] = (),
        custom: Sequence[str] = (),
    ) -> None:
        self._timeout_s = timeout_s
        self._trust = trust
        self._sources = list(sources)
        self._custom = list(custom)
        self._child: _Child | None = None
        self._jobs = 0

    def __enter__(self) -> "Converter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Start the child now, so that it loads TensorFlow while something else is done."""
        self._started()

    def close(self) -> None:
        """End the child process, if there is one."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def convert(self, model: Model, form: str, destination: Path, layout: Layout = PLAIN) -> Path:
        """Write the model as a float file to `destination`, and return it. form: the name of a
        format, or "python:module:Class" of a user's.

        Raises UsageError for an unknown one, ConversionError when the converter refuses, crashes
        or takes too long (the message names the model's kinds of layers), ModelError when the model
        cannot be read.
        """
        formats.load(form)
        child = self._started()
        with files.whole_file(destination) as temporary:
            job = {"format": form, "destination": str(temporary.absolute()), **asdict(layout)}
            self._run(child, model, job)
        self._jobs += 1
        if self._jobs % _JOBS_A_CHILD == 0:
            self.close()
        return destination

    def ask(self, job: dict[str, Any], progress: Progress = silent) -> dict[str, Any]:
        """The child's answer to a job that is not a conversion (`export._hosting`), which may take
        as long as it needs. Raises the child's error, ModelError when the child ends over it.
        """
        child = self._started()
        try:
            child.wait_ready(_START_S)
            answer = child.ask({**self._shared(), **job}, None)
            while "event" in answer:
                progress(Event(**answer["event"]))
                answer = child.answer(None)
        except _ChildEndedError as ended:
            self.close()
            raise ModelError(
                f"Reading or running the model ended by {ended}.",
                "Check that the file is whole; TensorFlow crashes on some that are not.",
            ) from ended
        except BaseException:
            self.close()
            raise
        if "error" in answer:
            raise _as_it_is(answer["error"])
        return answer

    def _shared(self) -> dict[str, Any]:
        """What every job says of the user's own code."""
        return {
            "sources": self._sources,
            "custom": self._custom,
            "home": str(confinement.working_folder()),
        }

    def _started(self) -> "_Child":
        if self._child is None:
            self._child = _Child()
        return self._child

    def _run(self, child: "_Child", model: Model, job: dict[str, Any]) -> None:
        job |= {"model": str(model.path.absolute()), "trust": self._trust, **self._shared()}
        try:
            child.wait_ready(_START_S)
            started = time.monotonic()
            answer = child.ask(job, self._timeout_s)
            if answer.get("kept"):
                answer = self._improved(child, started + self._timeout_s - time.monotonic())
        except _ChildEndedError as ended:
            self.close()
            raise ConversionError(
                f"Converting the model to {job['format']} ended by {ended}."
                f" Its layers: {', '.join(layer_kinds(model.path)) or 'unknown'}.",
                _slow() if job["recurrent"] == "unrolled" else _UNUSUAL,
            ) from ended
        except BaseException:
            self.close()
            raise
        if "error" in answer:
            raise _translated(answer["error"], model)

    def _improved(self, child: "_Child", left_s: float) -> dict[str, Any]:
        """The answer about the file that would be better than the one kept, which stays if there
        is none in time, or the converter crashes.
        """
        try:
            return child.answer(_SHARE_TO_IMPROVE * max(0.0, left_s))
        except _ChildEndedError:
            self.close()
            return {"done": True}


class _ChildEndedError(Exception):
    """The child is gone, or has been killed; says by what."""


class _Child:
    """A running worker: lines of JSON in and out; its chatter goes to a file nobody needs."""

    def __init__(self) -> None:
        self._noise: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._folder = tempfile.TemporaryDirectory(prefix="edgehone-")
        with interruption.whole():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edgehone.export.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
                text=True,
                env={**os.environ, **processes.temporary(), **confinement.environment()},
                cwd=self._folder.name,
                start_new_session=True,
            )
            processes.watch(self._process)
        self._jobs = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)
        self._is_ready = False
        self._buffer = b""

    def wait_ready(self, timeout_s: float) -> None:
        """Return when TensorFlow is loaded; counted apart from any job. Raises UsageError where it
        is not installed.
        """
        if not self._is_ready:
            answer = self.answer(timeout_s)
            if "error" in answer:
                raise _as_it_is(answer["error"])
            self._is_ready = True

    def ask(self, job: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
        """The answer to one job. Raises _ChildEndedError after a crash or at the time limit."""
        try:
            asked = {**job, "interface": interface.current().to_json()}
            self._jobs.write(json.dumps(asked) + "\n")
            self._jobs.flush()
        except OSError as error:
            raise self._ended() from error
        return self.answer(timeout_s)

    def close(self) -> None:
        """Kill the child with everything it started."""
        processes.kill_group(self._process)
        processes.reaped(self._process)
        processes.forget(self._process)
        for stream in (self._jobs, self._answers, self._noise):
            with contextlib.suppress(BrokenPipeError):  # a job it never read
                stream.close()
        self._folder.cleanup()

    def answer(self, timeout_s: float | None) -> dict[str, Any]:
        """The next line. timeout_s: None waits as long as it takes. Raises _ChildEndedError after a
        crash or at the time limit.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        descriptor = self._answers.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not selector.select(left):
                    raise _ChildEndedError(f"its time limit of {timeout_s:g} s")
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise self._ended()
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> _ChildEndedError:
        code = processes.reaped(self._process, _END_S)
        self._noise.seek(0, os.SEEK_SET)
        said = self._noise.read()[-2000:].decode(errors="replace").strip().splitlines()
        why = processes.Finished(code, "", "").ended_by
        return _ChildEndedError(f"{why} ({said[-1][:200]})" if said and code > 0 else why)


def _slow() -> str:
    loop = RECURRENT.set("loop")
    return f"Unrolling long sequences may never end: ask for {loop}, which stays float."


def layer_kinds(path: Path) -> list[str]:
    """The class names of the layers in a .keras file, each once, sorted; [] when unreadable."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return []
    found: set[str] = set()
    pending = [config]
    while pending:
        node = pending.pop()
        for layer in node.get("config", {}).get("layers", []):
            found.add(layer.get("class_name", ""))
            pending.append(layer)
    return sorted(found - {"", "InputLayer"})


def _with_no_file(message: str, path: Path) -> str:
    """The message without the file's name, which is a copy that the user does not know."""
    for spelt in (repr(str(path)), str(path)):
        message = message.replace(f" of model {spelt}", "").replace(f"Model {spelt}", "The model")
        message = message.replace(f"model {spelt}", "the model").replace(spelt, "the model")
    return message


def _as_it_is(error: dict[str, str]) -> EdgehoneError:
    """An error of the child's, word for word."""
    kind = getattr(errors, error["kind"], ModelError)
    found: EdgehoneError = kind(error["message"], error["hint"])
    return found


def _translated(error: dict[str, str], model: Model) -> EdgehoneError:
    kind = getattr(errors, error["kind"], ConversionError)
    message = _with_no_file(error["message"], model.path.absolute())
    if kind is ConversionError:
        kinds = ", ".join(layer_kinds(model.path)) or "unknown"
        message = f"Cannot convert the model. {message.rstrip('.')}. Its layers: {kinds}."
    translated: EdgehoneError = kind(message, error["hint"])
    return translated
