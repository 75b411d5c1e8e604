"""A stored measurement looked at again: its numbers are numbers, and its verdict is made anew."""

import math
from collections.abc import Iterable
from dataclasses import replace

from edgehone import targets
from edgehone.decide.decision import UNCONFIRMED
from edgehone.errors import ConfigError
from edgehone.measure.device_kind import architectures
from edgehone.measure.verdict import judged
from edgehone.runners._probe import Facts
from edgehone.targets import Target
from edgehone.values import Accuracy, Latency, Measurement


def rejudged(measurement: Measurement) -> Measurement:
    """The measurement with a verdict no better than its samples and conditions give.

    What its target says of emulation and architecture holds as well, where the target is still
    known. Raises ValueError or TypeError for numbers that no measurement has.
    """
    _require_numbers(measurement)
    try:
        target = targets.named(measurement.device.target)
    except ConfigError:  # a profile of the user's that has gone
        return measurement
    device = measurement.device
    found = replace(
        measurement, device=replace(device, emulated=device.emulated or target.emulated)
    )
    if doubt := _of_another_kind(found, target):
        found = replace(found, conditions={**found.conditions, UNCONFIRMED: doubt})
    if found.verdict != "valid":
        return found
    emulated = found.device.emulated
    verdict, reason = judged(found.latency, found.conditions, target, emulated=emulated)
    return replace(found, verdict=verdict, reason=reason or found.reason)


def _of_another_kind(measurement: Measurement, target: Target) -> str:
    """Why what measured cannot have been of the target's kind; ""."""
    machine = str(measurement.conditions.get("machine") or "")
    known = architectures(Facts("", machine, 64))
    if not machine or measurement.device.emulated or target.architecture in ("any", *known):
        return ""
    return f"it was measured on {machine}, and a {target.name} is {target.architecture}"


def _require_numbers(measurement: Measurement) -> None:
    artifact, memory = measurement.artifact, measurement.memory
    _whole((artifact.size_bytes, artifact.compressed_bytes), "sizes")
    if measurement.latency is not None:
        _require_times(measurement.latency)
    if memory is not None:
        _whole((memory.peak, memory.model), "memory")
    if measurement.instructions is not None:
        _whole((measurement.instructions,), "instructions")
    if measurement.accuracy is not None:
        _require_scores(measurement.accuracy)


def _require_times(latency: Latency) -> None:
    once = (latency.cold_ms, latency.init_ms)
    for samples in (*latency.blocks_ms, *once):
        _finite(samples, "times")
        if not samples or min(samples) <= 0:
            raise ValueError("times are missing, or not above 0")
    if not latency.blocks_ms:
        raise ValueError("times are missing")


def _require_scores(accuracy: Accuracy) -> None:
    _whole((accuracy.n,), "samples")
    optional = (accuracy.agreement, accuracy.drop, *(accuracy.drop_ci95 or ()))
    known = [value for value in optional if value is not None]
    _finite((accuracy.value, *accuracy.ci95, *known), "scores")
    if accuracy.discordant is not None:
        _whole(accuracy.discordant, "discordant samples")
    if accuracy.n < 1 or not 0 <= (accuracy.agreement or 0) <= 1:
        raise ValueError("a score is of no sample, or agreement is not a fraction")


def _finite(values: Iterable[float], what: str) -> None:
    for value in values:
        if isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"{what} that are no numbers")


def _whole(values: Iterable[int], what: str) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{what} that are no counts")
