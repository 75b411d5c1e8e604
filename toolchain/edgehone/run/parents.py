"""When a run trains a slimmable parent, and what its search and its candidates take from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgehone.config import Config
from edgehone.run.context import RunContext
from edgehone.run.stages.parent import (
    TECHNIQUE,
    Parenting,
    diverged,
    parent_outputs,
    trained_parent,
)
from edgehone.run.state import Round, RunState
from edgehone.search.history import Tables, Trial
from edgehone.search.lasting import without
from edgehone.search.plan import Losses, Option, Plan, Row
from edgehone.search.sensitivity import divergence
from edgehone.search.space import Space
from edgehone.values import NOTE, WARNING, Event, Plain, Recipe, Step

PRUNING = "prune_channels"

DEEP = 0.6
"""Share of all channels kept below which a cut is deep: in benchmarks/parent the parent's bill pays
at half the channels and below, and not at three quarters."""

SHARED_BY = 8
"""Least candidates still to come for which a parent is trained: in benchmarks/parent its bill is
better spent on longer training where 4 share it, and pays where 8 do."""

JUDGED_ON = 1024
"""Most validation samples that sub-networks of a parent are judged on."""

DIVERGED = (
    "The slimmable parent's training diverged; candidates are pruned from the model itself. A "
    "smaller [distill] learning_rate may help."
)

SHARED_SETTINGS = ("batch_size", "temperature", "soft", "hard")
"""Settings of [distill] that the parent is trained with as well."""


@dataclass(frozen=True)
class Bill:
    """What a parent cost: passes of a network over the training data, and seconds; candidates: how
    many were cut out of it.
    """

    epochs: int
    seconds: float
    candidates: int


def kept_share(plan: Plan, space: Space) -> float:
    """The share in (0, 1] of the channels that a plan keeps; 1 where it cannot cut any."""
    for decision in space.decisions:
        if decision.NAME == PRUNING and decision.subjects:
            chosen = plan.of(PRUNING)
            kept = sum(int(chosen[name]) for name in decision.subjects)
            return kept / sum(int(options[0]) for options in decision.subjects.values())
    return 1.0


def from_parent(config: Config, plan: Plan, space: Space) -> bool:
    """Whether a plan's channels are cut out of the parent, once there is one: they are where the
    cut is deep and comes before all else, as a parent is one of the model as it is.
    """
    first = next((step for each in space.decisions for step in each.steps(plan)), None)
    if first is None or first.technique != PRUNING:
        return False
    share = kept_share(plan, space)
    return share < (1.0 if config.search.parent == "always" else DEEP)


def wanted(state: RunState, plan: Plan, space: Space, left: int) -> bool:
    """Whether a parent is to be trained now. left: candidates still to come, this one included."""
    config = state.context.config
    tried = state.parent is not None or state.parent_diverged
    if tried or config.search.parent == "never":
        return False
    several = left >= (1 if config.search.parent == "always" else SHARED_BY)
    return several and from_parent(config, plan, space)


def begun(
    state: RunState, tables: Tables, trials: Sequence[Trial]
) -> tuple[RunState, Tables, list[Trial]]:
    """The same with a parent: trained, its sensitivities in the place of the base's, and what the
    trials' plans sum to by them. Where its training diverged, a warning, and the same without one.
    """
    context, step = state.context, parent_step(state.context)
    kept = trained_parent(_asked(state, step), context.training, context.workspace)
    if diverged(kept):
        context.workspace.progress(Event(WARNING, DIVERGED))
        return replace(state, parent_diverged=True), tables, list(trials)
    state = replace(state, parent=step)
    text = f"{kept['epochs']} passes over the training data, {kept['seconds']:.0f} s"
    context.workspace.progress(Event(NOTE, f"The slimmable parent cost {text}."))
    losses = _losses(state, tables.space, kept)
    tables = replace(tables, losses=_in_parent(tables.losses, losses))
    return state, tables, [replace(each, sums=tables.totals(each.plan)) for each in trials]


def _in_parent(losses: Losses, found: Mapping[str, Row]) -> Losses:
    """The losses with those of trained sub-networks, to which nothing is added: they have learned
    what they can.
    """
    return replace(without(losses, PRUNING), table={**losses.table, PRUNING: found})


def parent_step(context: RunContext) -> Step:
    """The step that trains the parent, without the channels that one candidate keeps."""
    config = context.config
    settings = config.distill.model_dump(include={*SHARED_SETTINGS}, exclude_none=True)
    settings["learning_rate"] = context.learning_rate
    if not settings.get("soft", 1) + settings["hard"]:  # features alone: not known here
        settings = {name: settings[name] for name in settings if name not in ("soft", "hard")}
    return Step(TECHNIQUE, {**settings, "epochs": config.search.parent_epochs})


def cut_from(state: RunState, recipe: Recipe, plan: Plan, space: Space) -> Recipe:
    """A plan's recipe, its channels cut out of the parent where there is one for such a cut."""
    if state.parent is None or not from_parent(state.context.config, plan, space):
        return recipe
    first, *others = recipe.steps
    cut = Step(TECHNIQUE, {**state.parent.settings, "channels": first.settings["channels"]})
    return replace(recipe, steps=(cut, *others))


def bill_of(state: RunState, rounds: Sequence[Round]) -> Bill | None:
    """What the parent cost that candidates of the search were cut out of; None: there was none."""
    recipes = {
        entry.name: entry.artifact.candidate.recipe
        for each in rounds
        for entry in each.entries
        if each.number and entry.artifact.candidate is not None
    }
    count = sum(any(s.technique == TECHNIQUE for s in r.steps) for r in recipes.values())
    if not count:
        return None
    context = state.context
    asked = _asked(state, parent_step(context))
    kept = trained_parent(asked, context.training, context.workspace)
    return Bill(int(kept["epochs"]), float(kept["seconds"]), count)


def _asked(state: RunState, step: Step) -> Parenting:
    return Parenting(state.base, step, state.teacher, "train the parent")


def _losses(state: RunState, space: Space, kept: Plain) -> dict[str, dict[Option, float]]:
    """Group -> channels left -> loss against the whole parent on validation samples, of the real
    sub-network with that group alone cut.
    """
    context = state.context
    [decision] = [each for each in space.decisions if each.NAME == PRUNING]
    x = context.data.validation.x[:JUDGED_ON]
    subjects = {name: list(options) for name, options in decision.subjects.items()}
    inputs = {
        "parent": kept["model"]["object"],
        "subjects": subjects,
        "data": context.data.sha256,
        "judged on": len(x),
        "kind": context.task.kind,
    }

    def work() -> dict[str, list[float]]:
        context.workspace.progress(Event("sensitivity of channels", "in the slimmable parent"))
        cuts = [(name, n) for name, options in subjects.items() for n in options[1:]]
        widths = [{}, *({name: int(n)} for name, n in cuts)]
        outputs = parent_outputs(kept, widths, x, context.workspace)
        whole, *others = outputs
        found = {name: [0.0] for name in subjects}
        for (name, _), each in zip(cuts, others, strict=True):
            found[name].append(max(divergence(context.task.kind, whole, each), 0.0))
        return found

    value = context.workspace.cache.stage("parent sensitivity", inputs, work, version=3)
    return {name: dict(zip(subjects[name], value[name], strict=True)) for name in subjects}
