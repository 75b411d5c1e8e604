"""A gate's decisions: first on what is in the files, then on what devices measure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from edgehone.actions.gate import files as gate_files
from edgehone.actions.gate.judgement import Judgement
from edgehone.actions.gate.request import (
    Request,
    of_files_only,
    require_answers,
    require_other,
    require_sides,
    with_borders,
)
from edgehone.budgets import Budget
from edgehone.decide.decision import require_some
from edgehone.decide.waivers import waive
from edgehone.system.settings import FILES_ONLY
from edgehone.values import Progress, silent

if TYPE_CHECKING:
    from edgehone.actions.run.released import Release  # the store loads with it


def judge(
    request: Request, files: Sequence[Path], run: str | None, progress: Progress = silent
) -> Judgement:
    """Judge files, or a run's winner.

    A run's own numbers, of all its devices, are taken unless a device is named: then its file is
    measured again. Either way it is the file that the run measured, by its hash.
    """
    given = request.budgets
    if request.files_only:
        request = of_files_only(request)
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        release = None if run is None else _release(request, run)
        named = files if release is None else [release.measured[0].artifact.path]
        request = _with_baseline(request, named, Path(scratch))
        if release is None:
            found = _judge_files(request, files, progress)
        else:
            found = _judge_run(request, release, progress)
        return _concluded(
            request, replace(found, warnings=(*found.warnings, *_left_out(given, request)))
        )


def _concluded(request: Request, found: Judgement) -> Judgement:
    """The judgement after waivers, with what explains it."""
    waived = waive(found.decisions, request.waivers, datetime.now(UTC).date())
    warnings = dict.fromkeys([*found.warnings, *waived.warnings, *_advisory_only(request)])
    decided = replace(found, decisions=waived.decisions, warnings=tuple(warnings))
    return _explained(request, decided)


def _left_out(given: Sequence[Budget], request: Request) -> list[str]:
    """A warning that names the budgets that were not checked."""
    metrics = dict.fromkeys(each.metric for each in given if each not in request.budgets)
    return [f"not checked, because of {FILES_ONLY}: {', '.join(metrics)}"] if metrics else []


def _advisory_only(request: Request) -> list[str]:
    """A warning where no budget can fail the gate."""
    if any(budget.required for budget in request.budgets):
        return []
    return ["all budgets are advisory: nothing can fail this gate"]


def _explained(request: Request, found: Judgement) -> Judgement:
    """The judgement with what differs from the baseline's layers, where something is missed or that
    was asked for.
    """
    missed = any(each.verdict == "fail" for each in found.checks)
    if not found.baselines or not (missed or request.why):
        return found
    from edgehone.actions.gate.why import explained

    return replace(found, why=explained(request, found))


def _with_baseline(request: Request, files: Sequence[Path], scratch: Path) -> Request:
    """The request with a file as its baseline, whatever named it."""
    if request.baseline is None:
        return request
    from edgehone.actions.gate.baseline import baseline_file, names_a_file  # loads the store

    if names_a_file(request.baseline):
        return request
    base = baseline_file(request.baseline, files, request.folder, scratch)
    return replace(request, baseline=base, of_release=True)


def _release(request: Request, run: str) -> "Release":
    from edgehone.actions.run.released import release_of  # the store loads with it

    return release_of(request.folder, run)


def _judge_run(request: Request, found: "Release", progress: Progress) -> Judgement:
    from edgehone.actions.gate.of_run import judged_run  # as above
    from edgehone.actions.run.released import Files

    if not request.on:
        require_sides(request, found)
        return judged_run(request, found)
    winner = found.measured[0].artifact.path
    request = replace(request, setting=replace(request.setting, trained=found.data))
    if request.baseline is None:
        baseline = Files(request.folder, found.run).proven(found.baseline)
        request = replace(request, baseline=baseline.path)
        return _judge_files(request, [winner], progress, is_start=True)
    return _judge_files(request, [winner], progress)


def _judge_files(
    request: Request, files: Sequence[Path], progress: Progress, *, is_start: bool = False
) -> Judgement:
    """is_start: the baseline is what a run began with, which may be its winner."""
    devices = request.setting.devices(request.on or _named_by(request.budgets))
    for device in devices:
        require_some(request.budgets, [device.name])
    require_answers(request, [device.name for device in devices])
    request = with_borders(request)
    begun = monotonic()
    found = gate_files.read(request, files)
    if found.base is not None and not is_start:
        require_other(request, found.base, found.artifacts)
    first = gate_files.judged(request, found, devices, datetime.now(UTC).date())
    took_s = {"": monotonic() - begun}
    if first is not None:
        return replace(first, took_s=took_s)
    from edgehone.actions.gate.device import judged  # the store and the protocol load with it

    judgement = judged(request, found, devices, progress)
    return replace(judgement, took_s={**took_s, **judgement.took_s})


def _named_by(budgets: Sequence[Budget]) -> list[str]:
    """The devices that budgets name; those that name none are held against each of them."""
    return [budget.device for budget in budgets if budget.device]
