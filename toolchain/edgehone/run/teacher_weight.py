"""How much the teacher counts in a run's trainings, where the project leaves it to validation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgehone.run import building, preflight
from edgehone.run.context import RunContext
from edgehone.run.stages.importing import import_model
from edgehone.run.student import scaling
from edgehone.values import NOTE, Event, Model, Recipe, Step

CUT = Step("prune_channels", {"ratio": 0.5})
"""What stands for the candidates of a search where there is no student."""


def with_teacher_weight(context: RunContext, teacher: Model) -> RunContext:
    """The same with a weight of soft labels where `[distill] soft` is left out.

    One model, the student or a cut of the teacher, is trained once without the teacher and once
    with it (`compress.training.trial`); all trainings of the run take what its validation split was
    better with. Where nothing is trained, nothing is tried.
    """
    from edgehone.compress.distill import tried_soft
    from edgehone.compress.training.trial import LABELS, choice_of, passes_of, without

    if context.config.distill.soft is not None:
        return context
    taught = {"soft": tried_soft(context.config.distill.hard)}
    origin, steps = _first_trained(context, teacher)
    if not steps:
        return _with(context, taught)
    built = building.compressed(context, origin, Recipe(tuple(steps)), teacher, "weigh the teacher")
    detail = built.candidate.steps[-1].detail
    context = replace(context, weighed=passes_of(detail))
    if choice_of(detail) != LABELS:
        return _with(context, taught)
    context.workspace.progress(Event(NOTE, without(detail)))
    weights = {"soft": 0.0, "features": 0.0, "attention": 0.0}
    alone = {**weights, "hard": context.config.distill.hard or 1.0}
    return _with(replace(context, data=replace(context.data, unlabelled=None)), alone)


def _first_trained(context: RunContext, teacher: Model) -> tuple[Model, Sequence[Step]]:
    """A model, and the steps of its first training in the run; none where nothing is trained."""
    config = context.config
    match config.model.student:
        case "same":
            return teacher, (CUT, context.distillation) if config.search.rounds else ()
        case "auto":
            scaled = scaling(config.student.width, config.student.depth)
            return teacher, (*scaled, context.distillation)
        case source:
            identity = preflight.identity(source, context.workspace.folder.name)
            start = import_model(source, identity, context.workspace)
            return start, (context.distillation,)


def _with(context: RunContext, weights: Mapping[str, float]) -> RunContext:
    config = context.config
    distill = config.distill.model_copy(update=weights)
    return replace(context, config=config.model_copy(update={"distill": distill}))
