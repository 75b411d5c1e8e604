"""Artifacts measured on a device; what is looked up says when it was measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgehone.decide.decision import ONLY_SLOWER
from edgehone.documents import measurement_from_json, measurement_json
from edgehone.measure.device import Device
from edgehone.measure.exchange import runtime_for
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import measure as measure_now
from edgehone.measure.settling import is_steady
from edgehone.run.cache import Cache
from edgehone.system.files import sha256_of
from edgehone.values import Artifact, Measurement, Plain, Progress, silent

STAGE, VERSION = "measure", 5


@dataclass(frozen=True, eq=False)
class Measuring:
    """Artifacts measured in one interleaved batch, by a plan with these settings.

    data: what identifies the samples in the plan; fresh: other than "" where measurements of
    other runs must not be looked up; keep: called with each new measurement's document.
    """

    artifacts: Sequence[Artifact]
    device: Device
    plan: MeasurePlan
    settings: Plain
    data: str
    fresh: str = ""
    keep: Callable[[Plain], None] = lambda _: None

    def inputs(self) -> dict[str, Any]:
        """What the measurements depend on."""
        return {
            "artifacts": [artifact.sha256 for artifact in self.artifacts],
            "device": device_key(self.device),
            **sessions_key(artifact.path for artifact in self.artifacts),
            "settings": self.settings,
            "data": self.data,
            "task": asdict(self.plan.task),
            "fresh": self.fresh,
        }


def measure(asked: Measuring, cache: Cache, progress: Progress = silent) -> list[Measurement]:
    """The measurements, in the artifacts' order.

    What an earlier run measured while other work or heat slowed the device down is measured
    again if it is calm now; else its conditions say since when it is known ("measured").
    """
    now: list[str] = []

    def work() -> dict[str, Any]:
        now.append(datetime.now(UTC).isoformat(timespec="seconds"))
        found = measure_now(asked.artifacts, asked.device, asked.plan, progress)
        documents = [measurement_json(each) for each in found]
        for document in documents:
            asked.keep(document)
        return {"measurements": documents, "measured": now[-1]}

    def stale(kept: Mapping[str, Any]) -> bool:
        return _disturbed(kept) and is_steady(asked.device)

    value = cache.stage(STAGE, asked.inputs(), work, version=VERSION, stale=stale)
    pairs = zip(value["measurements"], asked.artifacts, strict=True)
    found = [measurement_from_json(data, artifact) for data, artifact in pairs]
    return found if now else [_dated(each, value["measured"]) for each in found]


def device_key(device: Device) -> dict[str, Any]:
    """What a measurement on the device is looked up by: place, kind, and what answers there.

    Raises DeviceError when the device cannot be asked what answers there.
    """
    installation = device.installation
    return {
        "name": device.name,
        "address": device.transport.address,
        "target": asdict(device.target),
        "program": [installation.program, dict(installation.packages), installation.source],
    }


def sessions_key(files: Iterable[Path]) -> dict[str, Any]:
    """What measurements of users' own formats depend on beside the device: the files of Python
    that run theirs; nothing for other formats.
    """
    sessions = {file.suffix: runtime_for(file).SESSION for file in files}
    found = {suffix: sha256_of(file) for suffix, file in sessions.items() if file is not None}
    return {"sessions": found} if found else {}


def _disturbed(kept: Mapping[str, Any]) -> bool:
    """Whether any measurement of a batch was slowed down by other work or heat."""
    return any(each["verdict"] in ONLY_SLOWER for each in kept["measurements"])


def _dated(found: Measurement, when: str) -> Measurement:
    """A measurement that was looked up; a disturbed one says when it was taken."""
    if found.verdict not in ONLY_SLOWER:
        return found
    return replace(found, conditions={**found.conditions, "measured": when})
