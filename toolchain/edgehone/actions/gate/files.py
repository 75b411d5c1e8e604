"""The first tier of a gate: what the files alone tell, the same every time, at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from edgehone.actions import lone_files as lone
from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.request import Request, needs_of
from edgehone.budgets import Budget, Check, Decision
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import applying, decide_all, outcome_of
from edgehone.decide.waivers import waive
from edgehone.measure.device import Device
from edgehone.measure.fleet import require_kinds
from edgehone.system.interface import in_thread
from edgehone.system.settings import COMPLETE
from edgehone.values import Artifact, DeviceInfo, Measurement, RuntimeInfo

READERS = 4
"""Files that are tried in processes of their own at the same time."""


@dataclass(frozen=True)
class Read:
    """The files of a gate as they were read, and the baseline."""

    artifacts: tuple[Artifact, ...]
    base: Artifact | None = None


def read(request: Request, files: Sequence[Path]) -> Read:
    """Read files, several at the same time; what delegates take of them only where a budget asks.
    Raises UsageError, ModelError.
    """
    opened = "delegates" in needs_of(request.budgets)
    look = lone.artifact if opened else lone.without_delegates
    bases = [] if request.baseline is None else [request.baseline]
    with ThreadPoolExecutor(READERS) as pool:
        found = tuple(pool.map(in_thread(look), [*bases, *files]))
    return Read(found[len(bases) :], found[0] if bases else None)


def judged(
    request: Request, found: Read, devices: Sequence[Device], today: date
) -> Judgement | None:
    """The judgement where files alone decide it: no budget needs a device, or a required one is
    missed already, so that no device can make the gate pass. None: devices have to be asked.
    """
    infos = [device.info for device in devices]
    static = [each for each in request.budgets if metric_of(each.metric).static]
    others = [each for each in request.budgets if not metric_of(each.metric).static]
    asked = [each for info in infos for each in applying(others, info.name)]
    if not asked:
        require_kinds(devices)
    if not any(applying(static, info.name) for info in infos):
        return None
    decisions = tuple(_decision(request, found, each, infos, static) for each in found.artifacts)
    measurements = tuple(weighed(each, info) for each in found.artifacts for info in infos)
    if not asked:
        return Judgement(decisions, measurements, baselines=_bases(found, infos))
    outcomes = [each.outcome for each in waive(decisions, request.waivers, today).decisions]
    if "fail" not in outcomes or request.complete:
        return None
    with_rest = tuple(_unmeasured(each, others, infos) for each in decisions)
    return Judgement(with_rest, measurements, baselines=_bases(found, infos))


def _decision(
    request: Request,
    found: Read,
    artifact: Artifact,
    infos: Sequence[DeviceInfo],
    static: Sequence[Budget],
) -> Decision:
    """Budgets on the file, each device's, and those on devices that nobody named."""
    unnamed = [each for each in request.budgets if each.device]
    known = {info.name for info in infos}
    absent = [each for each in unnamed if each.device not in known and each not in static]
    measurements = [weighed(artifact, info) for info in infos]
    return decide_all(measurements, [*static, *absent], baselines=_bases(found, infos))


def _bases(found: Read, infos: Sequence[DeviceInfo]) -> dict[str, Measurement]:
    if found.base is None:
        return {}
    return {info.name: weighed(found.base, info) for info in infos}


def _unmeasured(
    decision: Decision, others: Sequence[Budget], infos: Sequence[DeviceInfo]
) -> Decision:
    """The decision with the budgets that no device was asked about."""
    missed = [each.metric for each in decision.checks if each.required and each.verdict == "fail"]
    why = f"{missed[0]} is missed already" if missed else "another file misses its budgets already"
    open_checks = tuple(
        Check(
            each.metric,
            each.bound,
            each.limit,
            None,
            None,
            "inconclusive",
            f"not measured: {why}; {COMPLETE.set(True)} measures all the same",
            info.name,
            budget=each,
        )
        for info in infos
        for each in applying(others, info.name)
    )
    checks = (*decision.checks, *open_checks)
    return replace(decision, checks=checks, outcome=outcome_of(checks))


def weighed(artifact: Artifact, device: DeviceInfo) -> Measurement:
    """What is in the file alone, for which nothing needs to run."""
    nothing = RuntimeInfo("none", "", "", 0)
    return Measurement(artifact, device, nothing, None, None)
