"""The conversation with the runner program on a device: files and one request in, answers out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from edgehone import formats
from edgehone.errors import ConfigError, DeviceError, NonsenseError, UsageError
from edgehone.measure.device import Device
from edgehone.measure.liveness import Liveness
from edgehone.measure.request import GRACE_S, request
from edgehone.runners._base import PROTOCOL, Runner
from edgehone.runners._sending import send
from edgehone.runners.protocol.answers import disorder, event_in, whole_job
from edgehone.runners.runtimes._base import Runtime
from edgehone.runners.runtimes._own import OwnRuntime
from edgehone.system import variants
from edgehone.system.bounds import BeyondBoundsError
from edgehone.values import NOTHING, Plain

_HOST = Lock()
"""Held while this machine's processors answer: outputs that another device's are held against
are not computed beside a measurement here."""
END_THERE = 'kill -CONT "$1" && sleep 3 && kill -KILL "$1"'
END_THERE_S = 30.0
OnLine = Callable[[Plain], None]


@dataclass(frozen=True)
class Answer:
    """A whole answer: what the device said of itself, and every job's result by its id.

    waits: what was waited for before the first job, "lock" or "calm": {"waited_s", "reason"}.
    """

    machine: Plain
    jobs: Mapping[str, Plain]
    waits: Mapping[str, Plain] = NOTHING


def runtime_for(file: Path) -> Runtime:
    """The runtime that takes a file, by its ending. Raises UsageError when none does."""
    own = formats.of_suffix(file)
    if own is not None and own.SESSION is not None:
        return OwnRuntime(own.SUFFIX, own.SESSION)
    known: list[str] = []
    for name in variants.names("edgehone.runners.runtimes", Runtime):
        runtime = variants.load("edgehone.runners.runtimes", Runtime, name)()
        if file.suffix.lower() in runtime.SUFFIXES:
            return runtime
        known += runtime.SUFFIXES
    hint = f"Give files ending in {', '.join(known)}."
    if own is not None:
        hint = f"Set SESSION in {own.name} to a file of Python that runs its files on devices."
    raise UsageError(f"{file} cannot be measured.", hint)


def runtime_keys(device: Device, runtime: Runtime) -> dict[str, str]:
    """How a job names a runtime; a user's own is brought to the device. Raises DeviceError for a
    device that runs no Python.
    """
    if runtime.SESSION is None:
        return {"runtime": runtime.RUNTIME}
    program = device.installation.program
    if program != "python":
        raise DeviceError(
            f"Device {device.name!r} runs the program {program!r}, and {runtime.SUFFIXES[0]} files "
            "are run by Python.",
            f"Set it up with Python: edgehone devices setup {device.name} --runner python",
        )
    if not runtime.SESSION.is_file():
        raise ConfigError(
            f"File not found: {runtime.SESSION}.",
            f"SESSION names the file of Python that runs {runtime.SUFFIXES[0]} files on devices.",
        )
    return {"runtime": runtime.RUNTIME, "session": put(device, runtime.SESSION, "sessions")}


def put(device: Device, file: Path, folder: str) -> str:
    """Bring a file to the device, named by its content; returns its name there."""
    return send(device.transport, file, folder)


def ask(
    device: Device, jobs: Sequence[Plain], *, threads: int, seed: int, on_line: OnLine | None = None
) -> Answer:
    """Have the device do all jobs; `on_line` gets each line of its answer as it comes.

    Raises DeviceError unless the answer is whole: a start, every job, and the end mark; also when
    another host measures on the device and does not end in time, or it is of another kind than its
    target.
    """
    asked = request(device, jobs, threads=threads, seed=seed)
    if jobs:
        device.doubt  # noqa: B018 - reading it refuses a device of another kind
    program = variants.load("edgehone.runners", Runner, device.installation.program)()
    try:
        return _answered(device, program, asked, on_line)
    except BeyondBoundsError as error:
        message = f"Device {device.name!r} does not stop answering: {error}."
        raise NonsenseError(message, "Check what answers there.") from error
    except NonsenseError as error:
        message = error.message.replace("The device", f"Device {device.name!r}", 1)
        named = NonsenseError(message, error.hint.replace("NAME", device.name))
        for note in getattr(error, "__notes__", ()):
            named.add_note(note)
        raise named from error


def _answered(device: Device, program: Runner, asked: Plain, on_line: OnLine | None) -> Answer:
    """The whole answer to a request. Raises DeviceError, unless it is one."""
    liveness = Liveness(device.transport.SILENCE_S)
    with _HOST if device.transport.ON_HOST else nullcontext():
        finished = program.ask(
            device.transport,
            device.installation,
            asked,
            timeout_s=asked["deadline_s"] + GRACE_S,
            on_line=lambda line: _pass_on(line, liveness.on_line, on_line),
            overdue=liveness.overdue,
        )
    if device.recorder is not None:
        device.recorder.answered(finished)
    lines = [parsed for line in finished.stdout.split("\n") if (parsed := event_in(line))]
    _require_unlocked(device, lines)
    if finished.silent:
        if not device.transport.ON_HOST:
            _end_there(device, liveness.process)
        raise DeviceError(
            f"Device {device.name!r} was given up: {liveness.silence}.",
            "What answers there was stopped or hangs, or the link does: check the device, end the "
            "runner if it is still there, then measure again.",
        )
    if wrong := disorder(lines):
        raise NonsenseError(f"The device answers what cannot be: {wrong}.", "Measure again.")
    answer = _whole(lines, asked["jobs"])
    if isinstance(answer, Answer):
        return answer
    last = finished.stderr.strip().rpartition("\n")[2][:300]
    raise DeviceError(
        f"Device {device.name!r} gave no whole answer ({answer}; {finished.ended_by})."
        + (f" It last said: {last}" if last else ""),
        "Check that the device is up and has Python with numpy and a runtime; then measure again.",
    )


def _end_there(device: Device, process: int | None) -> None:
    """End a program that was given up, if its device can be reached: it would hold the lock."""
    if process is None:
        return
    with suppress(DeviceError):  # that it is lost is reported anyway
        words = ["sh", "-c", END_THERE, "sh", str(process)]
        device.transport.run(words, timeout_s=END_THERE_S)


def _require_unlocked(device: Device, lines: Sequence[Plain]) -> None:
    for line in lines:
        if line["event"] == "refused" and line.get("cause") == "locked":
            who = "process" if device.transport.ON_HOST else "host"
            message = f"Another {who} is measuring on {device.name!r}: {line.get('reason')}."
            raise DeviceError(message, "Wait until it has finished, then measure again.")


def _pass_on(line: str, *listeners: OnLine | None) -> None:
    if parsed := event_in(line):
        for on_line in filter(None, listeners):
            on_line(parsed)


def _whole(lines: Sequence[Plain], asked: Sequence[Plain]) -> Answer | str:
    """The answer, or why it is not whole."""
    refused = [line for line in lines if line["event"] == "refused"]
    if refused:
        return f"it refused the request: {refused[0].get('reason')}"
    starts = [line for line in lines if line["event"] == "start"]
    if not starts:
        return "it did not begin"
    spoken = starts[0].get("protocol", PROTOCOL)
    if spoken != PROTOCOL:
        return f"it speaks protocol {spoken}, this version speaks {PROTOCOL}"
    jobs = {line.get("job"): line for line in lines if line["event"] == "job"}
    missing = [job["id"] for job in asked if job["id"] not in jobs]
    if missing:
        return f"{len(missing)} of {len(asked)} jobs were not answered"
    if lines[-1]["event"] != "end":
        return "the end mark is missing"
    wrong = [why for job in asked if (why := whole_job(job, jobs[job["id"]]))]
    if wrong:
        return wrong[0]
    waits = {
        str(line.get("for")): {"waited_s": line.get("waited_s"), "reason": line.get("reason")}
        for line in lines
        if line["event"] == "waiting"
    }
    return Answer(starts[0], {job["id"]: jobs[job["id"]] for job in asked}, waits)
