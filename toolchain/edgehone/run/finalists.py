"""The best candidates of a search, trained on for longer: what measures better is kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key, reduce
from math import ceil

from edgehone.budgets import Budget, Outcome
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.choice import Objective, better
from edgehone.decide.decision import keeps
from edgehone.run import building
from edgehone.run.batches import entries_of, measure_candidates
from edgehone.run.best_so_far import best_so_far
from edgehone.run.bill import epochs_of
from edgehone.run.stages.quantization import Refused
from edgehone.run.state import Entry, Finalist, Made, Round, RunState, Searched
from edgehone.run.trials import in_primary_format
from edgehone.search.history import Trial
from edgehone.search.recipes import AWARE as QUANTIZE_AWARE
from edgehone.search.recipes import before_rounding, trained_on
from edgehone.system.settings import MINUTES
from edgehone.units import plural
from edgehone.values import NOTE, Artifact, Candidate, Event, Measurement

FINAL, AWARE = "final", "final-aware"
"""What finalists are called after the candidate they go on from: trained on, and with rounding."""

PATIENCE = 1 / 3
"""Share of the final epochs in which the validation split must gain something. The rate falls to 0
over all of them: a network that starts from good weights is worse at first, and gains late."""

AWARE_SHARE = 1 / 4
"""Epochs with rounding, as a share of the final ones, where the project names no number."""

ACCURATE = Objective("accuracy", minimize=False)

RANKS: dict[Outcome, int] = {"fail": 0, "inconclusive": 1, "pass": 2}


@dataclass(frozen=True)
class Known:
    """A measured candidate of the search: as it was built, what was learned, its entry in the
    format that is searched, and those in all formats.
    """

    made: Made
    trial: Trial
    entry: Entry
    entries: tuple[Entry, ...]

    @property
    def seen(self) -> Measurement:
        """Its measurement with quality over the validation split: the test split only decides."""
        return replace(self.entry.measurement, accuracy=self.entry.measurement.validation)


@dataclass(frozen=True)
class Member:
    """A finalist: the candidate it goes on from, its own name, and as it was built."""

    origin: Known
    name: str
    candidate: Candidate
    artifacts: tuple[Artifact, ...]
    refused: tuple[Refused, ...]


def with_finalists(state: RunState, searched: Searched, deadline: float) -> Searched:
    """The search with its best candidates trained on, if the project asks for it: one further
    round, and of every network only what is best can win. None is trained after the deadline.
    """
    context = state.context
    epochs, count = context.config.distill.final_epochs, context.config.search.finalists
    if not epochs:
        return searched
    chosen = chosen_of(state, searched.rounds)[:count]
    if not chosen:
        remark = "No candidate was trained on: none keeps the budgets that training cannot change."
        return replace(searched, remark=remark if _known(state, searched.rounds) else "")
    if time.monotonic() > deadline:
        remark = f"No candidate was trained on: the time limit was reached before. Raise {MINUTES}."
        return replace(searched, remark=remark)
    names = " and ".join(each.made.name for each in chosen)
    text = f"The best candidates are trained on, for up to {plural(epochs, 'epoch')} each: {names}."
    context.workspace.progress(Event(NOTE, text))
    last = max(each.number for each in searched.rounds) + 1
    members = [member for each in chosen for member in _members(state, each, epochs)]
    found = judged(searched, members, _round(state, members, last))
    context.workspace.progress(best_so_far(state, found.rounds))
    return found


def chosen_of(state: RunState, rounds: Sequence[Round]) -> list[Known]:
    """The candidates that are worth further training, the most promising first: the best that keeps
    the quality budgets on the validation split, then those that would be better by the objective
    and miss them by least, then others. Further training changes nothing but quality, so all keep
    the other budgets.
    """
    budgets, objective = state.goal.budgets, state.context.config.objective.value
    others = [each for each in budgets if not metric_of(each.metric).quality]
    quality = [each for each in budgets if metric_of(each.metric).quality]

    def order(first: Known, second: Known) -> int:
        return better(second.seen, first.seen, objective) - better(
            first.seen, second.seen, objective
        )

    fitting = [
        each
        for each in _known(state, rounds)
        if all(_excess(each.trial, budget) == 0 for budget in others)
    ]
    kept = sorted((each for each in fitting if each.trial.quality), key=cmp_to_key(order))
    near = sorted(
        (each for each in fitting if not each.trial.quality),
        key=lambda each: sum(_excess(each.trial, budget) for budget in quality),
    )
    ahead = [each for each in near if kept and better(each.seen, kept[0].seen, objective)]
    return [*kept[:1], *ahead, *kept[1:], *(each for each in near if each not in ahead)]


def _known(state: RunState, rounds: Sequence[Round]) -> list[Known]:
    """The search's candidates that were measured. Recipes of the user's own are not among them:
    they say themselves how long to train.
    """
    found = []
    for each in rounds:
        for made, trial in zip(each.made, each.trials, strict=False):
            own = tuple(entry for entry in each.entries if entry.name == made.name)
            primary = [entry for entry in own if in_primary_format(state, entry)]
            if primary and not trial.lost:
                found.append(Known(made, trial, primary[0], own))
    return found


def _excess(trial: Trial, budget: Budget) -> float:
    """By how much of its limit a budget is missed; 0: it is kept; infinite: not known."""
    value = trial.metrics.get(budget.metric)
    if value is None:
        return float("inf")
    return 0.0 if keeps(value, budget) else abs(value - budget.limit) / (abs(budget.limit) or 1.0)


def _members(state: RunState, known: Known, epochs: int) -> list[Member]:
    """What a candidate becomes by further training."""
    context, origin = state.context, known.made.name
    settings = {**context.distillation.settings, "epochs": epochs}
    settings["patience"] = max(2, ceil(PATIENCE * epochs))
    aware = context.config.distill.quantize_aware_epochs or ceil(AWARE_SHARE * epochs)
    recipe = known.made.candidate.recipe
    itself = not recipe.steps and state.base == state.teacher
    found = []
    for begun, longer in trained_on(recipe, settings, aware, in_float=not itself):
        name = f"{origin}-{FINAL if longer.steps[-1].technique == 'distill' else AWARE}"
        built = building.compressed(
            context, state.base, longer, state.teacher, f"train {name}", begun
        )
        made: list[Artifact | Refused] = []
        if not built.candidate.steps[-1].skipped:  # diverged, and is what it was
            made = building.in_formats(context, built, name)
        artifacts = tuple(each for each in made if isinstance(each, Artifact))
        refused = tuple(each for each in made if isinstance(each, Refused))
        found.append(Member(known, name, built.candidate, artifacts, refused))
    return found


def _round(state: RunState, members: Sequence[Member], number: int) -> Round:
    """The finalists, measured in one batch."""
    artifacts = [artifact for each in members for artifact in each.artifacts]
    refused = tuple(each for several in members for each in several.refused)
    made = tuple(Made(each.name, each.candidate) for each in members)
    if not artifacts:
        return Round(number, 0.0, (), (), refused, made=made, final=True)
    start, found = measure_candidates(state, artifacts)
    entries: list[Entry] = []
    for each in members:
        count, layers = len(each.artifacts), each.origin.entry.layers
        part = found.part(len(entries), count)
        names = [each.name] * count
        entries += entries_of(state.context, part, start, names, number, layers=layers)
    return Round(number, 0.0, tuple(entries), (), refused, found.lost, made, final=True)


def judged(searched: Searched, members: Sequence[Member], final: Round) -> Searched:
    """The search and its finalists: of each network and format all but the best are outdone."""
    outdone: set[int] = set()
    told: list[Finalist] = []
    for known in {id(each.origin): each.origin for each in members}.values():
        own = {each.name: each for each in members if each.origin is known}
        for form in dict.fromkeys(entry.artifact.format for entry in final.entries):
            start = next((e for e in known.entries if e.artifact.format == form), None)
            longer = [e for e in final.entries if e.name in own and e.artifact.format == form]
            family = [start, *longer] if start else longer
            best = reduce(_better_of, family) if family else None
            outdone |= {id(each) for each in family if each is not best}
            told += [_told(own[each.name], start, each, kept=each is best) for each in longer]
    rounds = [_marked(each, outdone) for each in (*searched.rounds, final)]
    return replace(searched, rounds=rounds, finalists=tuple(told))


def _marked(each: Round, outdone: set[int]) -> Round:
    entries = (replace(entry, outdone=id(entry) in outdone) for entry in each.entries)
    return replace(each, entries=tuple(entries))


def _better_of(first: Entry, second: Entry) -> Entry:
    """The better of two trainings of one network: by the budgets, then on the validation split."""
    ranks = [RANKS[each.decision.outcome] for each in (first, second)]
    if ranks[0] != ranks[1]:
        return first if ranks[0] > ranks[1] else second
    seen = [replace(e.measurement, accuracy=e.measurement.validation) for e in (first, second)]
    return second if better(seen[1], seen[0], ACCURATE) else first


def _told(member: Member, start: Entry | None, entry: Entry, *, kept: bool) -> Finalist:
    before = None if start is None else start.measurement.validation
    after = entry.measurement.validation
    return Finalist(
        entry.name,
        member.origin.made.name,
        entry.artifact.format,
        member.candidate.recipe.steps[-1].technique == QUANTIZE_AWARE,
        _further_epochs(member),
        None if before is None else before.value,
        None if after is None else after.value,
        kept,
    )


def _further_epochs(member: Member) -> int:
    """Passes over the training data beyond those of the candidate that it goes on from."""
    started = before_rounding(member.origin.made.candidate.recipe).steps
    return sum(map(epochs_of, member.candidate.steps[len(started) :]))
