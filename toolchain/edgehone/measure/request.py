"""The request that a device is sent: the jobs, and what its target says of measuring there."""

import os
import pwd
import socket
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from edgehone.measure.device import Device
from edgehone.measure.liveness import ALIVE_S
from edgehone.runners._base import PROTOCOL
from edgehone.targets import Target
from edgehone.values import Plain

GRACE_S = 30.0
"""Longer than the runner program's own deadline, so that its answer wins."""
ALLOWANCE_S = {
    "latency": 120.0,
    "memory": 60.0,
    "outputs": 600.0,
    "prices": 60.0,
    "instructions": 60.0,
}
"""What a job may take beyond its minimum times: generous, only a bound on what hangs."""
EMULATION = 20.0
"""How much longer an emulated device may take."""
LOCK_WAIT_S = 30.0
"""How long another host that measures on the device is waited for: a few blocks, not its run."""
HOST_LOCK_WAIT_S = 900.0
"""How long another process that measures on this machine is waited for: most of a batch."""
COOL_MARGIN_C = 10.0
"""How far below its limit a device must be to begin, or the first blocks would reach it."""


def request(device: Device, jobs: Sequence[Plain], *, threads: int, seed: int) -> Plain:
    """All of one request. Without jobs nothing is waited for and nothing set: it only asks."""
    target = device.target
    slower = EMULATION if target.emulated else 1.0
    jobs = [{**job, "limit_s": slower * _allowance_s(job)} for job in jobs]
    lock_s = HOST_LOCK_WAIT_S if device.transport.ON_HOST else LOCK_WAIT_S
    waits_s = lock_s + target.patience_s if jobs else 0.0
    lock = {"path": device.transport.lock, "wait_s": lock_s, "by": _requester()}
    return {
        "protocol": PROTOCOL,
        "deadline_s": GRACE_S + waits_s + sum(job["limit_s"] for job in jobs),
        "threads": threads,
        "delegate": target.delegate,
        "seed": seed,
        "cores": list(target.big_cores),
        "watch_stdin": True,
        "alive_s": ALIVE_S,
        "lock": lock if jobs and device.transport.lock else None,
        "sensors": asdict(target.sensors),
        "steady": asdict(target.steady) if jobs else None,
        "calm": _calm(target) if jobs else None,
        "libraries": dict(device.installation.libraries),
        "jobs": jobs,
    }


def _requester() -> str:
    """This process, as others that wait for it see it."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user may have no name
        user = f"user {os.geteuid()}"
    since = datetime.now(UTC).strftime("%H:%M:%S UTC")
    return f"process {os.getpid()} of {user} on {socket.gethostname()} since {since}"


def _calm(target: Target) -> Plain | None:
    if target.patience_s == 0:
        return None
    return {
        "temperature_c": target.temperature_limit_c - COOL_MARGIN_C,
        "load_per_core": target.idle_load,
        "wait_s": target.patience_s,
    }


def _allowance_s(job: Plain) -> float:
    rounds = len(job.get("models", (1,))) * job.get("passes", 1)
    timed_s: float = 2 * (job.get("warmup_s", 0.0) + job.get("minimum_s", 0.0)) + 0.05
    return float(ALLOWANCE_S[job["kind"]] + rounds * timed_s)
