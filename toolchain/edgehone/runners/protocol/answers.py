"""The lines that a program on a device answers with, parsed into values that can be.

`targets/runner/PROTOCOL.md` says what they mean. What a device tells is checked here, once: types,
finite numbers, times above zero, sizes and lengths. Unknown keys and events are passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgehone.errors import NonsenseError
from edgehone.system import bounds
from edgehone.system.library_errors import shortened
from edgehone.system.parsing import json_text
from edgehone.values import Plain

_SHOWN = 2000
"""Characters of a line that are kept for `--debug`."""

Word = Annotated[str, Field(max_length=bounds.PATH_CHARACTERS)]
Text = Annotated[str, Field(max_length=bounds.TEXT_CHARACTERS)]
Number = Annotated[float, Field(ge=-bounds.WEIGHT, le=bounds.WEIGHT, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Nanoseconds = Annotated[int, Field(gt=0, le=bounds.NANOSECONDS)]
Bytes = Annotated[int, Field(ge=0, le=bounds.MEMORY_BYTES)]
Count = Annotated[int, Field(ge=0, le=bounds.COUNT)]
Counted = Annotated[int, Field(gt=0, le=bounds.COUNT)]
Texts = Annotated[dict[Word, Text], Field(max_length=bounds.LISTED)]
Busy = Annotated[tuple[Word, Amount], Field(strict=False)]  # JSON has lists
Cause = Literal["model", "runtime", "crash", "time"]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Reading(_Line):
    """What a device does at one moment; nothing of it need be known."""

    load1: Amount | None = None
    clock_mhz: Amount | None = None
    governor: Word | None = None
    temperature_c: Number | None = None
    reference_ms: Amount | None = None
    busiest: Annotated[list[Busy], Field(max_length=bounds.LISTED)] = []
    told: Texts = {}


class Start(_Line):
    """What the device is, and which runtimes work there."""

    event: Literal["start"]
    protocol: Count = 0
    program: Word = ""
    system: Word = ""
    machine: Word = ""
    python: Word = ""
    cpus: Annotated[int, Field(ge=1, le=bounds.THREADS * 64)] | None = None
    memory_bytes: Bytes | None = None
    features: Annotated[list[Word], Field(max_length=bounds.LISTED)] = []
    runtimes: Texts = {}
    missing: Texts = {}
    steadied: Annotated[list[Text], Field(max_length=bounds.LISTED)] = []
    unsteadied: Texts = {}
    conditions: Reading = Reading()


class Waiting(_Line):
    """What is waited for before the first job."""

    event: Literal["waiting"]
    for_: Word = Field(default="", alias="for")
    reason: Text = ""
    waited_s: Amount = 0.0


class Alive(_Line):
    """A sign of life: in how many seconds the next one comes, and of which process it is."""

    event: Literal["alive"]
    job: Word = ""
    within_s: Amount = 0.0
    process: Annotated[int, Field(gt=1, lt=2**31)] | None = None


class Progress(_Line):
    """How far a long job is."""

    event: Literal["progress"]
    job: Word
    done: Count
    total: Count


class Refused(_Line):
    """Why the request is not answered."""

    event: Literal["refused"]
    cause: Word | None = None
    reason: Text | None = None


class End(_Line):
    """The end mark."""

    event: Literal["end"]
    jobs: Count = 0


class Around(_Line):
    """Readings before and after a job."""

    before: Reading = Reading()
    after: Reading = Reading()


class Job(_Line):
    """One job's answer: results by its kind, or an error."""

    event: Literal["job"]
    job: Word
    kind: Word
    conditions: Around = Around()
    fallback: Text | None = None


class Failed(Job):
    """A job that could not be done."""

    error: Annotated[Text, Field(min_length=1)]
    cause: Cause | None = None


class LatencyJob(Job):
    """Times of one block."""

    init_ns: Nanoseconds
    cold_ns: Nanoseconds
    samples_ns: Annotated[list[Nanoseconds], Field(min_length=1, max_length=bounds.INFERENCES)]
    runs: Counted | None = None
    waited: Amount | None = None
    sample: Word = ""
    summary_ns: Annotated[dict[Word, Number | Count], Field(max_length=bounds.LISTED)] = {}


class MemoryJob(Job):
    """Resident memory."""

    peak: Bytes
    model: Bytes
    process: Bytes
    steady: Bytes | None = None
    how: Word = ""


class OutputsJob(Job):
    """How many samples were answered."""

    n: Count


class InstructionsJob(Job):
    """Instructions of every counted inference."""

    instructions: Annotated[list[Counted], Field(min_length=1, max_length=bounds.INFERENCES)]


class PriceEntry(_Line):
    """What one small model costs, or why that is not known."""

    error: Text | None = None
    passes_ns: Annotated[list[Nanoseconds], Field(max_length=bounds.LISTED)] = []
    instructions: Counted | None = None


class PricesJob(Job):
    """What many small models cost."""

    prices: Annotated[list[PriceEntry], Field(max_length=bounds.MEMBERS)]


_EVENTS: Mapping[str, type[_Line]] = {
    "start": Start,
    "waiting": Waiting,
    "alive": Alive,
    "progress": Progress,
    "refused": Refused,
    "end": End,
}
_JOBS: Mapping[str, type[Job]] = {
    "latency": LatencyJob,
    "memory": MemoryJob,
    "outputs": OutputsJob,
    "instructions": InstructionsJob,
    "prices": PricesJob,
}


def event_in(line: str) -> dict[str, Any] | None:
    """One line of an answer; None for anything else that a device may print.

    Raises NonsenseError, which keeps the line, for a line of the protocol that cannot be.
    """
    try:
        found = json_text(line, bounds.LINE_CHARACTERS)
    except bounds.BeyondBoundsError as error:
        raise _nonsense(f"a line is {error}", line) from error
    except ValueError:  # a login's greeting, what a library prints
        return None
    if not isinstance(found, dict) or "event" not in found:
        return None
    model = _model_of(found, line)
    if model is None:
        return None
    try:
        parsed = model.model_validate(found, by_name=False, by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in ("answer", *first["loc"]))
        text = shortened(repr(first["input"]), 80)
        raise _nonsense(f"{place}: {first['msg']}, got {text}", line) from error
    return parsed.model_dump(exclude_unset=True, by_alias=True)


def whole_job(asked: Plain, answered: Plain) -> str:
    """What of a job's answer does not belong to what was asked; "": nothing."""
    if answered["kind"] != asked["kind"]:
        return f"{asked['kind']} was asked for, {shortened(answered['kind'], 80)!r} answered"
    if "prices" in answered and len(answered["prices"]) != len(asked.get("models", ())):
        return f"{len(answered['prices'])} prices for {len(asked.get('models', ()))} models"
    return ""


def disorder(lines: Sequence[Plain]) -> str:
    """What in the order of an answer's lines cannot be: time and progress that run backwards, jobs
    that are answered twice; "": nothing.
    """
    seen: set[str] = set()
    waited: dict[str, float] = {}
    done: dict[str, int] = {}
    for line in lines:
        match line["event"]:
            case "job" if line["job"] in seen:
                return f"job {shortened(line['job'], 80)!r} is answered twice"
            case "job":
                seen.add(line["job"])
            case "waiting":
                what, waited_s = line.get("for", ""), line.get("waited_s", 0.0)
                if waited_s < waited.setdefault(what, 0.0):
                    return f"it has waited {waited[what]:g} s, then {waited_s:g} s"
                waited[what] = waited_s
            case "progress":
                if not done.get(line["job"], 0) <= line["done"] <= line["total"]:
                    return f"{line['done']} of {line['total']} steps are done after more were"
                done[line["job"]] = line["done"]
    return ""


def _model_of(found: Mapping[str, Any], line: str) -> type[_Line] | None:
    event, kind = found["event"], found.get("kind")
    if not isinstance(event, str):
        raise _nonsense(f"an event is called {shortened(repr(event), 80)}", line)
    if event != "job":
        return _EVENTS.get(event)
    if "error" in found:
        return Failed
    if not isinstance(kind, str) or kind not in _JOBS:
        raise _nonsense(f"a job is of kind {shortened(repr(kind), 80)}", line)
    return _JOBS[kind]


def _nonsense(what: str, line: str) -> NonsenseError:
    error = NonsenseError(
        f"The device answers what cannot be: {what}.",
        "Measure again; if it answers so again, set it up again: edgehone devices setup NAME. "
        "With --debug, the line that it answered is shown.",
    )
    error.add_note(f"It answered: {line[:_SHOWN].rstrip()}")
    return error
