"""The rounds of a run: propose, build, measure, until nothing improves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone import units
from edgehone.config import Config
from edgehone.errors import ConfigError, ModelError
from edgehone.measure.protocol import failed
from edgehone.run import building
from edgehone.run.around import Around, judged_by
from edgehone.run.asking import asked
from edgehone.run.batches import entries_of, measure_candidates
from edgehone.run.best_so_far import best_so_far
from edgehone.run.cost_tables import tables_of
from edgehone.run.halving import (
    before_last_part,
    members_of,
    name_of,
    picked,
    recipe_for,
    trained,
)
from edgehone.run.parents import begun, wanted
from edgehone.run.stages.quantization import Refused
from edgehone.run.state import Entry, Made, Round, RunState, Searched
from edgehone.run.trials import baseline_trial, in_primary_format, trial_of
from edgehone.search.accountability import account_of
from edgehone.search.history import Proposal, Stop, Tables, Trial
from edgehone.search.recipes import before_rounding, layer_rows
from edgehone.search.strategies import PACKAGE as STRATEGIES
from edgehone.search.strategies._base import Strategy
from edgehone.system import variants
from edgehone.values import NOTE, ROUND, Artifact, Candidate, Event

GUESSING = (
    "Candidates do not lose quality in the order that was predicted: the search is guessing. Its "
    "sensitivities say little about this model; longer training (more [distill] epochs) may help."
)


def rounds_of(state: RunState, deadline: float) -> Searched:
    """Propose, build, measure, until nothing improves or the rounds or the time are used up."""
    context = state.context
    total = context.config.search.rounds
    rounds = [_recipes_round(state)] if context.config.recipe else []
    context.workspace.progress(best_so_far(state, rounds))
    if total == 0 and state.base == state.teacher:
        return Searched(rounds, "no rounds were asked for")
    tables = tables_of(context, state.base, state.device, state.outputs, state.primary)
    trials = [
        baseline_trial(entry, tables, state.goal)
        for entry in state.baselines
        if in_primary_format(state, entry)
    ]
    if state.base != state.teacher:
        rounds.append(_student_round(state, tables))
        trials += rounds[-1].measured
    stopped, trials = _searched(state, tables, trials, rounds, deadline)
    return Searched(rounds, stopped, tables.space.covered, account_of(trials))


def _searched(
    state: RunState,
    tables: Tables,
    trials: list[Trial],
    rounds: list[Round],
    deadline: float,
) -> tuple[str, list[Trial]]:
    """Search in these tables: the rounds are added to those before; why it stopped, and the trials
    as they were judged at the end.
    """
    context, total = state.context, state.context.config.search.rounds
    strategy = strategy_of(context.config)
    number = built = 0
    late = f"the time limit of {context.config.search.minutes:g} minutes was reached"
    while built < total:
        if built and time.monotonic() > deadline:
            return late, trials
        tables, trials = _taken_again(state, strategy, tables, trials, rounds)
        answer = asked(state, strategy, tables, trials)
        proposal, tables, trials = answer.said, answer.tables, answer.trials
        if isinstance(proposal, Proposal) and wanted(
            state, proposal.plan, tables.space, total - built
        ):
            state, tables, trials = begun(state, tables, trials)
            answer = asked(state, strategy, tables, trials)
            proposal, tables, trials = answer.said, answer.tables, answer.trials
        if isinstance(proposal, Stop):
            return proposal.reason, trials
        if built and time.monotonic() > deadline:  # probing and training a parent take time
            return late, trials
        number += 1
        members, count = members_of(state, proposal, total - built)
        context.workspace.progress(_announced(state, number, built, members, count))
        rounds.append(_built(state, tables, number, members))
        was_guessing = account_of(trials).guessing
        trials += rounds[-1].trials
        if account_of(trials).guessing and not was_guessing:
            context.workspace.progress(Event(NOTE, GUESSING))
        built += count
        context.workspace.progress(best_so_far(state, rounds))
    return f"all {total} candidates were built", trials


def _taken_again(
    state: RunState,
    strategy: Strategy,
    tables: Tables,
    trials: list[Trial],
    rounds: Sequence[Round],
) -> tuple[Tables, list[Trial]]:
    """The tables with sensitivities around the candidate that the strategy names, if it does, and
    the trials as these judge them. Those of a slimmable parent stay: they hold at every width.
    """
    if state.parent is not None:
        return tables, trials
    best = strategy.incumbent(trials)
    made = [each for several in rounds for each in several.made]
    own = next((each.candidate for each in made if best and each.plan == best.plan), None)
    if best is None or own is None:
        return tables, trials
    retaken = Around(state.context, state.outputs, best.plan, own.model).tables(tables)
    return retaken, judged_by(retaken, trials)


def strategy_of(config: Config) -> Strategy:
    """The strategy that the project asks for. Raises ConfigError for a class that is none."""
    settings = {"seed": config.search.seed}
    return variants.built(STRATEGIES, Strategy, config.search.strategy, settings)


def _recipes_round(state: RunState) -> Round:
    """The user's own recipes, measured in one batch."""
    context = state.context
    names: dict[Path, str] = {}
    artifacts: list[Artifact] = []
    refused: list[Refused] = []
    done: list[Made] = []
    for table in context.config.recipe:
        try:
            built = building.compressed(
                context, state.base, table.value, state.teacher, f"make {table.name}"
            )
        except (ConfigError, ModelError) as error:  # a recipe that does not fit this model
            reason = f"{table.name}: {error.message}"
            refused += [Refused(form, reason, error.hint) for form in context.formats]
            continue
        done.append(Made(table.name, built.candidate))
        for made in building.in_formats(context, built, table.name):
            if isinstance(made, Refused):
                refused.append(replace(made, reason=f"{table.name}: {made.reason}"))
            else:
                names[made.path] = table.name
                artifacts.append(made)
    if not artifacts:
        return Round(0, 0.0, (), (), tuple(refused), made=tuple(done))
    start, found = measure_candidates(state, artifacts)
    entries = entries_of(context, found, start, [names[each.path] for each in artifacts])
    return Round(0, 0.0, entries, (), tuple(refused), found.lost, tuple(done))


def _student_round(state: RunState, tables: Tables) -> Round:
    """The student as it is, uniformly in the target's first precision, before any search."""
    plan = tables.space.unchanged(tables.space.precisions[0])
    sums = tables.totals(plan)
    return _built(state, tables, 0, (Proposal(plan, sums, 0.0, {}),))


def _announced(
    state: RunState, number: int, built: int, members: Sequence[Proposal], count: int
) -> Event:
    """The event that says what a round looks for, and with which of all candidates. count: as how
    many its members count.
    """
    total = state.context.config.search.rounds
    metric, target = state.goal.metric, members[0].target
    goal = f"{metric} of {units.quantity(metric, target)}" if target else "the budgets"
    which = " and ".join(str(built + n) for n in range(1, count + 1))
    who = "candidates" if count > 1 else "candidate"
    if members[0].halving:
        who = f"the best of {len(members)} in the place of {who}"
    return Event(ROUND, f"{number}, {who} {which} of {total}, looking for {goal}", built, total)


@dataclass(frozen=True)
class _Member:
    """One candidate of a round: as it was built, its files, and the formats that it could not be
    made in.
    """

    proposal: Proposal
    name: str
    candidate: Candidate
    artifacts: tuple[Artifact, ...]
    refused: tuple[Refused, ...]

    def unmeasured(self, entries: Sequence[Entry]) -> str:
        """Why nothing could be measured of it."""
        reasons = [refused.reason for refused in self.refused]
        reasons += [entry.measurement.reason for entry in entries if failed(entry.measurement)]
        return "; ".join(reasons) or "no file of the searched format could be measured"


def _built(state: RunState, tables: Tables, number: int, members: Sequence[Proposal]) -> Round:
    """The candidates of one round, built one after the other and measured in one batch."""
    chosen = picked(state, tables, number, members)
    built = [_member(state, tables, number, each, chosen.turns) for each in chosen.members]
    artifacts = [artifact for each in built for artifact in each.artifacts]
    refused = tuple(each for several in built for each in several.refused)
    target = members[0].target
    whole = Round(
        number,
        target,
        (),
        chosen.trials,
        refused,
        made=(*(Made(e.name, e.candidate, e.proposal.plan) for e in built), *chosen.made),
        left_out=chosen.left_out,
    )
    if not artifacts:
        lost = tuple(each.proposal.lost(each.unmeasured(())) for each in built)
        return replace(whole, trials=(*lost, *chosen.trials))
    start, found = measure_candidates(state, artifacts)
    entries: list[Entry] = []
    trials: list[Trial] = []
    for each in built:
        own = entries_of(
            state.context,
            found.part(len(entries), len(each.artifacts)),
            start,
            [each.name] * len(each.artifacts),
            number,
            {state.primary: each.proposal.predicted},
            layer_rows(each.proposal.plan, tables.space),
        )
        learned = trial_of(state, each.proposal, own, start)
        trials.append(learned or each.proposal.lost(each.unmeasured(own)))
        entries += own
    trials += chosen.trials
    return replace(whole, entries=tuple(entries), trials=tuple(trials), lost=found.lost)


def _member(
    state: RunState, tables: Tables, number: int, proposal: Proposal, parts: Sequence[int]
) -> _Member:
    """A candidate, trained in these parts one after the other; (): in one."""
    context, name = state.context, name_of(number, proposal)
    aware = context.config.distill.quantize_aware_epochs
    whole = recipe_for(state, tables, proposal, parts, aware)
    recipe = before_rounding(whole)
    built = trained(state, recipe, name, before_last_part(recipe, parts))
    if whole != recipe:
        built = trained(state, whole, name, recipe)
    made = building.in_formats(context, built, name)
    artifacts = tuple(each for each in made if isinstance(each, Artifact))
    refused = tuple(each for each in made if isinstance(each, Refused))
    return _Member(proposal, name, built.candidate, artifacts, refused)
