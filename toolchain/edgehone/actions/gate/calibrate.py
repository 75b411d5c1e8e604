"""`edgehone gate --calibrate N`: a file against itself on a device, to see what it can tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.actions import lone_files as lone
from edgehone.actions.gate.device_history import Earlier, calibration_identity, too_tight
from edgehone.actions.gate.request import Request
from edgehone.actions.settings import MeasureOptions
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import applying, check
from edgehone.decide.timing import FEWEST, Timing, pooled
from edgehone.documents import plain
from edgehone.errors import UsageError
from edgehone.measure.comparison import Comparison, compare
from edgehone.measure.device import Device
from edgehone.measure.fleet import lost_json, on_each
from edgehone.measure.plan import MeasurePlan
from edgehone.stats import wilson
from edgehone.units import plural
from edgehone.values import Artifact, Event, Measurement, Plain, Progress, silent

FOUND_IN = 90
"""Percent of comparisons in which the smallest change would have been seen."""


@dataclass(frozen=True)
class Calibration:
    """A file compared with itself on a device, and the plan by which it was measured."""

    device: Device
    artifact: Artifact
    plan: MeasurePlan
    comparisons: tuple[Comparison, ...]

    @property
    def measurements(self) -> list[Measurement]:
        """All of them, two a comparison."""
        return [one for each in self.comparisons for one in each.measurements]


def calibrate(
    request: Request, files: Sequence[Path], comparisons: int, progress: Progress = silent
) -> dict[str, Any]:
    """Compare each file with itself on every device, and keep what that tells. Raises UsageError
    for emulated devices.
    """
    artifacts = [lone.artifact(path) for path in files]
    devices = request.setting.devices(request.on)
    for device in devices:
        if device.info.emulated:
            raise UsageError(
                f"{device.name} is emulated; its times are no device's latency.",
                "Calibrate on a real device.",
            )
    found = on_each(
        devices,
        lambda device, each: [
            _one(request, artifact, device, comparisons, each) for artifact in artifacts
        ],
        progress,
    )
    if not found.results:
        raise found.lost[0].error
    calibrations = [each for _, several in found.results for each in several]
    documents = [document(each) for each in calibrations]
    for each, value in zip(calibrations, documents, strict=True):
        identity = calibration_identity(each.device, each.measurements[0].runtime, each.plan)
        Earlier(request.folder).keep_calibration(identity, value)
    warnings = [
        text
        for each, value in zip(calibrations, documents, strict=True)
        for text in (*_disturbed(each), *_too_tight(request, each, value))
    ]
    return {"calibrations": documents, "warnings": warnings, "lost": lost_json(found.lost)}


def document(found: Calibration) -> dict[str, Any]:
    """The false alarms, with a 95 % interval, and the smallest changes that could be seen."""
    words = [each.verdict for each in found.comparisons]
    false = words.count("faster") + words.count("slower")
    low, high = wilson(false, len(words))
    first = found.measurements[0]
    return {
        "device": found.device.name,
        "file": str(found.artifact.path),
        "runtime": {"name": first.runtime.name, "version": first.runtime.version},
        "comparisons": len(words),
        "false_alarms": false,
        "false_alarm_rate": false / len(words),
        "ci95": [low, high],
        "smallest_change": plain(smallest_change(found.comparisons)),
        "smallest_margin": plain(smallest_margin(found.comparisons)),
        "pairs": [each.pairs for each in found.comparisons],
        "ratios": [each.ratio for each in found.comparisons],
    }


def smallest_change(comparisons: Sequence[Comparison]) -> float:
    """The change that nine of ten comparisons would have called one: as a fraction, the distance
    between 1 and the farther end of their intervals. inf where they would have seen none.
    """
    reaches = [
        max(1 / low if low else np.inf, high) - 1 for low, high in (c.ci95 for c in comparisons)
    ]
    return float(np.quantile(reaches, FOUND_IN / 100, method="higher"))


def smallest_margin(comparisons: Sequence[Comparison]) -> float:
    """How far from p50 a limit must lie so that nine of ten gates decide, as a fraction of p50; by
    the blocks of both sides of a comparison, which are of the same file. inf where they are too
    few.
    """
    reaches = []
    for each in comparisons:
        both = (one.latency.blocks_ms if one.latency else () for one in each.measurements)
        blocks = [block for pair in zip(*both, strict=True) for block in pair]
        p50 = pooled(blocks, 50)
        low, high = Timing().interval(blocks, 50)
        reaches.append(max(high / p50 - 1, 1 - low / p50) if len(blocks) >= FEWEST else np.inf)
    return float(np.quantile(reaches, FOUND_IN / 100, method="higher"))


def sentence(each: Plain) -> str:
    """What a calibration found, in words."""
    low, high = each["ci95"]
    change, margin = each["smallest_change"], each["smallest_margin"]
    seen = "no change at all" if change is None else f"changes of {change:.1%} and more"
    limits = "no limits" if margin is None else f"limits {margin:.1%} and more away from p50"
    return (
        f"{each['file']} against itself on {each['device']}, "
        f"{plural(each['comparisons'], 'time')}: {plural(each['false_alarms'], 'false alarm')} "
        f"({each['false_alarm_rate']:.1%}, 95 % interval {low:.1%} to {high:.1%}). "
        f"Comparisons see {seen}; "
        f"a gate decides {limits}."
    )


def _one(
    request: Request, artifact: Artifact, device: Device, comparisons: int, progress: Progress
) -> Calibration:
    """So many comparisons, each with orders of its own."""
    asked = MeasureOptions(seed=request.seed, memory=False, instructions=False)
    plan = request.setting.plan([artifact], None, asked)
    found = []
    for turn in range(comparisons):
        progress(Event("calibrate", f"on {device.name}", turn, comparisons))
        seeded = replace(plan, seed=request.seed + turn)
        found.append(compare(artifact, artifact, device, seeded, progress))
    progress(Event("calibrate", f"on {device.name}", comparisons, comparisons))
    return Calibration(device, artifact, plan, tuple(found))


def _disturbed(found: Calibration) -> list[str]:
    """A warning where the device was busy or throttled, and is calibrated for worse than it is."""
    odd = [each for each in found.measurements if each.verdict not in ("valid", "noisy")]
    if not odd:
        return []
    return [
        f"{found.device.name} was {odd[0].verdict} in {len(odd)} of {len(found.measurements)} "
        f"measurements ({odd[0].reason}); calibrate again when it is idle and cool"
    ]


def _too_tight(request: Request, found: Calibration, value: dict[str, Any]) -> list[str]:
    """A warning for every timed budget whose limit is nearer to p50 than can be resolved."""
    last = found.measurements[-1]
    checks = [
        check(last, budget)
        for budget in applying(request.budgets, found.device.name)
        if METRICS[budget.metric].timed
    ]
    return [text for each in checks if (text := too_tight(each, value))]
