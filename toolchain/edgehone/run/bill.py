"""What a run's training cost, in passes over the training data."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.compress.training.trial import passes_of
from edgehone.documents import recipe_json
from edgehone.run.parents import bill_of as parent_bill
from edgehone.run.stages.parent import TECHNIQUE
from edgehone.run.state import Round, RunState
from edgehone.values import Candidate, Recipe, StepReport


@dataclass(frozen=True)
class TrainingBill:
    """Passes over the training data: for students that were tried and the one that was taken, for
    a slimmable parent, for trying whether the teacher takes part, for candidates of the search and
    recipes of the user's, and for what finalists were trained on. What was looked up from earlier
    runs counts like what was done now.
    """

    students: int
    parent: int
    candidates: int
    finalists: int
    teacher: int


def training_bill(state: RunState, rounds: Sequence[Round]) -> TrainingBill:
    """The bill of a run. A training that several candidates go on from counts once."""
    first = [made.candidate for each in rounds if not each.final for made in each.made]
    final = [made.candidate for each in rounds if each.final for made in each.made]
    parent, searched = parent_bill(state, rounds), _epochs(first)
    return TrainingBill(
        _of_students(state),
        parent.epochs if parent else 0,
        searched,
        _epochs([*first, *final]) - searched,
        state.context.weighed,
    )


def epochs_of(step: StepReport) -> int:
    """Passes over the training data that a step took; a parent's are counted elsewhere."""
    return 0 if step.technique == TECHNIQUE else passes_of(step.detail)


def _epochs(candidates: Sequence[Candidate]) -> int:
    """The passes that these took, each training once, however many begin with it."""
    found: dict[str, int] = {}
    for each in candidates:
        for count, step in enumerate(each.steps, 1):
            steps = recipe_json(Recipe(each.recipe.steps[:count]))["steps"]
            origin = each.origin.sha256 if each.origin else ""
            key = json.dumps([origin, steps], sort_keys=True, default=repr)
            found[key] = epochs_of(step)
    return sum(found.values())


def _of_students(state: RunState) -> int:
    """The passes that students took: those that were tried, each from the start in every turn, and
    the one that was taken in full.
    """
    tried = sum(int(epochs) for row in state.students for epochs, _ in row["scores"])
    taken = sum(int(step.settings.get("epochs") or 0) for step in state.base_steps)
    return tried + taken
