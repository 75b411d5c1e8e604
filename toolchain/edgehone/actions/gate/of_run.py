"""A run's winner judged by what the run itself measured, with no device: against what it began
with, or a baseline, of which what the run did not measure stays open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgehone.actions import lone_files as lone
from edgehone.actions.gate.files import weighed
from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.request import (
    Request,
    needs_baseline,
    needs_of,
    require_other,
    with_borders,
)
from edgehone.actions.run.rejudge import rejudged
from edgehone.actions.run.released import Release
from edgehone.budgets import Budget, Check, Decision
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import decide_any, outcome_of, require_some
from edgehone.documents import measurements_of
from edgehone.documents.shape import shaped
from edgehone.store import Store
from edgehone.system.settings import DEVICES
from edgehone.values import Artifact, Measurement


def judged_run(request: Request, found: Release) -> Judgement:
    """The judgement on a run's winner by the run's own measurements."""
    request = with_borders(request)
    measured = _with_audit(request, found.measured)
    base = None if request.baseline is None else lone.artifact(request.baseline)
    if base is not None:
        require_other(request, base, [measured[0].artifact])
    of_the_run = base is None or base.sha256 == found.baseline.sha256
    budgets = [each for each in request.budgets if of_the_run or not _counted_from_it(each)]
    bases: dict[str, Measurement] = {}
    if base is not None or any(each.relative_to for each in budgets):
        start = base or lone.artifact(found.baseline.path)
        known = (found.base,) if of_the_run else _of_file(request, found, start)
        bases = {each.device.name: _beside(each, start, known) for each in measured}
    left = [each for each in request.budgets if each not in budgets]
    require_some(request.budgets, [*(each.device.name for each in measured), *found.absent])
    decision = _with_open(decide_any(measured, budgets, found.absent, baselines=bases), left)
    warnings = (*found.warnings, *_open_warnings(decision, base))
    return Judgement((decision,), measured, warnings=warnings, baselines=bases)


def _with_audit(request: Request, measured: Sequence[Measurement]) -> tuple[Measurement, ...]:
    """The measurements with what is in the file, where budgets ask about that."""
    static = any(metric_of(each.metric).static for each in request.budgets)
    if not static or not needs_of(request.budgets) & {"audit", "delegates"}:
        return tuple(measured)
    audited = lone.artifact(measured[0].artifact.path).audit
    return tuple(replace(each, artifact=replace(each.artifact, audit=audited)) for each in measured)


def _counted_from_it(budget: Budget) -> bool:
    """Whether samples are compared with the baseline's, which the run compared with its own."""
    return needs_baseline(budget) and not budget.relative_to


def _of_file(request: Request, found: Release, file: Artifact) -> tuple[Measurement, ...]:
    """What the run measured of a file."""
    store = Store(request.folder, read_only=True)
    documents = store.measurements(run=found.run, artifact=file.sha256)
    with shaped(f"What run {found.run} measured"):
        return tuple(map(rejudged, measurements_of({"measurements": documents})))


def _beside(measurement: Measurement, base: Artifact, known: Iterable[Measurement]) -> Measurement:
    """The baseline on a device, by what is known of it there: what is the same every time alone,
    for it was not measured beside the winner.
    """
    device, runtime = measurement.device, measurement.runtime
    there = [m for m in known if m.device.name == device.name and m.runtime == runtime]
    counted = [each.instructions for each in there if each.instructions is not None]
    apart = f"the baseline was not measured beside it; name a device: {DEVICES.given('DEVICE')}"
    return replace(
        weighed(base, device), instructions=counted[-1] if counted else None, reason=apart
    )


def _with_open(decision: Decision, budgets: Sequence[Budget]) -> Decision:
    """The decision with the budgets that the run's own baseline cannot answer."""
    device = DEVICES.given("DEVICE")
    why = f"the run compared its outputs with another file's; name a device: {device}"
    name = decision.measurement.device.name
    checks = (
        *decision.checks,
        *(
            Check(
                *(each.metric, each.bound, each.limit),
                None,
                None,
                "inconclusive",
                why,
                each.device or name,
                budget=each,
            )
            for each in budgets
        ),
    )
    return replace(decision, checks=checks, outcome=outcome_of(checks))


def _open_warnings(decision: Decision, base: Artifact | None) -> list[str]:
    """A warning that names the budgets which a device has to be asked about."""
    if base is None:
        return []
    wanted = DEVICES.given("DEVICE")
    asked = [check for check in decision.checks if check.value is None and wanted in check.reason]
    named = dict.fromkeys(check.metric for check in asked)
    if not named:
        return []
    device = decision.measurement.device.name
    return [
        f"a device is needed for {', '.join(named)}: the run did not measure {base.path.name} "
        f"beside its winner; name one with {DEVICES.set(device)}"
    ]
