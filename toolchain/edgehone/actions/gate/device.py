"""The tier of a gate that needs devices: files measured beside their baseline, or looked up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from edgehone.actions import alike
from edgehone.actions import lone_files as lone
from edgehone.actions.gate.device_history import Earlier
from edgehone.actions.gate.files import Read, weighed
from edgehone.actions.gate.judgement import Judgement, LookedUp
from edgehone.actions.gate.memory import Found, Question, remembered
from edgehone.actions.gate.request import Request, needs_of
from edgehone.actions.guess_warnings import constant_answer_warnings
from edgehone.actions.settings import MeasureOptions
from edgehone.budgets import Budget
from edgehone.decide.decision import applying, check, decide_all
from edgehone.decide.relative import told_by_content
from edgehone.decide.timing import looks_after
from edgehone.measure.device import Device
from edgehone.measure.fleet import on_each, require_kinds
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import measure_until
from edgehone.values import Artifact, Measurement, Progress


@dataclass(frozen=True)
class Measured:
    """What one device measured: the files, the baseline if there is one, what to know of it, and
    when it was measured, where that was looked up.
    """

    measurements: tuple[Measurement, ...]
    baseline: Measurement | None = None
    warnings: Sequence[str] = ()
    looked_up: str = ""
    took_s: float = 0.0


def judged(
    request: Request, found: Read, devices: Sequence[Device], progress: Progress
) -> Judgement:
    """The judgement on files by what devices measure."""
    earlier = Earlier(request.folder)
    earlier.require_readable()
    artifacts = [lone.artifact(each.path) for each in found.artifacts]
    base = None if found.base is None else lone.artifact(found.base.path)
    returned = on_each(
        devices,
        lambda device, each: _timed(request, artifacts, base, device, each),
        progress,
    )
    if not returned.results:
        raise returned.lost[0].error
    names = [each.device for each in returned.lost]
    results = [each for _, each in returned.results]
    bases = {each.baseline.device.name: each.baseline for each in results if each.baseline}
    by_file = list(zip(*(each.measurements for each in results), strict=True))
    decisions = [
        decide_all(each, request.budgets, names, earlier.timings(each), bases) for each in by_file
    ]
    measurements = tuple(m for each in by_file for m in each)
    earlier.remember([m for each in results if not each.looked_up for m in each.measurements])
    plan = request.setting.plan([], None, MeasureOptions())
    warnings = [warning for each in results for warning in each.warnings]
    warnings += earlier.too_tight(devices, plan, decisions, measurements)
    lines = tuple(dict.fromkeys(warnings))
    looked_up = tuple(
        LookedUp(device.name, each.looked_up) for device, each in returned.results if each.looked_up
    )
    took_s = {device.name: each.took_s for device, each in returned.results}
    return Judgement(tuple(decisions), measurements, returned.lost, lines, looked_up, bases, took_s)


def _timed(
    request: Request,
    artifacts: Sequence[Artifact],
    base: Artifact | None,
    device: Device,
    progress: Progress,
) -> Measured:
    begun = monotonic()
    found = _measured(request, artifacts, base, device, progress)
    return replace(found, took_s=monotonic() - begun)


def _measured(
    request: Request,
    artifacts: Sequence[Artifact],
    base: Artifact | None,
    device: Device,
    progress: Progress,
) -> Measured:
    """Measure what the budgets ask about, or look it up where the same files were measured by the
    same runtime on the same device, and that decided the budgets.
    """
    needs = needs_of(_unknown(request, artifacts, base, device))
    if not needs - {"audit", "delegates"}:
        require_kinds([device])
        weights = tuple(weighed(each, device.info) for each in artifacts)
        return Measured(weights, None if base is None else weighed(base, device.info))
    data = request.data
    if data is None and "data" in needs:
        data = request.setting.data
    asked = MeasureOptions(
        seed=request.seed,
        latency="latency" in needs,
        memory="memory" in needs,
        instructions="instructions" in needs,
    )
    bases = [] if base is None else [base]
    everything = [*bases, *artifacts]
    plan = request.setting.plan(everything, data, asked, baseline=base.sha256 if base else "")
    distinct = alike.distinct(everything)
    question = Question(device, tuple(distinct), plan)
    found = None if request.fresh else remembered(request.folder, question)
    if found is not None:
        every = tuple(alike.for_each(everything, found.measurements))
        known = _split(replace(found, measurements=every), bases, plan, request)
        if _answers(request, known):
            return known

    def split(seen: Sequence[Measurement], *more: Any) -> Measured:
        return _split(Found(tuple(alike.for_each(everything, seen))), bases, *more)

    fresh = measure_until(
        distinct,
        device,
        plan,
        looks_after(plan.blocks or device.target.blocks) if plan.latency else (),
        lambda seen: not _undecided(request, split(seen)),
        progress,
    )
    question.remember(request.folder, fresh)
    return split(fresh, plan, request)


def _unknown(
    request: Request, artifacts: Sequence[Artifact], base: Artifact | None, device: Device
) -> Iterable[Budget]:
    """The budgets that a device has to be measured for; of files that are the baseline itself, no
    relative one.
    """
    found = applying(request.budgets, device.name)
    if base is None or any(each.sha256 != base.sha256 for each in artifacts):
        return found
    return [each for each in found if not told_by_content(each)]


def _split(
    found: Found,
    bases: Sequence[Artifact],
    plan: MeasurePlan | None = None,
    request: Request | None = None,
) -> Measured:
    """The baseline's measurement apart from the files'."""
    files = found.measurements[len(bases) :]
    base = found.measurements[0] if bases else None
    warnings: Sequence[str] = ()
    if plan is not None and request is not None:
        warnings = constant_answer_warnings(list(files), plan, request.setting)
    return Measured(files, base, warnings, found.created)


def _undecided(request: Request, found: Measured) -> bool:
    earlier = Earlier(request.folder)
    return earlier.undecided(found.measurements, request.budgets, found.baseline)


def _answers(request: Request, found: Measured) -> bool:
    """Whether what was looked up leaves no budget open."""
    earlier = Earlier(request.folder)
    return all(
        check(each, budget, earlier.timing(each), found.baseline).verdict != "inconclusive"
        for each in found.measurements
        for budget in applying(request.budgets, each.device.name)
    )
