"""A recipe carried out: each step on the result of the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, get_origin, get_type_hints

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._bytes import compressed_bytes
from edgehone.compress._copies import release_changed
from edgehone.compress.training.held import Held
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.costs import layer_costs
from edgehone.graph.written import require_kept
from edgehone.system import variants
from edgehone.system.library_errors import shortened
from edgehone.values import Event, Recipe, Step, StepReport

PACKAGE = "edgehone.compress"

COSTS = ("parameters", "MACs", "bytes")
"""What a step may save, in the order of `_costs`."""


def compress(
    model: Any, recipe: Recipe, context: TrainingContext
) -> tuple[Any, tuple[StepReport, ...]]:
    """Carry out a recipe's steps in order on a Keras model, which stays as it is.

    A step that saves nothing (no fewer parameters, MACs and bytes; for one that holds zeros or
    shared values no fewer compressed bytes either) is dropped and its report says why, unless it
    trains or grows. What steps hold, the trainings of later ones keep. All settings are checked
    before the first step. Every model, the teacher too, must compute what its file would when read
    back. Raises UsageError for an unknown technique, ConfigError for its settings, ModelError for a
    model it cannot take, and for state that files do not keep.
    """
    return carried_out(model, [(step, technique_of(step)) for step in recipe.steps], context)


def carried_out(
    model: Any, steps: Sequence[tuple[Step, Technique]], context: TrainingContext
) -> tuple[Any, tuple[StepReport, ...]]:
    """`compress` with techniques that are built already: each step with its own."""
    done = _carried_out(model, steps, context)
    return done.model, done.reports


@dataclass(frozen=True)
class Done:
    """What became of a recipe's steps, and what all of them hold, which further steps must keep."""

    model: Any
    reports: tuple[StepReport, ...]
    held: Held


def carried_on(model: Any, recipe: Recipe, context: TrainingContext) -> Done:
    """`compress` where steps came before or are to follow: `context.held` is what those before
    hold.
    """
    return _carried_out(model, [(step, technique_of(step)) for step in recipe.steps], context)


def _carried_out(
    model: Any, steps: Sequence[tuple[Step, Technique]], context: TrainingContext
) -> Done:
    if not steps:
        return Done(model, (), context.held)
    with backend.float32_policy():
        return _each_carried_out(model, steps, context)


def _each_carried_out(
    model: Any, steps: Sequence[tuple[Step, Technique]], context: TrainingContext
) -> Done:
    reports = []
    for number, (step, technique) in enumerate(steps):
        context.progress(Event("compress", step.technique, number, len(steps)))
        if not number:
            _require_kept(model, context.teacher, context, step.technique)
        outcome = _worthwhile(technique, model, technique.apply(model, context))
        reports.append(_report(step, model, outcome))
        if not outcome.skipped:
            if not technique.TRAINS:
                release_changed(model, outcome.model)
            model = outcome.model
            require_kept(model, context.data.train.x, f"The result of step {step.technique!r}")
            context = replace(context, held=context.held | outcome.held)
    return Done(model, tuple(reports), context.held)


def _require_kept(model: Any, teacher: Any, context: TrainingContext, step: str) -> None:
    """Refuse a model or teacher that files do not keep, before the first step: ModelError."""
    for each, what in ((teacher, "teacher"), (model, "model")):
        # Looked at once: kept with the answers, and with the model, so that its identity is.
        key = ("kept", id(each))
        if each is not None and key not in context.teacher_outputs:
            require_kept(each, context.data.train.x, f"The {what} given to step {step!r}")
            context.teacher_outputs[key] = each


def technique_of(step: Step) -> Technique:
    """The technique a step names, with its settings checked."""
    found: Any = variants.load(PACKAGE, Technique, step.technique)
    settings = {field.name: field for field in fields(found) if field.init}
    for name in step.settings:
        _checks.known(f"setting of {step.technique}", name, settings)
    for name, field in settings.items():
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and name not in step.settings:
            raise ConfigError(f"{step.technique} needs the setting {name!r}.", "Give it a value.")
    _check_structure(found, step)
    technique: Technique = found(**step.settings)
    return technique


def _check_structure(technique: type, step: Step) -> None:
    """Raise ConfigError for a table or list that is none; what is in it techniques check."""
    kinds = {name: get_origin(hint) for name, hint in get_type_hints(technique).items()}
    for name, value in step.settings.items():
        if kinds[name] is Mapping and not isinstance(value, Mapping):
            text = shortened(repr(value), 80)
            raise ConfigError(f"{name} = {text} is not a table.", "Write {name = value, ...}.")
        if kinds[name] is Sequence and (isinstance(value, str) or not isinstance(value, Sequence)):
            text = shortened(repr(value), 80)
            raise ConfigError(f"{name} = {text} is not a list.", "Write [value, ...].")


def _worthwhile(technique: Technique, model: Any, outcome: Outcome) -> Outcome:
    """The outcome, or one that says it saved nothing."""
    if outcome.skipped or technique.TRAINS or technique.GROWS:
        return outcome
    pairs = dict(zip(COSTS, zip(_costs(model), _costs(outcome.model), strict=True), strict=True))
    if outcome.held:  # measured only here: it takes as long as compressing a file
        pairs["compressed bytes"] = compressed_bytes(model), compressed_bytes(outcome.model)
    if any(after < before for before, after in pairs.values()):
        return outcome
    text = ", ".join(f"{name} {before} to {after}" for name, (before, after) in pairs.items())
    return replace(outcome, model=model, skipped=f"saved nothing: {text}")


def _report(step: Step, model: Any, outcome: Outcome) -> StepReport:
    before = _costs(model)
    after = before if outcome.skipped else _costs(outcome.model)
    params, macs, size_bytes = zip(before, after, strict=True)
    return StepReport(
        step.technique,
        step.settings,
        params,
        macs,
        size_bytes,
        skipped=outcome.skipped,
        detail=outcome.detail,
    )


def _costs(model: Any) -> tuple[int, int, int]:
    """Parameters, MACs for one sample, and bytes as float32."""
    costs = layer_costs(model)
    return (
        sum(cost.params for cost in costs),
        sum(cost.macs for cost in costs),
        sum(cost.size_bytes for cost in costs),
    )
