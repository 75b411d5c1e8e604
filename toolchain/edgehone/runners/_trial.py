"""The first conversation with a program that was just brought to a device: what it can do."""

from edgehone.devices._base import Transport
from edgehone.errors import DeviceError
from edgehone.runners._base import PROTOCOL, Runner
from edgehone.runners.protocol.answers import event_in
from edgehone.runners.setup.installation import Installation
from edgehone.targets import Target
from edgehone.values import Plain

TRIAL_S = 180.0
"""A slow card and a cold cache: a Raspberry Pi Zero 2 W takes half a minute to import all."""


def try_out(
    program: Runner, transport: Transport, installation: Installation, target: Target
) -> Plain:
    """Ask a program for nothing but what it is; its `start`, which lists the runtimes.

    Raises DeviceError unless it answers whole and has the target's runtime.
    """
    request = {
        "protocol": PROTOCOL,
        "deadline_s": TRIAL_S,
        "threads": target.threads,
        "delegate": target.delegate,
        "seed": 0,
        "libraries": dict(installation.libraries),
        "jobs": [],
    }
    finished = program.ask(transport, installation, request, timeout_s=TRIAL_S)
    events = {line["event"]: line for line in map(event_in, finished.stdout.split("\n")) if line}
    if "start" not in events or "end" not in events:
        last = finished.stderr.strip().rpartition("\n")[2][:300] or "nothing"
        raise DeviceError(
            f"The runner does not work on the device ({finished.ended_by}; last said: {last}).",
            "Run the same set-up again; if that does not help, run it once more after --remove.",
        )
    start = events["start"]
    if not (start.get("runtimes") or {}).get(target.runtime):
        why = (start.get("missing") or {}).get(target.runtime) or "it is not there"
        raise DeviceError(
            f"The runtime {target.runtime} does not work on the device: {why}.",
            "A library of its system may be missing or too old; install what the message names.",
        )
    return start
