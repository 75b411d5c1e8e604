"""What became of a run: every entry on its list, the winner, and the document that tells it."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgehone import __version__
from edgehone.decide.decision import binding, check, choose, choose_unproven, combine
from edgehone.decide.sample_sizes import Need, foreseen, needs_of
from edgehone.documents import (
    accuracy_json,
    budget_json,
    check_json,
    decision_json,
    measurement_json,
    plain,
    recipe_json,
    step_report_json,
)
from edgehone.run.state import Entry, Round, RunState
from edgehone.search.propose import QUALITY
from edgehone.values import Budget, Decision

UNPROVEN = "best-unproven"
"""What the file of the best entry is called that may keep the budgets, where none is proven to."""

PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "ai-edge-quantizer", "onnxruntime", "numpy")


def winner_of(state: RunState, rounds: Sequence[Round]) -> Entry | None:
    """The best entry that keeps all budgets, a baseline included; None when none does."""
    entries = _entries(state, rounds)
    decisions = [entry.decision for entry in entries]
    chosen = choose(decisions, state.context.config.objective.value)
    return None if chosen is None else entries[chosen]


def unproven_of(state: RunState, rounds: Sequence[Round]) -> Entry | None:
    """Where nothing wins: the best entry that may keep all budgets, which is not proven."""
    if winner_of(state, rounds) is not None:
        return None
    entries = _entries(state, rounds)
    decisions = [entry.decision for entry in entries]
    chosen = choose_unproven(decisions, state.context.config.objective.value)
    return None if chosen is None else entries[chosen]


def keep_unproven(state: RunState, rounds: Sequence[Round]) -> None:
    """Put the file of the best unproven entry beside the others under a name that says so; what an
    interrupted run left under it goes.
    """
    found, workspace = unproven_of(state, rounds), state.context.workspace
    for old in (workspace.folder / "artifacts").glob(f"{UNPROVEN}.*"):
        old.unlink()
    if found is not None:
        workspace.linked(found.artifact.sha256, f"{UNPROVEN}{found.artifact.path.suffix}")


def baseline_needs(
    budgets: Sequence[Budget], baselines: Sequence[Entry], form: str
) -> tuple[Need, ...]:
    """Budgets on quality that the test samples are too few for, as the baselines of the format
    that is searched show.
    """
    scored = {
        each.artifact.default_precision: each.measurement.accuracy
        for each in baselines
        if each.artifact.format == form
    }
    return needs_of(budgets, scored.get("float32"), scored.get("int8"))


def _entries(state: RunState, rounds: Sequence[Round]) -> list[Entry]:
    return [*(entry for each in rounds for entry in each.entries), *state.baselines]


def document(
    state: RunState, run: str, rounds: Sequence[Round], stopped: str, *, seconds: float
) -> dict[str, Any]:
    """The run as plain data: what `run --json` prints, the store keeps and the report shows."""
    config, folder = state.context.config, state.context.workspace.folder
    candidates = [entry for each in rounds for entry in each.entries]
    winner, unproven = winner_of(state, rounds), unproven_of(state, rounds)
    lost = _lost(state, rounds)
    decisions = [entry.decision for entry in [*candidates, *state.baselines]]
    return {
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": "done",
        "seconds": round(seconds, 1),
        "project": _project(state),
        "device": asdict(state.device.info),
        "devices": [asdict(device.info) for device in state.devices],
        "lost": lost,
        "baseline": measurement_json(state.baselines[0].measurement),
        "baselines": [measurement_json(entry.measurement) for entry in state.baselines],
        "winner": None if winner is None else measurement_json(winner.measurement),
        "winner_elsewhere": [measurement_json(each) for each in winner.elsewhere] if winner else [],
        "winner_name": "" if winner is None else winner.name,
        "winner_speedup": None if winner is None else _speedup(winner),
        **_unproven(unproven, folder),
        "teacher": _teacher(state),
        "needs": [_need(each) for each in state.needs],
        "generalization": None if state.checked is None else plain(state.checked),
        "candidates": [_candidate(entry) for entry in candidates],
        "budgets": [budget_json(budget) for budget in config.budgets],
        "objective": {"minimize" if state.wishes.minimize else "maximize": state.wishes.metric},
        "decision": _outcome(decisions, winner),
        "binding": [
            {"metric": each.metric, each.bound: each.limit, "limit": each.limit, "best": each.best}
            for each in binding(decisions)
        ],
        "students": [dict(row) for row in state.students],
        "rounds": [_round(state, each) for each in rounds],
        "stopped": stopped,
        "warnings": _warnings(state, lost),
        "report": str(folder / "report.html"),
        "artifacts": str(folder / "artifacts"),
        "environment": environment(),
    }


def environment() -> dict[str, str]:
    """Versions of what made the results."""
    found = {"edgehone": __version__, "python": platform.python_version()}
    found["system"] = f"{platform.system()} {platform.machine()}"
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _project(state: RunState) -> dict[str, Any]:
    config, data = state.context.config, state.context.data
    return {
        "teacher": config.model.teacher,
        "student": config.model.student,
        "params": state.teacher.params,
        "macs": state.teacher.macs,
        "data": config.data.source,
        "samples": {name: len(getattr(data, name)) for name in ("train", "validation", "test")},
        "classes": list(data.classes),
        "notes": list(data.notes),
        "task": {"kind": state.context.task.kind, "metric": state.context.task.metric},
        "seed": config.search.seed,
    }


def _candidate(entry: Entry) -> dict[str, Any]:
    made = entry.artifact.candidate
    assert made is not None  # noqa: S101 - every entry of a run was built from a candidate
    predicted = entry.predicted or {}
    return {
        "name": entry.name,
        "round": entry.round,
        "recipe": recipe_json(made.recipe),
        "params": made.model.params,
        "macs": made.model.macs,
        "steps": [step_report_json(step) for step in made.steps],
        "layers": [dict(row) for row in entry.layers],
        "predicted_latency_ms": predicted.get("latency_p50_ms"),
        "predicted_instructions": predicted.get("instructions"),
        "predicted_size_bytes": predicted.get("size_bytes"),
        "predicted_accuracy_drop": predicted.get("accuracy_drop"),
        "speedup": _speedup(entry),
        "audit": entry.artifact.audit,
        "parity": entry.artifact.parity,
        "measurement": measurement_json(entry.measurement),
        "elsewhere": [measurement_json(each) for each in entry.elsewhere],
        "decision": decision_json(entry.decision),
    }


def _lost(state: RunState, rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Devices that some batch could not be measured on, each with its last error."""
    found = {each.device: each for each in (*state.lost, *(x for r in rounds for x in r.lost))}
    return [
        {
            "device": each.device,
            "message": each.error.message,
            "hint": "Mend it, then measure what is missing with: edgehone run --resume latest",
            "exit_code": each.error.exit_code,
        }
        for each in found.values()
    ]


def _speedup(entry: Entry) -> dict[str, Any] | None:
    if entry.speedup is None:
        return None
    ratio, interval = entry.speedup
    return {"ratio": ratio, "ci95": plain(interval)}


def _unproven(found: Entry | None, folder: Path) -> dict[str, Any]:
    """The best entry that may keep the budgets, as the winner is told, and where its file is."""
    file = f"{UNPROVEN}{found.artifact.path.suffix}" if found else ""
    return {
        "best_unproven": None if found is None else measurement_json(found.measurement),
        "best_unproven_elsewhere": [measurement_json(m) for m in found.elsewhere] if found else [],
        "best_unproven_name": "" if found is None else found.name,
        "best_unproven_speedup": None if found is None else _speedup(found),
        "best_unproven_decision": None if found is None else decision_json(found.decision),
        "best_unproven_file": str(folder / "artifacts" / file) if found else "",
    }


def _teacher(state: RunState) -> dict[str, Any] | None:
    """The Keras teacher on the validation split, beside the best constant answer."""
    found = state.teaching
    if found is None:
        return None
    return {**(accuracy_json(found.accuracy) or {}), "warning": found.warning}


def _need(each: Need) -> dict[str, Any]:
    """A budget that the test samples are too few for, and what would do."""
    return {
        **budget_json(each.budget),
        "samples": each.n,
        "samples_needed": each.samples,
        "provable": each.limit,
    }


def _round(state: RunState, each: Round) -> dict[str, Any]:
    return {
        "round": each.number,
        "target": each.asked or None,
        "quality_kept": each.trial.quality if each.trial else None,
        "quality": _validated(state, each),
        "refused": [{"format": r.format, "reason": r.reason} for r in each.refused],
    }


def _validated(state: RunState, each: Round) -> list[dict[str, Any]]:
    """The quality budgets checked on the validation split, which steers the search."""
    for entry in each.entries if each.trial else ():
        seen = entry.measurement.validation
        if entry.artifact.format == state.primary and seen is not None:
            measured = replace(entry.measurement, accuracy=seen)
            budgets = [b for b in state.wishes.budgets if b.metric in QUALITY]
            return [{**check_json(check(measured, b)), "n": seen.n} for b in budgets]
    return []


def _outcome(decisions: Sequence[Decision], winner: Entry | None) -> str:
    if winner is not None:
        return "pass"
    outcomes = {decision.outcome for decision in decisions}
    return "inconclusive" if "inconclusive" in outcomes else combine(outcomes)


def _warnings(state: RunState, lost: Sequence[Mapping[str, Any]]) -> list[str]:
    found = [state.teaching.warning] if state.teaching and state.teaching.warning else []
    found += [foreseen(each) for each in state.needs]
    found += [
        f"Left out of the baselines in {each.format}: {each.reason}" for each in state.refused
    ]
    found += state.context.data.notes
    found += (state.checked or {}).get("findings", [])
    found += [f"{each['device']} failed: {each['message']}" for each in lost]
    if state.wishes.minimize and not any(b.metric in QUALITY for b in state.wishes.budgets):
        found.append(
            "No budget holds the quality: whatever is smaller or faster is better, down to a file "
            "that knows nothing. Add a [[budget]] on accuracy_drop."
        )
    return found
