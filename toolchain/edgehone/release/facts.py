"""What one measurement says, as single numbers with their intervals and where they hold."""

from dataclasses import dataclass

from edgehone.stats import summarize
from edgehone.values import Artifact, Measurement


@dataclass(frozen=True)
class Fact:
    """One number: a metric by its name in a [[budget]] table, where that has it; `scored`: what
    "accuracy" is here. ci95: its 95 % interval, None where it has none.
    """

    metric: str
    value: float
    ci95: tuple[float, float] | None = None
    scored: str = "accuracy"


def where(measurement: Measurement) -> str:
    """On what a measurement was made, and what is to be held against it."""
    device, runtime = measurement.device, measurement.runtime
    name = device.name if device.name == device.target else f"{device.name} ({device.target})"
    threads = f"{runtime.threads} thread{'' if runtime.threads == 1 else 's'}"
    parts = [name]
    if runtime.threads:
        version = " ".join(part for part in (runtime.name, runtime.version) if part)
        parts += [version, *([runtime.delegate] if runtime.delegate else []), threads]
    if device.emulated:
        parts.append("emulated: times are not those of the device")
    if measurement.verdict not in ("valid", "emulated"):
        reason = f" ({measurement.reason})" if measurement.reason else ""
        parts.append(f"{measurement.verdict}{reason}")
    return ", ".join(parts)


def of_file(artifact: Artifact) -> tuple[Fact, ...]:
    """What a file weighs."""
    return (
        Fact("size_bytes", artifact.size_bytes),
        Fact("compressed_bytes", artifact.compressed_bytes),
    )


def measured(measurement: Measurement) -> tuple[Fact, ...]:
    """All that a measurement says of its file; nothing that was not measured."""
    return (*_times(measurement), *_use(measurement), *_quality(measurement))


def _times(measurement: Measurement) -> list[Fact]:
    if measurement.latency is None:
        return []
    found = summarize(measurement.latency)
    low, high = found["ci95"]
    return [
        Fact("latency_p50_ms", found["p50"], (low, high)),
        Fact("latency_p90_ms", found["p90"]),
        Fact("latency_p99_ms", found["p99"]),
        Fact("cold_ms", found["cold"]),
        Fact("init_ms", found["init"]),
    ]


def _use(measurement: Measurement) -> list[Fact]:
    memory, instructions = measurement.memory, measurement.instructions
    found = [] if memory is None else [Fact("peak_memory_bytes", memory.peak)]
    return found if instructions is None else [*found, Fact("instructions", instructions)]


def _quality(measurement: Measurement) -> list[Fact]:
    score = measurement.accuracy
    if score is None:
        return []
    found = [Fact("accuracy", score.value, score.ci95, score.metric)]
    if score.drop is not None:
        found.append(Fact("accuracy_drop", score.drop, score.drop_ci95, score.metric))
    if score.agreement is not None:
        found.append(Fact("agreement", score.agreement))
    return found
