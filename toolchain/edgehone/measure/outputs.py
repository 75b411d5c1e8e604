"""Outputs for data, fetched from the device that computed them."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np

from edgehone.errors import DeviceError
from edgehone.measure.device import Device
from edgehone.measure.exchange import Answer
from edgehone.measure.plan import Array
from edgehone.programs._sending import TRANSFER_S
from edgehone.values import Plain


def fetched(answer: Answer, device: Device, jobs: Sequence[Plain]) -> dict[str, Array]:
    """Outputs (n, …) float32 by job, of those jobs that have some and did not fail.

    Raises DeviceError when the device is lost or has no readable outputs.
    """
    found: dict[str, Array] = {}
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / "outputs.npy"
        for job in jobs:
            if job["kind"] != "outputs" or answer.jobs[job["id"]].get("error"):
                continue
            device.transport.get(PurePosixPath(job["outputs"]), file, timeout_s=TRANSFER_S)
            if device.recorder is not None:
                device.recorder.got(job["outputs"], file)
            try:
                found[job["id"]] = np.load(file, allow_pickle=False)
            except (ValueError, EOFError) as error:
                message = f"Device {device.name!r} gave outputs that cannot be read: {error}."
                raise DeviceError(message, "Measure again.") from error
    return found
