"""Measurements of a gate, looked up when files, runtime and device are the same as last time.

So a commit that changes none of them gets the verdict that it had: a device's noise cannot fail it.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.actions.gate.device_history import settings
from edgehone.actions.run.rejudge import rejudged
from edgehone.documents import measurement_from_json, measurement_json, plain
from edgehone.documents.shape import shaped
from edgehone.errors import StorageError
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan
from edgehone.store import Store
from edgehone.system.files import key_of
from edgehone.system.rows import Rows, parts
from edgehone.values import Artifact, Measurement, Plain

STORED = "gate"
VERSION = 2
"""Raised when measuring itself changes, so that nothing older is looked up."""


@dataclass(frozen=True)
class Found:
    """Measurements in the order of the files asked for; created: when, where they were looked up
    (ISO 8601), "" where they were measured now.
    """

    measurements: tuple[Measurement, ...]
    created: str = ""


@dataclass(frozen=True)
class Question:
    """Which files are measured beside each other, where, how, and on which data."""

    device: Device
    artifacts: tuple[Artifact, ...]
    plan: MeasurePlan

    @property
    def identity(self) -> Plain:
        """All that the answer depends on, by content: files, the installation on the device, the
        device and its address, how it is measured, and the samples.
        """
        plan = self.plan
        return {
            "version": VERSION,
            "files": [each.sha256 for each in self.artifacts],
            "device": asdict(self.device.info),
            "address": self.device.transport.address,
            "identity": self.device.transport.identity,
            "installation": plain(asdict(self.device.installation)),
            "settings": dict(settings(self.device.target, plan)),
            "asked": [plan.latency, plan.memory, plan.instructions, plan.blocks, plan.threads],
            "task": plain(asdict(plan.task)),
            "baseline": plan.baseline,
            "samples": _samples(plan),
            "seed": plan.seed,
        }

    def remember(self, folder: Path, measurements: Sequence[Measurement]) -> None:
        """Keep what was measured, where a store may be written; what failed is not kept."""
        if any(each.verdict == "failed" for each in measurements) or not _writable(folder):
            return
        found = {"measurements": [measurement_json(each) for each in measurements]}
        try:
            Store(folder).keep(STORED, self.identity, found)
        except StorageError:
            return  # the gate's answer does not depend on whether it is kept


def remembered(folder: Path, question: Question) -> Found | None:
    """What was measured last for the same question; None: nothing, or nothing that can be read.

    Numbers are checked as those of a run are: a store that was altered decides nothing.
    """
    try:
        kept = Store(folder, read_only=True).kept(STORED, question.identity)
        if kept is None:
            return None
        with shaped(f"What a gate measured, kept in {folder}"):
            return Found(_checked(kept, question.artifacts), str(kept["created"]))
    except (StorageError, ValueError, TypeError):
        return None


def _checked(kept: Plain, artifacts: Sequence[Artifact]) -> tuple[Measurement, ...]:
    documents: list[Any] = list(kept["measurements"])
    pairs = zip(documents, artifacts, strict=True)
    found = [rejudged(measurement_from_json(document, artifact)) for document, artifact in pairs]
    for document, artifact in zip(documents, artifacts, strict=True):
        if document["artifact"]["sha256"] != artifact.sha256:
            raise ValueError("another file was measured")
    return tuple(found)


def _samples(plan: MeasurePlan) -> str:
    """Equal for equal samples and targets."""
    return key_of(
        [
            [split, shard.raw, *(_digest(each) for each in (shard.x, shard.y))]
            for split, shard in sorted(plan.shards.items())
        ]
    )


def _digest(rows: Rows) -> str:
    if rows.dtype == object:
        return key_of(plain(np.asarray(rows).tolist()))
    digest = hashlib.sha256(f"{rows.dtype} {rows.shape} ".encode())
    for part in parts(rows):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _writable(folder: Path) -> bool:
    """Whether a store there can be written, or made."""
    place = folder if folder.exists() else folder.absolute().parent
    database = folder / "store.sqlite"
    return os.access(place, os.W_OK) and (not database.exists() or os.access(database, os.W_OK))
