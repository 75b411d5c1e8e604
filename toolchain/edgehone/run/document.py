"""What became of a run: every entry on its list, the winner, and the document that tells it."""

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from edgehone import __version__
from edgehone.budgets import Budget, Decision, Outcome
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.choice import binding, choose, choose_unproven
from edgehone.decide.decision import check, combine
from edgehone.decide.sample_sizes import Need, foreseen, needs_of
from edgehone.documents import plain
from edgehone.documents.run.bill import BillEntry
from edgehone.documents.run.candidate import CandidateEntry, LayerEntry, Predicted
from edgehone.documents.run.chosen import ChosenEntry, Speedup
from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.finalist import FinalistEntry
from edgehone.documents.run.goal import (
    BindingEntry,
    LostEntry,
    NeedEntry,
    ObjectiveEntry,
    TeacherEntry,
)
from edgehone.documents.run.parent import ParentEntry
from edgehone.documents.run.project import Project
from edgehone.documents.run.robustness import Generalization
from edgehone.documents.run.rounds import LeftOutEntry, RefusedEntry, RoundEntry, ValidatedCheck
from edgehone.documents.run.search import ErrorEntry, SearchEntry
from edgehone.documents.run.student import StudentEntry
from edgehone.run.bill import training_bill
from edgehone.run.cost_tables import NEARLY_ALL, few_weights
from edgehone.run.parents import bill_of
from edgehone.run.preflight import unimportable
from edgehone.run.state import Entry, Finalist, Round, RunState, Searched
from edgehone.run.trials import in_primary_format
from edgehone.search.accountability import Account
from edgehone.system.settings import BUDGET

UNPROVEN = "best-unproven"
"""What the file of the best entry is called that may keep the budgets, where none is proven to."""

PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "litert-quantizer", "onnxruntime", "numpy")


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
    """All that may win."""
    entries = [entry for each in rounds for entry in each.entries if not entry.outdone]
    return [*entries, *state.baselines]


def document(state: RunState, run: str, searched: Searched, *, seconds: float) -> RunDocument:
    """The run as a value: what the store keeps and the report shows."""
    rounds = searched.rounds
    config, folder = state.context.config, state.context.workspace.folder
    candidates = [entry for each in rounds for entry in each.entries]
    winner, unproven = winner_of(state, rounds), unproven_of(state, rounds)
    decisions = [entry.decision for entry in [*candidates, *state.baselines]]
    return RunDocument(
        run=run,
        decision=_outcome(decisions, winner),
        devices=tuple(device.info for device in state.devices),
        baselines=tuple(entry.measurement for entry in state.baselines),
        budgets=tuple(config.budgets),
        candidates=tuple(_candidate(entry) for entry in candidates),
        winner=None if winner is None else _chosen(winner),
        best_unproven=None if unproven is None else _unproven(unproven, folder),
        project=_project(state),
        objective=ObjectiveEntry(state.goal.metric, state.goal.minimize),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
        teacher=_teacher(state),
        needs=tuple(NeedEntry(n.budget, n.n, n.samples, n.limit) for n in state.needs),
        generalization=Generalization.from_json(state.checked),
        binding=tuple(BindingEntry(b.metric, b.bound, b.limit, b.best) for b in binding(decisions)),
        students=tuple(StudentEntry.from_json(row) for row in state.students),
        rounds=tuple(_round(state, each) for each in rounds),
        stopped=searched.stopped,
        searched_weights=searched.covered,
        parent=_parent(state, rounds),
        search=_search(state, searched.account, seconds),
        finalists=tuple(_finalist(each) for each in searched.finalists),
        bill=BillEntry(**asdict(training_bill(state, rounds))),
        remarks=tuple(_remarks(state, searched)),
        lost=_lost(state, rounds),
        report=str(folder / "report.html"),
        artifacts=str(folder / "artifacts"),
        environment=environment(),
    )


def _search(state: RunState, found: Account, seconds: float) -> SearchEntry:
    """How well the search predicted, and where the time went."""
    return SearchEntry(
        found.candidates,
        found.rank_correlation,
        found.guessing,
        tuple(ErrorEntry(**asdict(each)) for each in found.errors),
        state.context.spent.seconds(seconds),
    )


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


def _project(state: RunState) -> Project:
    config, data, task = state.context.config, state.context.data, state.context.task
    return Project(
        teacher=config.model.teacher,
        student=config.model.student,
        params=state.teacher.params,
        macs=state.teacher.macs,
        data=config.data.source,
        samples={name: len(getattr(data, name)) for name in ("train", "validation", "test")},
        classes=tuple(data.classes),
        notes=tuple(data.notes),
        kind=task.kind,
        metric=task.metric,
        seed=config.search.seed,
        teacher_sha256=state.context.origins.teacher_sha256,
        data_sha256=data.sha256,
        data_file_sha256=state.context.origins.data_sha256,
        split=None if data.splitting is None else data.splitting.to_json(),
        preprocess=config.data.preprocess or "",
        training=state.context.training.options.plain,
    )


def _candidate(entry: Entry) -> CandidateEntry:
    made = entry.artifact.candidate
    assert made is not None  # noqa: S101 - every entry of a run was built from a candidate
    predicted = entry.predicted or {}
    return CandidateEntry(
        name=entry.name,
        recipe=made.recipe,
        measurement=entry.measurement,
        decision=entry.decision,
        round=entry.round,
        params=made.model.params,
        macs=made.model.macs,
        steps=made.steps,
        layers=tuple(LayerEntry.from_json(row) for row in entry.layers),
        predicted=Predicted(
            predicted.get("latency_p50_ms"),
            predicted.get("instructions"),
            predicted.get("size_bytes"),
            predicted.get("accuracy_drop"),
        ),
        speedup=_speedup(entry),
        audit=entry.artifact.audit,
        parity=entry.artifact.parity,
        elsewhere=entry.elsewhere,
    )


def _lost(state: RunState, rounds: Sequence[Round]) -> tuple[LostEntry, ...]:
    """Devices that some batch could not be measured on, each with its last error."""
    found = {each.device: each for each in (*state.lost, *(x for r in rounds for x in r.lost))}
    hint = "Mend it, then measure what is missing with: edgehone run --resume latest"
    return tuple(
        LostEntry(each.device, each.error.message, hint, each.error.exit_code)
        for each in found.values()
    )


def _speedup(entry: Entry) -> Speedup | None:
    if entry.speedup is None:
        return None
    ratio, (low, high) = entry.speedup
    return Speedup(ratio, (plain(low), plain(high)))  # an unknown bound is infinite


def _chosen(found: Entry) -> ChosenEntry:
    return ChosenEntry(found.name, found.measurement, found.elsewhere, _speedup(found))


def _unproven(found: Entry, folder: Path) -> ChosenEntry:
    """The best entry that may keep the budgets, in the form of a winner, and where its file is."""
    file = folder / "artifacts" / f"{UNPROVEN}{found.artifact.path.suffix}"
    return replace(_chosen(found), decision=found.decision, file=str(file))


def _teacher(state: RunState) -> TeacherEntry | None:
    """The Keras teacher on the validation split, beside the best constant answer."""
    found = state.teaching
    return None if found is None else TeacherEntry(found.accuracy, found.warning)


def _round(state: RunState, each: Round) -> RoundEntry:
    return RoundEntry(
        each.number,
        each.asked or None,
        any(trial.quality for trial in each.measured) if each.measured else None,
        _validated(state, each),
        tuple(RefusedEntry(r.format, r.reason) for r in each.refused),
        len(each.trials) or len({entry.name for entry in each.entries}),
        tuple(LeftOutEntry(left.name, left.reason) for left in each.left_out),
    )


def _validated(state: RunState, each: Round) -> tuple[ValidatedCheck, ...]:
    """The quality budgets checked on the validation split, which steers the search: of the round's
    first candidate that kept them, or else of the first.
    """
    kept = [trial.quality for trial in each.measured]
    entries = [e for e in each.entries if kept and in_primary_format(state, e)]
    first = kept.index(True) if True in kept else 0
    for entry in entries[first:]:
        seen = entry.measurement.validation
        if seen is not None:
            measured = replace(entry.measurement, accuracy=seen)
            budgets = [b for b in state.goal.budgets if metric_of(b.metric).quality]
            return tuple(ValidatedCheck(check(measured, b), seen.n) for b in budgets)
    return ()


def _parent(state: RunState, rounds: Sequence[Round]) -> ParentEntry | None:
    """What the slimmable parent cost."""
    bill = bill_of(state, rounds)
    return None if bill is None else ParentEntry(bill.epochs, bill.seconds, bill.candidates)


def _outcome(decisions: Sequence[Decision], winner: Entry | None) -> Outcome:
    if winner is not None:
        return "pass"
    outcomes = {decision.outcome for decision in decisions}
    return "inconclusive" if "inconclusive" in outcomes else combine(outcomes)


def _finalist(each: Finalist) -> FinalistEntry:
    return FinalistEntry(
        each.name,
        each.origin,
        each.format,
        each.aware,
        each.epochs,
        each.before,
        each.after,
        each.kept,
    )


def _remarks(state: RunState, searched: Searched) -> list[str]:
    covered = searched.covered
    found = [state.teaching.warning] if state.teaching and state.teaching.warning else []
    found += [warning] if (warning := unimportable(state.context.config)) else []
    found += [foreseen(each) for each in state.needs]
    found += [few_weights(covered)] if covered is not None and covered < NEARLY_ALL else []
    found += [searched.remark] if searched.remark else []
    found += [
        f"Left out of the baselines in {each.format}: {each.reason}" for each in state.refused
    ]
    found += state.context.data.notes
    found += (state.checked or {}).get("findings", [])
    qualities = [b for b in state.goal.budgets if metric_of(b.metric).quality]
    if state.goal.minimize and not qualities:
        found.append(
            "No budget limits the loss of quality: whatever is smaller or faster is better, down "
            f"to a file that knows nothing. Add a {BUDGET} on accuracy_drop."
        )
    return found
