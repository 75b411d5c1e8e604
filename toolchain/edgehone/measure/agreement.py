"""How a device's outputs differ from this machine's for the same file, and what is to blame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgehone.measure.plan import Array
from edgehone.tasks.outputs import threshold_of
from edgehone.values import Plain

Labels = Callable[[Array, float], Array | None]
"""(n, ...) outputs and a threshold -> the labels that they mean, integers (n, ...); None: none."""

FLOAT_NOISE = 1e-5
"""Difference of real outputs, relative to the largest, that another order of additions explains:
a float32 has 24 bits (6e-8), and sums of some thousand products were seen to move by 1e-6."""


@dataclass(frozen=True)
class Side:
    """What computed outputs: the runtime with its version, and the machine's architecture."""

    runtime: str
    machine: str

    @property
    def version(self) -> str:
        """The runtime's alone: the library of one package goes by several names."""
        return self.runtime.rpartition(" ")[2]


@dataclass(frozen=True)
class Outputs:
    """The same file's outputs for the same samples, split by split: (n, …) each.

    device: there; host: here, with the kernels asked for; plain: here with plain kernels, or none.
    """

    device: Sequence[Array]
    host: Sequence[Array]
    plain: Sequence[Array] = ()


def differences(outputs: Outputs, *, scale: float | None, labels: Labels) -> Plain:
    """Count and size of what differs between device and host.

    scale: of integer outputs, None for real ones, which may differ by FLOAT_NOISE. labels: those of
    the task (`TaskKind.labels`). Returns {"n": samples, "values": numbers in all, "different": of
    these, "largest_steps": largest difference in steps of `scale`, or None; "largest_relative": to
    the host's largest output, or None when all are 0 or not finite; "labels_different": samples
    with another label, or None without labels}.
    """
    on_device, on_host = _flat(outputs.device), _flat(outputs.host)
    largest = float(np.max(np.abs(on_host), initial=0.0))
    bound = scale / 2 if scale else FLOAT_NOISE * largest
    with np.errstate(invalid="ignore"):  # infinity minus infinity; `same` knows those
        error = np.abs(on_device - on_host)
    same = (error <= bound) | (np.isnan(on_device) & np.isnan(on_host)) | (on_device == on_host)
    most = float(np.max(error, initial=0.0, where=~np.isnan(error)))
    return {
        "n": sum(len(split) for split in outputs.host),
        "values": int(on_host.size),
        "different": int((~same).sum()),
        "largest_steps": round(most / scale) if scale and np.isfinite(most) else None,
        "largest_relative": most / largest if largest and np.isfinite(most / largest) else None,
        "labels_different": _labels_different(outputs, labels),
    }


def blame(outputs: Outputs, device: Side, host: Side, *, scale: float | None) -> tuple[str, str]:
    """What makes the outputs differ, in a word and in words: "delegate" when the device computes
    what plain kernels do, "version" when another one runs there, "kernels" when it is the same.
    """
    if outputs.plain and _same(outputs, scale):
        return "delegate", "XNNPACK is not used on the device: its outputs are the plain kernels'"
    if device.version != host.version:
        return "version", f"the device runs {device.runtime}, this machine {host.runtime}"
    where = f"{device.machine or 'the device'} and {host.machine or 'this machine'}"
    return "kernels", f"the kernels of {device.runtime} for {where} round differently"


def _same(outputs: Outputs, scale: float | None) -> bool:
    """Whether the device computes what plain kernels do here."""
    plain = Outputs(outputs.device, outputs.plain)
    return not differences(plain, scale=scale, labels=_no_labels)["different"]


def _no_labels(_outputs: Array, _threshold: float) -> None:
    """The labels of outputs that have none."""


def _labels_different(outputs: Outputs, labels: Labels) -> int | None:
    least = threshold_of(_flat(outputs.host))
    total = 0
    for on_device, on_host in zip(outputs.device, outputs.host, strict=True):
        wanted, found = labels(on_host, least), labels(on_device, least)
        if wanted is None or found is None:
            return None
        total += int((wanted != found).reshape(len(on_host), -1).any(axis=1).sum())
    return total


def _flat(splits: Sequence[Array]) -> Array:
    return np.concatenate([np.asarray(split, np.float64).ravel() for split in splits])
