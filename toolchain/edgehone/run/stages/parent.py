"""A slimmable parent: trained once, then looked up for every candidate that is cut out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from edgehone.run.stages.teacher_answers import recall_of
from edgehone.run.stages.training import Training
from edgehone.run.workspace import Array, Workspace
from edgehone.values import Event, Model, Plain, Step

if TYPE_CHECKING:
    from edgehone.compress._parent import Parent
    from edgehone.compress.slimmable import Slimmable

STAGE, VERSION = "parent", 1

TECHNIQUE = "slimmable"
"""The technique whose steps cut candidates out of a parent."""


@dataclass(frozen=True)
class Parenting:
    """The parent of `origin` that a step of the technique asks for, trained with `teacher`; title:
    what its progress is called.
    """

    origin: Model
    step: Step
    teacher: Model
    title: str

    @property
    def technique(self) -> "Slimmable":
        """The technique with the step's settings. Raises ConfigError for wrong ones."""
        from edgehone.compress.recipe import technique_of
        from edgehone.compress.slimmable import Slimmable

        found = technique_of(self.step)
        assert isinstance(found, Slimmable)  # noqa: S101 - asked for steps of that name alone
        return found


def trained_parent(asked: Parenting, training: Training, workspace: Workspace) -> Plain:
    """{"model": as `Workspace.model` reads it, "order", "losses", "epochs", "seconds"}; all but the
    first as `Parent.restored` reads it. Where the training diverged, which `diverged` tells, the
    model is of no use.
    """
    inputs = {
        "origin": asked.origin.sha256,
        "settings": {name: _named(value) for name, value in asked.technique.trained_by.items()},
        "teacher": asked.teacher.sha256,
        "data": training.data.sha256,
        "task": asdict(training.task),
        "seed": training.seed,
        **training.identity,
    }
    return workspace.cache.stage(
        STAGE, inputs, lambda: _trained(asked, training, workspace), version=VERSION
    )


def diverged(kept: Plain) -> bool:
    """Whether the training that `trained_parent` kept ended with a loss that is not finite."""
    losses = kept["losses"]
    return bool(losses) and (losses[-1] is None or not isfinite(losses[-1]))


def restored(kept: Plain, workspace: Workspace) -> "Parent":
    """The parent that `trained_parent` kept."""
    from edgehone.compress._parent import Parent

    return Parent.restored(workspace.keras_model(workspace.model(kept["model"])), kept)


def parents_for(
    asked: Parenting, training: Training, workspace: Workspace
) -> dict[Any, tuple[Any, Any]]:
    """What `TrainingContext.parents` holds for steps that cut out of this parent; of one that
    diverged, its losses with the weights from before.
    """
    from edgehone.compress._parent import Parent

    kept = trained_parent(asked, training, workspace)
    model = workspace.keras_model(asked.origin)
    parent = Parent.restored(model, kept) if diverged(kept) else restored(kept, workspace)
    return {asked.technique.key(model): (parent, model)}


def parent_outputs(
    kept: Plain, widths: Sequence[Mapping[str, int]], x: Array, workspace: Workspace
) -> list[Array]:
    """Outputs (n, ...) of sub-networks of these widths on samples x (n, *shape), whose statistics
    their batch norms have.
    """
    return restored(kept, workspace).outputs(widths, x)


def _trained(asked: Parenting, training: Training, workspace: Workspace) -> dict[str, Any]:
    from edgehone.compress._base import TrainingContext
    from edgehone.compress._parent import trained
    from edgehone.graph import backend

    def progress(event: Event) -> None:
        workspace.progress(Event(asked.title, event.text, event.done, event.total))

    context = TrainingContext(
        workspace.keras_model(asked.teacher),
        training.data,
        training.task,
        training.seed,
        progress,
        teacher_outputs=training.teacher_outputs,
        recall=recall_of(asked.teacher, training, workspace),
        options=training.options,
    )
    technique = asked.technique
    with backend.float32_policy():
        model = workspace.keras_model(asked.origin)
        parent = trained(model, technique.sandwich, technique.importance, context)
    return {"model": workspace.keep_model(parent.model), **parent.plain()}


def _named(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else repr(value)
