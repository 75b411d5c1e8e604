"""A recipe carried out on a model: the candidate, and what it computes in Keras."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from edgehone.documents import recipe_json, step_report_from_json, step_report_json
from edgehone.run.stages.parent import TECHNIQUE, Parenting, parents_for
from edgehone.run.stages.teacher_answers import recall_of
from edgehone.run.stages.training import Training
from edgehone.run.workspace import Workspace
from edgehone.values import Candidate, Event, Model, Recipe, StepReport

STAGE, VERSION = "compress", 4


@dataclass(frozen=True)
class Compression:
    """A recipe for `origin`, trained with `teacher`; title: what its progress is called. begun: a
    recipe of its first steps, from whose result it goes on; None: it begins with the first.
    """

    origin: Model
    recipe: Recipe
    teacher: Model
    title: str
    begun: Recipe | None = None


@dataclass(frozen=True)
class Built:
    """A candidate, and the object with its Keras outputs on the samples that files are compared
    on.
    """

    candidate: Candidate
    reference: str


def compress(asked: Compression, training: Training, workspace: Workspace) -> Built:
    """The candidate that a recipe makes, the same wherever it goes on from. Raises ConfigError and
    ModelError when the recipe does not fit the model.
    """
    value = _looked_up(asked, training, workspace)
    reports = tuple(step_report_from_json(step) for step in value["steps"])
    candidate = Candidate(workspace.model(value["model"]), asked.recipe, asked.origin, reports)
    return Built(candidate, value["reference"]["object"])


def _looked_up(asked: Compression, training: Training, workspace: Workspace) -> dict[str, Any]:
    steps = recipe_json(asked.recipe)["steps"]
    inputs = {
        "origin": asked.origin.sha256,
        "steps": steps,
        "teacher": asked.teacher.sha256 if steps else "",
        "data": training.data.sha256,
        "task": asdict(training.task),
        "seed": training.seed,
        **training.identity,
        **_revisions(asked.recipe),
    }
    return workspace.cache.stage(
        STAGE, inputs, lambda: _compressed(asked, training, workspace), version=VERSION
    )


def _revisions(recipe: Recipe) -> dict[str, list[int]]:
    """Those of the steps, where one is above the first."""
    from edgehone.compress.recipe import technique_of

    found = [technique_of(step).revision for step in recipe.steps]
    return {"revisions": found} if any(each > 1 for each in found) else {}


def _compressed(asked: Compression, training: Training, workspace: Workspace) -> dict[str, Any]:
    from edgehone.compress._base import TrainingContext
    from edgehone.compress.recipe import carried_on
    from edgehone.compress.training.held import Held
    from edgehone.export.keras_outputs import predict

    def progress(event: Event) -> None:
        text = f"{event.stage} {event.text}"
        workspace.progress(Event(asked.title, text, event.done, event.total))

    origin, before = asked.origin, _before(asked, training, workspace)
    model = workspace.keras_model(before.model)
    reports, held = before.reports, Held(*map(frozenset, before.held))
    kept = {"object": origin.sha256, "params": origin.params, "macs": origin.macs}
    if asked.recipe.steps:
        training_context = TrainingContext(
            workspace.keras_model(asked.teacher),
            training.data,
            training.task,
            training.seed,
            progress,
            teacher_outputs=training.teacher_outputs,
            recall=recall_of(asked.teacher, training, workspace),
            parents=_parents(asked, training, workspace),
            held=held,
            options=training.options,
        )
        left = Recipe(asked.recipe.steps[before.count :])
        done = carried_on(model, left, training_context)
        model, reports, held = done.model, (*reports, *done.reports), done.held
        kept = workspace.keep_model(model)
    return {
        "model": kept,
        "steps": [step_report_json(report) for report in reports],
        "held": [sorted(held.zeros), sorted(held.shared)],
        "reference": workspace.keep_array(predict(model, training.compared_x)),
    }


@dataclass(frozen=True)
class _Before:
    """What a recipe goes on from: so many steps are done, with these reports, and hold zeros and
    shared values of weights of these names.
    """

    model: Model
    count: int = 0
    reports: tuple[StepReport, ...] = ()
    held: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def _before(asked: Compression, training: Training, workspace: Workspace) -> _Before:
    """The result of the recipe's beginning; the origin, where there is none, or where an earlier
    version kept it without what it holds.
    """
    begun = asked.begun
    if begun is None or not begun.steps or begun.steps == asked.recipe.steps:
        return _Before(asked.origin)
    value = _looked_up(replace(asked, recipe=begun, begun=None), training, workspace)
    if "held" not in value:
        return _Before(asked.origin)
    reports = tuple(step_report_from_json(step) for step in value["steps"])
    zeros, shared = map(tuple, value["held"])
    return _Before(workspace.model(value["model"]), len(begun.steps), reports, (zeros, shared))


def _parents(asked: Compression, training: Training, workspace: Workspace) -> dict[Any, Any]:
    """The slimmable parent that a recipe's first step cuts out of, if it does; looked up where
    other candidates were cut out of it before.
    """
    first = asked.recipe.steps[0]
    if first.technique != TECHNIQUE:
        return {}
    parenting = Parenting(asked.origin, first, asked.teacher, asked.title)
    return parents_for(parenting, training, workspace)
