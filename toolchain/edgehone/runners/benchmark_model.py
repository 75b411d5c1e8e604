"""TFLite's own `benchmark_model`, the user's copy: latency and memory, where nothing else runs."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from edgehone.devices._base import Transport
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners import _benchmark_text
from edgehone.runners._base import PROTOCOL, Runner, Supplies
from edgehone.runners._sending import LIBRARY_S
from edgehone.runners._starting import explained
from edgehone.runners.setup.installation import Installation, record
from edgehone.system.files import sha256_of
from edgehone.system.processes import Finished
from edgehone.targets import Target
from edgehone.values import Event, Plain

PROGRAM = PurePosixPath("bin/benchmark_model")
TRIAL_S = 60.0
WARMUP_RUNS = 1
MEMORY_RUNS = 5
NO_LIMIT_S = 3600.0
"""For a job that has no time limit of its own."""
KINDS = ("latency", "memory")
GET_PROGRAM = (
    "Give it with --program FILE: LiteRT's documentation of its benchmark tools links to builds "
    "for Android and Linux."
)


class BenchmarkModel(Runner):
    """A program of another project, run job by job; it reads no sensors and sets nothing.

    It tells no single samples: a job's only sample is the median of its inferences, or where it
    does not tell that their mean; the rest stands in `summary_ns`.
    """

    def install(self, transport: Transport, target: Target, supplies: Supplies) -> Installation:
        """Bring the user's copy and have it say that it is one; its hash is written down."""
        if supplies.program is None:
            raise ConfigError(
                "The program benchmark_model is not edgehone's to bring.", GET_PROGRAM
            )
        supplies.progress(Event("send", supplies.program.name))
        transport.put(supplies.program, PROGRAM, timeout_s=LIBRARY_S)
        supplies.progress(Event("try", "benchmark_model"))
        try:
            _try_out(transport, supplies.program.name)
        except DeviceError as error:
            raise explained(error, supplies.program.name, target.architecture) from error
        hashed = sha256_of(supplies.program)
        installation = Installation("benchmark_model", (str(PROGRAM),), source=hashed)
        record(transport, installation)
        return installation

    def ask(
        self,
        transport: Transport,
        installation: Installation,
        request: Plain,
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run the jobs one by one, and put what was printed into the protocol's words."""
        talk = _Talk(transport, installation, request, time.monotonic() + timeout_s)
        said = []
        for line in talk.lines():
            said.append(json.dumps(line) + "\n")
            if on_line is not None:
                on_line(said[-1])
        return Finished(0, "".join(said), "")


def _try_out(transport: Transport, name: str) -> None:
    """Raise DeviceError unless it explains itself as benchmark_model does."""
    finished = transport.run([str(PROGRAM), "--help"], timeout_s=TRIAL_S)
    if "graph" not in finished.stdout + finished.stderr:
        last = finished.stderr.strip().rpartition("\n")[2][:300] or "nothing"
        raise DeviceError(
            f"{name} does not work on the device as benchmark_model does "
            f"({finished.ended_by}; last said: {last}).",
            GET_PROGRAM,
        )


@dataclass
class _Talk:
    """One request being answered; `broken`: models that crashed or hung, and how."""

    transport: Transport
    installation: Installation
    request: Plain
    stop_s: float
    broken: dict[str, Plain] = field(default_factory=dict)

    def lines(self) -> Iterator[Plain]:
        """The answer, line by line."""
        jobs: Sequence[Plain] = self.request.get("jobs", ())
        yield self._start()
        for job in jobs:
            named = {"event": "job", "job": job["id"], "kind": job["kind"]}
            result = self._result({**_defaults(self.request), **job})
            yield {**named, **result, "conditions": {"before": {}, "after": {}}}
        yield {"event": "end", "jobs": len(jobs)}

    def _start(self) -> Plain:
        finished = self.transport.run(["uname", "-sm"], timeout_s=TRIAL_S)
        system, _, machine = finished.stdout.strip().partition(" ")
        return {
            "event": "start",
            "protocol": PROTOCOL,
            "program": "benchmark_model",
            "system": system,
            "machine": machine,
            "runtimes": {"litert": f"benchmark_model {self.installation.source[:12]}"},
            "missing": {"onnxruntime": "benchmark_model runs .tflite files only"},
            "steadied": [],
            "unsteadied": {},
            "conditions": {},
        }

    def _result(self, job: Plain) -> Plain:
        model = job.get("model", "")
        if job["kind"] not in KINDS or job["runtime"] != "litert":
            what = job["kind"] if job["kind"] not in KINDS else job["runtime"]
            return _error("runtime", f"benchmark_model does no {what}; set up another program")
        if model in self.broken:
            return self.broken[model]
        left_s = self.stop_s - time.monotonic()
        if left_s <= 0:
            return _error("time", "the time limit was reached before its turn")
        limit_s = min(left_s, job.get("limit_s", NO_LIMIT_S))
        result = self._run(job, limit_s)
        if result.get("cause") == "model" and job.get("delegate") != "none":
            again = self._run({**job, "delegate": "none"}, limit_s)
            result = result if "error" in again else {**again, "fallback": result["error"]}
        if result.get("cause") in ("crash", "time"):
            self.broken[model] = result
        return result

    def _run(self, job: Plain, limit_s: float) -> Plain:
        words = [*_pinned(job), *self.installation.command, *_flags(job, limit_s)]
        return _read(job, self.transport.run(words, timeout_s=limit_s))


def _defaults(request: Plain) -> Plain:
    keys = ("threads", "delegate", "cores")
    return {key: request[key] for key in keys if key in request}


def _pinned(job: Plain) -> list[str]:
    """The words before a program that keep it on some processors."""
    mask = sum(1 << core for core in job.get("cores", ()))
    return ["taskset", f"{mask:x}"] if mask else []


def _flags(job: Plain, limit_s: float) -> list[str]:
    """The program's words for a job."""
    flags: Mapping[str, object] = {
        "graph": job["model"],
        "num_threads": job.get("threads", 1),
        "use_xnnpack": str(job.get("delegate") != "none").lower(),
        "warmup_runs": WARMUP_RUNS,
        "warmup_min_secs": job.get("warmup_s", 0.0),
        "num_runs": job.get("minimum_count", MEMORY_RUNS),
        "min_secs": job.get("minimum_s", 0.0),
        "max_secs": limit_s,
    }
    if job["kind"] == "memory":
        flags = {**flags, "report_peak_memory_footprint": "true"}
    return [f"--{name}={value}" for name, value in flags.items()]


def _read(job: Plain, finished: Finished) -> Plain:
    text = f"{finished.stdout}\n{finished.stderr}"
    if finished.timed_out:
        return _error("time", "the time limit was reached")
    if finished.exit_code < 0 or finished.exit_code > 128:
        return _error("crash", f"benchmark_model crashed ({finished.ended_by})")
    if finished.exit_code != 0:
        sentence = (
            _benchmark_text.complaint(text) or f"benchmark_model failed ({finished.ended_by})"
        )
        return _error("model", sentence)
    ignored = _benchmark_text.ignored_flags(text)
    if job.get("delegate") == "none" and "use_xnnpack" in ignored:
        return _error("runtime", "this benchmark_model cannot run without XNNPACK")
    if job["kind"] == "memory":
        memory = _benchmark_text.memory(text)
        return memory or _error("runtime", "this benchmark_model does not report memory")
    return _latency(text)


def _latency(text: str) -> Plain:
    found = _benchmark_text.summary(text)
    if found is None:
        return _error("runtime", "what benchmark_model printed cannot be read")
    typical = found.inference_ns[found.typical]
    if typical <= 0:
        return _error("runtime", "this benchmark_model reports times too coarsely for this model")
    return {
        "init_ns": found.init_ns,
        "cold_ns": found.cold_ns,
        "samples_ns": [typical],
        "runs": found.runs,
        "waited": None,
        "sample": found.typical,
        "summary_ns": found.inference_ns,
    }


def _error(cause: str, text: str) -> Plain:
    return {"error": text, "cause": cause}
