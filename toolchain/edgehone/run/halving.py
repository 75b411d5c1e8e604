"""Candidates of one round trained by successive halving, so that only the best is measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgehone.run import building
from edgehone.run.parents import cut_from
from edgehone.run.stages.compression import Built
from edgehone.run.state import LeftOut, Made, RunState
from edgehone.search.halving import better_half, starters, turns, worth
from edgehone.search.history import Proposal, Tables, Trial
from edgehone.search.recipes import recipe_of
from edgehone.tasks.metrics import metric_for
from edgehone.units import plural
from edgehone.values import Recipe

UNHALVED = 2
"""How many members are built where training is too short, or too little of it is left, to halve."""


@dataclass(frozen=True)
class Picked:
    """The members of a round that are measured, the parts of their training, and those of a halving
    that are not.
    """

    members: tuple[Proposal, ...]
    turns: tuple[int, ...] = ()
    made: tuple[Made, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    trials: tuple[Trial, ...] = ()


def members_of(state: RunState, proposal: Proposal, left: int) -> tuple[tuple[Proposal, ...], int]:
    """The members of a round that are built, and how many candidates they count as, of which `left`
    are still to come.
    """
    epochs = state.context.config.distill.epochs
    members = tuple(replace(each, halving=proposal.halving) for each in proposal.members)
    count = starters(len(members), epochs) if proposal.halving else 0
    if count > 1 and worth(count, epochs) <= left:
        return members[:count], worth(count, epochs)
    most = min(left, UNHALVED) if proposal.halving else left
    members = tuple(replace(each, halving=False) for each in members[:most])
    return members, len(members)


def picked(state: RunState, tables: Tables, number: int, members: Sequence[Proposal]) -> Picked:
    """The members, where they are not to be halved. Else all are trained for a part of the epochs,
    the better half, by the task's metric on the validation split, for as long again, until one is
    left.
    """
    if not members[0].halving:
        return Picked(tuple(members))
    epochs = state.context.config.distill.epochs
    parts = turns(len(members), epochs)
    left, made, gone, trials = list(members), list[Made](), list[LeftOut](), list[Trial]()
    for turn in range(len(parts) - 1):
        built = [_trained(state, tables, number, each, parts[: turn + 1]) for each in left]
        scores = [_score(state, each) for each in built]
        stay = better_half(scores)
        reached = sum(parts[: turn + 1])
        for index in set(range(len(left))) - {*stay}:
            reason = f"others were better after {plural(reached, 'epoch')}"
            made.append(built[index])
            gone.append(LeftOut(built[index].name, reason))
            trials.append(left[index].lost(reason))
        left = [left[index] for index in stay]
    return Picked((left[0],), parts, tuple(made), tuple(gone), tuple(trials))


def name_of(number: int, proposal: Proposal) -> str:
    """What a candidate of a round is called."""
    return "-".join(filter(None, (f"round-{number}" if number else "student", proposal.label)))


def recipe_for(
    state: RunState, tables: Tables, proposal: Proposal, parts: Sequence[int] = (), aware: int = 0
) -> Recipe:
    """The recipe of a plan, its fine-tuning in these parts, with `aware` epochs of rounding after
    it.
    """
    training = state.context.distillation.settings
    recipe = recipe_of(proposal.plan, tables.space, training, aware, parts)
    return cut_from(state, recipe, proposal.plan, tables.space)


def trained(state: RunState, recipe: Recipe, name: str, begun: Recipe) -> Built:
    """The candidate that a recipe makes of the base; begun: the recipe that it goes on from."""
    context, title = state.context, f"train {name}"
    return building.compressed(context, state.base, recipe, state.teacher, title, begun)


def before_last_part(recipe: Recipe, parts: Sequence[int]) -> Recipe:
    """The recipe that one with several parts goes on from."""
    return replace(recipe, steps=recipe.steps[:-1]) if len(parts) > 1 and recipe.steps else recipe


def _trained(
    state: RunState, tables: Tables, number: int, proposal: Proposal, parts: Sequence[int]
) -> Made:
    """A member after these parts of its training."""
    recipe, name = recipe_for(state, tables, proposal, parts), name_of(number, proposal)
    built = trained(state, recipe, name, before_last_part(recipe, parts))
    return Made(name, built.candidate, proposal.plan)


def _score(state: RunState, made: Made) -> float:
    """The task's metric over the validation split, turned so that higher is better."""
    value = building.scored(state.context, made.candidate.model)
    if value is None:
        return float("-inf")
    return value if metric_for(state.context.task).higher_is_better else -value
