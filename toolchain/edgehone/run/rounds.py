"""The rounds of a run: propose, build, measure, until nothing improves."""

import time
from dataclasses import replace
from pathlib import Path

from edgehone import units, variants
from edgehone.config import Config
from edgehone.errors import ConfigError, ModelError
from edgehone.measure.protocol import failed
from edgehone.run import building
from edgehone.run.batches import entries_of, measure_candidates
from edgehone.run.best_so_far import best_so_far
from edgehone.run.context import RunContext
from edgehone.run.cost_tables import tables_of
from edgehone.run.stages.compression import Built
from edgehone.run.stages.quantization import Refused
from edgehone.run.state import Round, RunState, Searched
from edgehone.run.trials import baseline_trial, in_primary_format, trial_of
from edgehone.search.history import Proposal, Stop, Tables
from edgehone.search.recipes import layer_rows, recipe_of
from edgehone.search.strategies import PACKAGE as STRATEGIES
from edgehone.search.strategies._base import Strategy
from edgehone.values import ROUND, Artifact, Event


def rounds_of(state: RunState, deadline: float) -> Searched:
    """Propose, build, measure, until nothing improves or the rounds or the time are used up."""
    context = state.context
    total = context.config.search.rounds
    rounds = [_recipes_round(state)] if context.config.recipe else []
    context.workspace.progress(best_so_far(state, rounds))
    if total == 0 and state.base == state.teacher:
        return Searched(rounds, "no rounds were asked for")
    tables = tables_of(context, state.base, state.device, state.outputs, state.primary)
    stopped = _searched(state, tables, rounds, deadline)
    return Searched(rounds, stopped, tables.space.covered)


def _searched(state: RunState, tables: Tables, rounds: list[Round], deadline: float) -> str:
    """Search in these tables: the rounds are added to those before; why it stopped."""
    context, total = state.context, state.context.config.search.rounds
    strategy = strategy_of(context.config)
    trials = [
        baseline_trial(entry, tables, state.goal)
        for entry in state.baselines
        if in_primary_format(state, entry)
    ]
    if state.base != state.teacher:
        rounds.append(_student_round(state, tables))
        trials += [rounds[-1].trial] if rounds[-1].trial else []
    for number in range(1, total + 1):
        if number > 1 and time.monotonic() > deadline:
            return f"the time limit of {context.config.search.minutes:g} minutes was reached"
        proposal = strategy.ask(tables, trials, state.goal)
        if isinstance(proposal, Stop):
            return proposal.reason
        rounds.append(_round(state, tables, number, proposal))
        trials.append(rounds[-1].trial or proposal.lost(_unmeasured(rounds[-1])))
        context.workspace.progress(best_so_far(state, rounds))
    return f"all {total} rounds were done"


def strategy_of(config: Config) -> Strategy:
    """The strategy that the project asks for. Raises ConfigError for a class that is none."""
    settings = {"seed": config.search.seed}
    return variants.built(STRATEGIES, Strategy, config.search.strategy, settings)


def _unmeasured(each: Round) -> str:
    """Why nothing could be measured of a round."""
    reasons = [refused.reason for refused in each.refused]
    reasons += [entry.measurement.reason for entry in each.entries if failed(entry.measurement)]
    return "; ".join(reasons) or "no file of the searched format could be measured"


def _recipes_round(state: RunState) -> Round:
    """The user's own recipes, measured in one batch."""
    context = state.context
    names: dict[Path, str] = {}
    artifacts: list[Artifact] = []
    refused: list[Refused] = []
    for table in context.config.recipe:
        try:
            built = building.compressed(
                context, state.base, table.value, state.teacher, f"make {table.name}"
            )
        except (ConfigError, ModelError) as error:  # a recipe that does not fit this model
            reason = f"{table.name}: {error.message}"
            refused += [Refused(form, reason, error.hint) for form in context.formats]
            continue
        for form in context.formats:
            made = _exported(context, built, form, table.name)
            if isinstance(made, Refused):
                refused.append(replace(made, reason=f"{table.name}: {made.reason}"))
            else:
                names[made.path] = table.name
                artifacts.append(made)
    if not artifacts:
        return Round(0, 0.0, (), None, tuple(refused))
    start, found = measure_candidates(state, artifacts)
    entries = entries_of(context, found, start, [names[each.path] for each in artifacts])
    return Round(0, 0.0, entries, None, tuple(refused), found.lost)


def _student_round(state: RunState, tables: Tables) -> Round:
    """The student as it is, uniformly in the target's first precision, before any search."""
    plan = tables.space.unchanged(tables.space.precisions[0])
    sums = tables.totals(plan)
    return _build(state, tables, 0, Proposal(plan, sums, 0.0, {}))


def _round(state: RunState, tables: Tables, number: int, proposal: Proposal) -> Round:
    total = state.context.config.search.rounds
    metric, target = state.goal.metric, proposal.target
    goal = f"{metric} of {units.quantity(metric, target)}" if target else "the budgets"
    text = f"{number} of {total}, looking for {goal}"
    state.context.workspace.progress(Event(ROUND, text, number - 1, total))
    return _build(state, tables, number, proposal)


def _build(state: RunState, tables: Tables, number: int, proposal: Proposal) -> Round:
    context = state.context
    name = f"round-{number}" if number else "student"
    aware = context.config.distill.quantize_aware_epochs
    recipe = recipe_of(proposal.plan, tables.space, context.distillation.settings, aware)
    built = building.compressed(context, state.base, recipe, state.teacher, f"train {name}")
    made = [_exported(context, built, form, name) for form in context.formats]
    artifacts = [each for each in made if isinstance(each, Artifact)]
    refused = tuple(each for each in made if isinstance(each, Refused))
    if not artifacts:
        return Round(number, proposal.target, (), None, refused)
    start, found = measure_candidates(state, artifacts)
    entries = entries_of(
        context,
        found,
        start,
        [name] * len(artifacts),
        number,
        {state.primary: proposal.predicted},
        layer_rows(proposal.plan, tables.space),
    )
    trial = trial_of(state, proposal, entries, start)
    return Round(number, proposal.target, entries, trial, refused, found.lost)


def _exported(context: RunContext, built: Built, form: str, name: str) -> Artifact | Refused:
    bits = built.candidate.recipe.precision
    if bits.default not in context.formats[form].PRECISIONS:
        return Refused(form, f"{form} has no precision {bits.default}")
    return building.exported(context, built, form, name)
