"""A device that plays a script: made-up but reproducible timings, real outputs. For trying out.

The script is a JSON file. Times, sizes and counts follow from a model's size in KiB:
{"latency_ms": {"base": 0.05, "per_kib": 0.01}, "memory_bytes": {"base": 2e5, "per_kib": 1024},
 "instructions": {"base": 5e4, "per_kib": 1e4}, "spread": 0.02, "fails": {"*.onnx": "reason"},
 "conditions": [{"jobs": 6, "reference_ms": 0.2, "temperature_c": 50.0, "clock_mhz": 1500},
                {"reference_ms": 0.2, "busiest": [["cc1", 0.9]], "told": {"throttled": "…"}}],
 "waiting": [{"for": "calm", "reason": "…", "waited_s": 3.0}],
 "answers": [{"stdout", "stderr", "exit_code", "files": {name: base64}}]}
`conditions` are played in turn, each for so many jobs (1) before and after them, the last one for
all that follow; `waiting` is sent before each answer. `answers` are played word for word, one per
request, before the rules apply, with the files that were got after each; `edgehone bench --record`
writes them.
"""

import json
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from fnmatch import fnmatch
from itertools import repeat
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgehone.devices._base import Transport
from edgehone.errors import ConfigError, FileMissingError
from edgehone.system import processes
from edgehone.system.bounds import COUNT, MEMBERS, SCRIPT_BYTES
from edgehone.system.files import content as content_of
from edgehone.system.files import copy_whole, sha256_of, write_whole
from edgehone.system.library_errors import shortened
from edgehone.system.parsing import json_of
from edgehone.system.processes import Finished
from edgehone.values import NOTHING, Plain

PROTOCOL = 2
SAMPLES = 50
REALLY_ASKED = ("protocol", "deadline_s", "threads", "delegate", "seed")
"""What of a request holds for outputs that are computed here: nothing that waits or sets."""
RUNTIMES = {"litert": "scripted", "onnxruntime": "scripted"}


Rule = Mapping[Literal["base", "per_kib"], Annotated[float, Field(ge=0, le=COUNT)]]


class ScriptedState(BaseModel):
    """What is reported around so many jobs: a reading, whatever is in it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    jobs: Annotated[int, Field(ge=0, le=MEMBERS)] = 1

    @property
    def reading(self) -> Plain:
        """What is reported."""
        return self.model_extra or {}


@dataclass(frozen=True)
class Recorded:
    """One answer, word for word, and the files that were got after it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    timed_out: bool = False
    silent: bool = False
    files: Mapping[str, Base64Bytes] = NOTHING


@dataclass(frozen=True)
class Script:
    """The rules; base and per_kib give a model's time (ms), size (bytes) or instructions; spread
    is that of times, relative.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    latency_ms: Rule = field(default_factory=lambda: {"base": 0.05, "per_kib": 0.01})
    memory_bytes: Rule = field(default_factory=lambda: {"base": 2e5, "per_kib": 1e3})
    instructions: Rule = field(default_factory=lambda: {"base": 5e4, "per_kib": 1e4})
    spread: Annotated[float, Field(ge=0, le=1)] = 0.02
    fails: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[ScriptedState, ...] = ()
    waiting: tuple[Mapping[str, Any], ...] = ()
    answers: tuple[Recorded, ...] = ()


_SCRIPT = TypeAdapter(Script)


def read_script(file: Path) -> Script:
    """The script in a file; none is the default one. Raises ConfigError for unknown keys."""
    try:
        rules = json_of(content_of(file, SCRIPT_BYTES, ConfigError), SCRIPT_BYTES)
    except ValueError as error:
        raise ConfigError(f"{file} is not valid JSON: {error}.", "Correct the script.") from error
    known = [entry.name for entry in fields(Script)]
    if not isinstance(rules, dict):
        raise ConfigError(f"{file} is not a table of rules.", f"Known: {', '.join(known)}.")
    for key in rules:
        if key not in known:
            close = get_close_matches(key, known, n=1) or known
            raise ConfigError(f"{file}: unknown rule {key!r}.", f"Known: {', '.join(close)}.")
    try:
        script = _SCRIPT.validate_python(rules)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = f"{file}: {place}: {first['msg']}, got {shortened(repr(first['input']), 80)}."
        raise ConfigError(message, "Correct the script.") from error
    for name in (name for answer in script.answers for name in answer.files):
        if "\0" in name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            message = f"{file}: the file {name!r} of an answer lies outside of the device's folder."
            raise ConfigError(message, "Write its name relative to that folder.")
    return script


class Scripted(Transport):
    """Answers the runner program's requests by a script; `outputs` jobs are really run here."""

    EMULATED = True
    PYTHON: ClassVar[tuple[str, ...]] = (sys.executable,)

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._script = read_script(Path(address)) if address else Script()
        self._answers = list(self._script.answers)
        self._readings = _readings(self._script.conditions)
        self._temporary = TemporaryDirectory(prefix="edgehone-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)

    @property
    def identity(self) -> str:
        """The script's content."""
        return sha256_of(Path(self.address)) if self.address else ""

    def is_host(self) -> bool:
        """Outputs are computed here unless they come from a recording."""
        return not self._script.answers

    def put(self, source: Path, name: PurePosixPath, *, timeout_s: float) -> None:
        """Copy a file to the folder."""
        copy_whole(source, self._folder / name)

    def get(self, name: PurePosixPath, destination: Path, *, timeout_s: float) -> None:
        """Copy a file out of the folder. Raises DeviceError when it is not there."""
        if not (self._folder / name).is_file():
            raise FileMissingError(f"The scripted device has no file {name}.", "Check the script.")
        copy_whole(self._folder / name, destination)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Play the request named last in `argv`, which is [Python, runner program, request]."""
        if self._answers:
            return self._recorded(self._answers.pop(0), on_line)
        request = json.loads((self._folder / argv[-1]).read_text())
        done = self._really_run(argv[-2], request, timeout_s)
        lines: list[Plain] = [{**wait, "event": "waiting"} for wait in self._script.waiting]
        runtimes = RUNTIMES | {job["runtime"]: "scripted" for job in request["jobs"]}
        lines.append({"event": "start", "protocol": PROTOCOL, "runtimes": runtimes})
        for job in request["jobs"]:
            reading = next(self._readings)
            result = {
                **(done.get(job["id"]) or self._play(job)),
                "conditions": {"before": reading, "after": reading},
            }
            lines.append({**result, "event": "job", "job": job["id"], "kind": job["kind"]})
        lines.append({"event": "end", "jobs": len(request["jobs"])})
        texts = [json.dumps(line) + "\n" for line in lines]
        _pass_on(texts, on_line)
        return Finished(0, "".join(texts), "")

    def remove(self, *, timeout_s: float) -> None:
        """Empty the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    def _recorded(self, answer: Recorded, on_line: Callable[[str], None] | None) -> Finished:
        for name, content in answer.files.items():
            write_whole(self._folder / name, content)
        finished = Finished(
            answer.exit_code, answer.stdout, answer.stderr, answer.timed_out, answer.silent
        )
        _pass_on(finished.stdout.splitlines(keepends=True), on_line)
        return finished

    def _really_run(self, program: str, request: Plain, timeout_s: float) -> dict[str, Plain]:
        jobs = [job for job in request["jobs"] if job["kind"] == "outputs"]
        jobs = [job for job in jobs if not self._failure(job["model"])]
        if not jobs:
            return {}
        asked = {key: request[key] for key in REALLY_ASKED}
        (self._folder / "outputs.json").write_text(json.dumps({**asked, "jobs": jobs}))
        finished = processes.run(
            [*self.PYTHON, program, "outputs.json"],
            timeout_s=timeout_s,
            folder=self._folder,
            hold_input=True,
        )
        lines = [json.loads(line) for line in finished.stdout.splitlines()]
        return {line["job"]: line for line in lines if line["event"] == "job"}

    def _failure(self, model: str) -> str:
        fails = self._script.fails.items()
        return next((reason for pattern, reason in fails if fnmatch(model, pattern)), "")

    def _play(self, job: Plain) -> Plain:
        if job["kind"] == "prices":
            return {"prices": self._prices(job)}
        if reason := self._failure(job["model"]):
            return {"cause": "model", "error": reason}
        size = (self._folder / job["model"]).stat().st_size
        match job["kind"]:
            case "memory":
                return self._memory(size)
            case "instructions":
                return {"instructions": [self._count(size)] * job["runs"]}
            case _:
                return self._latency(job, size)

    def _latency(self, job: Plain, size: int) -> Plain:
        typical = 1e6 * self._rule(self._script.latency_ms, size)
        spread = self._script.spread
        chance = random.Random(f"{job['id']} {job['model']}")  # noqa: S311 # a script, no secret
        samples = [round(typical * (1 + spread * chance.random())) for _ in range(SAMPLES)]
        cold, init = round(2 * typical), round(10 * typical)
        return {"samples_ns": samples, "cold_ns": cold, "init_ns": init, "runs": SAMPLES}

    def _memory(self, size: int) -> Plain:
        peak = round(self._rule(self._script.memory_bytes, size))
        kept = {"model": size, "steady": peak, "process": 100_000_000 + peak}
        return {"peak": peak, **kept, "how": "scripted"}

    def _prices(self, job: Plain) -> list[Plain]:
        with zipfile.ZipFile(self._folder / job["archive"]) as archive:
            sizes = [archive.getinfo(name).file_size for name in job["models"]]
        return [
            {"error": reason} if (reason := self._failure(name)) else self._price(job, size)
            for name, size in zip(job["models"], sizes, strict=True)
        ]

    def _price(self, job: Plain, size: int) -> Plain:
        if job.get("count"):
            return {"instructions": self._count(size)}
        return {"passes_ns": [round(1e6 * self._rule(self._script.latency_ms, size))]}

    def _count(self, size: int) -> int:
        return round(self._rule(self._script.instructions, size))

    @staticmethod
    def _rule(rule: Rule, size_bytes: int) -> float:
        return rule.get("base", 0.0) + rule.get("per_kib", 0.0) * size_bytes / 1024


def _readings(conditions: Sequence[ScriptedState]) -> Iterator[Plain]:
    """One reading a job, without end."""
    for rule in conditions:
        yield from repeat(rule.reading, rule.jobs)
    yield from repeat(conditions[-1].reading if conditions else {})


def _pass_on(lines: Sequence[str], on_line: Callable[[str], None] | None) -> None:
    if on_line:
        for line in lines:
            on_line(line)
