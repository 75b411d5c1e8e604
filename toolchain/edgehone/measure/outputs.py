"""Outputs for data, fetched from the device that computed them."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgehone.errors import NonsenseError
from edgehone.measure.device import Device
from edgehone.measure.exchange import Answer
from edgehone.measure.plan import Array
from edgehone.runners._sending import TRANSFER_S
from edgehone.system.arrays import BROKEN, npy
from edgehone.system.bounds import OUTPUT_BYTES
from edgehone.system.library_errors import sentence
from edgehone.values import Plain


def fetched(answer: Answer, device: Device, jobs: Sequence[Plain]) -> dict[str, Array]:
    """Outputs (n, …) float32 by job, of those jobs that have some and did not fail.

    Raises DeviceError when the device is lost or has no outputs that can be.
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
            found[job["id"]] = _read(file, device.name, answer.jobs[job["id"]]["n"])
    return found


def _read(file: Path, device: str, count: int) -> Array:
    """Outputs of so many samples. Raises NonsenseError for anything else."""
    try:
        outputs = npy(file, OUTPUT_BYTES)
    except BROKEN as error:
        message = f"Device {device!r} gave outputs that cannot be read: {sentence(error)}."
        raise NonsenseError(message, "Measure again.") from error
    if outputs.dtype.kind != "f" or outputs.shape[:1] != (count,):
        raise NonsenseError(
            f"Device {device!r} gave outputs of type {outputs.dtype} and shape {outputs.shape} "
            f"for {count} samples.",
            "Measure again.",
        )
    return outputs
