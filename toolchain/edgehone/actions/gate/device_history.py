"""What the store knows of earlier sessions on a device: how days differ, and its calibration."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from edgehone.budgets import Budget, Check, Decision
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import UNCONFIRMED, applying, check
from edgehone.decide.timing import Timing, between_days, session_values
from edgehone.documents import measurement_json
from edgehone.documents.shape import OF_STORE, shaped
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan
from edgehone.store import Store
from edgehone.targets import Target
from edgehone.units import quantity
from edgehone.values import NOTHING, Measurement, Plain, RuntimeInfo

STORED = "calibration"


@dataclass(frozen=True)
class Earlier:
    """A folder of runs, which need not be there."""

    folder: Path

    def require_readable(self) -> None:
        """Refuse a store that cannot be read, before anything is measured: StorageError."""
        Store(self.folder, read_only=True).kept(STORED, {})

    def timing(self, measurement: Measurement) -> Timing:
        """How the device's p50 of the same file, by the same runtime, differed between sessions."""
        store = Store(self.folder, read_only=True)
        with shaped(f"A measurement in {self.folder}", OF_STORE):
            dated = [
                (datetime.fromisoformat(created), float(document["latency_ms"]["p50"]))
                for created, document in store.dated_measurements(measurement.artifact.sha256)
                if _alike(document, measurement)
            ]
        return between_days(session_values(dated))

    def timings(self, measurements: Sequence[Measurement]) -> dict[str, Timing]:
        """`timing` of one file's measurements, by device."""
        return {each.device.name: self.timing(each) for each in measurements}

    def undecided(
        self,
        measurements: Sequence[Measurement],
        budgets: Sequence[Budget],
        baseline: Measurement | None = None,
    ) -> bool:
        """Whether more blocks could decide what a timed budget leaves open. baseline: what relative
        budgets compare with.
        """
        return any(
            check(each, budget, self.timing(each), baseline).further_blocks is not None
            for each in measurements
            if each.latency is not None
            for budget in applying(budgets, each.device.name)
            if METRICS[budget.metric].timed
        )

    def remember(self, measurements: Sequence[Measurement]) -> None:
        """Keep what was measured for later sessions, where there is a store that may be written."""
        if os.access(self.folder / "store.sqlite", os.W_OK) and os.access(self.folder, os.W_OK):
            store = Store(self.folder)
            for each in measurements:
                if each.latency is not None:
                    store.add_measurement(measurement_json(each))

    def calibration(self, device: Device, runtime: RuntimeInfo, plan: MeasurePlan) -> Plain | None:
        """What `gate --calibrate` found there with the same runtime and settings; None: nothing."""
        identity = calibration_identity(device, runtime, plan)
        return Store(self.folder, read_only=True).kept(STORED, identity)

    def too_tight(
        self,
        devices: Sequence[Device],
        plan: MeasurePlan,
        decisions: Sequence[Decision],
        measurements: Sequence[Measurement],
    ) -> tuple[str, ...]:
        """Warnings about limits nearer than the devices' calibrations say they can tell."""
        runtimes = {each.device.name: each.runtime for each in measurements}
        known = {
            device.name: self.calibration(device, runtimes[device.name], plan) or NOTHING
            for device in devices
            if device.name in runtimes
        }
        found = [
            too_tight(each, known.get(each.device, NOTHING))
            for decision in decisions
            for each in decision.checks
        ]
        return tuple(dict.fromkeys(text for text in found if text))

    def keep_calibration(self, identity: Plain, found: Plain) -> None:
        """Keep it in place of an earlier one."""
        Store(self.folder).keep(STORED, identity, found)


def calibration_identity(device: Device, runtime: RuntimeInfo, plan: MeasurePlan) -> Plain:
    """What a calibration holds for: the device, the runtime, and how blocks are measured."""
    return {
        "device": asdict(device.info),
        "runtime": asdict(runtime),
        "settings": settings(device.target, plan),
    }


def settings(target: Target, plan: MeasurePlan) -> Mapping[str, Any]:
    """How long a block lasts: the plan's, else the target's."""
    keys = ("warmup_s", "minimum_s", "minimum_count")
    asked = {key: getattr(plan, key) for key in keys}
    return {key: getattr(target, key) if asked[key] is None else asked[key] for key in keys}


def too_tight(found: Check, calibration: Plain) -> str:
    """A warning where a timed limit is nearer to the value than the device can tell; or ""."""
    margin = calibration.get("smallest_margin")
    if not METRICS[found.metric].timed or not found.value or margin is None:
        return ""
    distance = abs(found.limit / found.value - 1)
    if distance >= margin:
        return ""
    limit, value = (quantity(found.metric, each) for each in (found.limit, found.value))
    return (
        f"{found.metric} {found.bound} = {limit} lies {distance:.1%} from the {value} measured on "
        f"{found.device}, where by its calibration limits nearer than {margin:.1%} are seldom "
        "decided"
    )


def _alike(document: Plain, measurement: Measurement) -> bool:
    """Whether a kept measurement is one of the same on the same device, and to be trusted."""
    return bool(
        document["latency_ms"] is not None
        and document["verdict"] in ("valid", "noisy")
        and not document["conditions"].get(UNCONFIRMED)
        and document["device"]["name"] == measurement.device.name
        and document["device"]["target"] == measurement.device.target
        and document["runtime"] == asdict(measurement.runtime)
    )
