"""The conversation with the runner program on a device: files and one request in, answers out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from edgehone import variants
from edgehone.errors import DeviceError, UsageError
from edgehone.measure.device import Device
from edgehone.measure.request import GRACE_S, request
from edgehone.programs._base import Program, event_in
from edgehone.programs._sending import send
from edgehone.runners._base import Runner
from edgehone.values import NOTHING, Plain

_HOST = Lock()
"""Held while this machine's processors answer: outputs that another device's are held against
are not computed beside a measurement here."""
Heard = Callable[[Plain], None]


@dataclass(frozen=True)
class Answer:
    """A whole answer: what the device said of itself, and every job's result by its id.

    waits: what was waited for before the first job, "lock" or "calm": {"waited_s", "reason"}.
    """

    machine: Plain
    jobs: Mapping[str, Plain]
    waits: Mapping[str, Plain] = NOTHING


def runner_for(file: Path) -> Runner:
    """The runtime that takes a file, by its ending. Raises UsageError when none does."""
    known: list[str] = []
    for name in variants.names("edgehone.runners", Runner):
        runner = variants.load("edgehone.runners", Runner, name)()
        if file.suffix.lower() in runner.SUFFIXES:
            return runner
        known += runner.SUFFIXES
    raise UsageError(f"{file} cannot be measured.", f"Give files ending in {', '.join(known)}.")


def put(device: Device, file: Path, folder: str) -> str:
    """Bring a file to the device, named by its content; returns its name there."""
    return send(device.transport, file, folder)


def ask(
    device: Device, jobs: Sequence[Plain], *, threads: int, seed: int, heard: Heard | None = None
) -> Answer:
    """Have the device do all jobs; `heard` gets each line of its answer as it comes.

    Raises DeviceError unless the answer is whole: a start, every job, and the end mark; also when
    another host measures on the device and does not end in time, or it is of another kind than its
    target.
    """
    asked = request(device, jobs, threads=threads, seed=seed)
    if jobs:
        device.doubt  # noqa: B018 - reading it refuses a device of another kind
    program = variants.load("edgehone.programs", Program, device.fitting.program)()
    with _HOST if device.transport.ON_HOST else nullcontext():
        finished = program.ask(
            device.transport,
            device.fitting,
            asked,
            timeout_s=asked["deadline_s"] + GRACE_S,
            heard=None if heard is None else lambda line: _tell(line, heard),
        )
    if device.recorder is not None:
        device.recorder.answered(finished)
    lines = [parsed for line in finished.stdout.splitlines() if (parsed := event_in(line))]
    _require_unlocked(device, lines)
    answer = _whole(lines, [job["id"] for job in jobs])
    if isinstance(answer, Answer):
        return answer
    last = finished.stderr.strip().rpartition("\n")[2][:300]
    raise DeviceError(
        f"Device {device.name!r} gave no whole answer ({answer}; {finished.ended_by})."
        + (f" It last said: {last}" if last else ""),
        "Check that the device is up and has Python with numpy and a runtime; then measure again.",
    )


def _require_unlocked(device: Device, lines: Sequence[Plain]) -> None:
    for line in lines:
        if line["event"] == "refused" and line.get("cause") == "locked":
            message = f"Another host is measuring on {device.name!r}: {line.get('reason')}."
            raise DeviceError(message, "Wait until it has finished, then measure again.")


def _tell(line: str, heard: Heard) -> None:
    if parsed := event_in(line):
        heard(parsed)


def _whole(lines: Sequence[Plain], asked: Sequence[str]) -> Answer | str:
    """The answer, or why it is not whole."""
    refused = [line for line in lines if line["event"] == "refused"]
    if refused:
        return f"it refused the request: {refused[0].get('reason')}"
    starts = [line for line in lines if line["event"] == "start"]
    if not starts:
        return "it did not begin"
    jobs = {line.get("job"): line for line in lines if line["event"] == "job"}
    missing = [job for job in asked if job not in jobs]
    if missing:
        return f"{len(missing)} of {len(asked)} jobs were not answered"
    if lines[-1]["event"] != "end":
        return "the end mark is missing"
    waits = {
        str(line.get("for")): {"waited_s": line.get("waited_s"), "reason": line.get("reason")}
        for line in lines
        if line["event"] == "waiting"
    }
    return Answer(starts[0], {str(job): jobs[job] for job in asked}, waits)
