"""Whether a student learns more with its teacher than without, by the validation split."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from edgehone.compress._base import Outcome, TrainingContext
from edgehone.compress.training.own_fit import EPOCHS
from edgehone.compress.training.stopping import score_of
from edgehone.values import Plain

LABELS, TEACHER = "labels", "teacher"
"""What a trial may choose: the student that learned from the labels alone, or with the teacher."""


def better(
    alone: Callable[[], Outcome], taught: Callable[[], Outcome], context: TrainingContext
) -> Outcome:
    """The outcome whose model is better on the validation split, with the teacher where both are
    equal; its detail has the trial as `choice_of` reads it.

    The second training is left out where the teacher is not above the first one's student, unless
    there are samples without labels, which only a teacher makes use of.
    """
    first = alone()
    scores: dict[str, float | None] = {
        "teacher": _teacher_score(context),
        "labels": _score(first, context),
        "taught": None,
    }
    epochs = passes_of(first.detail)
    found, chosen = first, LABELS
    if context.data.unlabelled is not None or _above(scores["teacher"], scores["labels"]):
        second = taught()
        epochs += passes_of(second.detail)
        scores["taught"] = _score(second, context)
        if not second.skipped and not _above(scores["labels"], scores["taught"]):
            found, chosen = second, TEACHER
    trial = {"chosen": chosen, "epochs": epochs, "scores": scores}
    return found if found.skipped else replace(found, detail={**found.detail, "trial": trial})


def choice_of(detail: Plain) -> str:
    """What the trial in a step's detail chose; "": there was none."""
    trial: Any = detail.get("trial")
    return str(trial["chosen"]) if trial else ""


def passes_of(detail: Plain) -> int:
    """Passes over the training data that a step took: of a trial, those of both trainings."""
    trial: Any = detail.get("trial")
    losses: Any = detail.get("losses")
    if trial:
        return int(trial["epochs"])
    own: Any = detail.get(EPOCHS, 0)
    return len(losses or ()) or int(own)


def without(detail: Plain) -> str:
    """Why a trial chose the labels alone, in a sentence; detail: of its step."""
    trial: Any = detail["trial"]
    score = {name: _number(value) for name, value in trial["scores"].items()}
    reason = f"the teacher itself has {score['teacher']}"
    if trial["scores"]["taught"] is not None:
        reason = f"with the teacher it is {score['taught']}"
    return (
        f"Trainings learn from the labels alone: on the validation data this gave "
        f"{score['labels']}, {reason} (found in {trial['epochs']} passes over the training data). "
        "A weight in soft has the teacher take part all the same."
    )


def _number(score: float | None) -> str:
    """A score as its metric has it, whichever way is better."""
    return "no number" if score is None else f"{abs(score):.4g}"


def _teacher_score(context: TrainingContext) -> float | None:
    # Kept with what it came from, as the teacher's outputs are.
    key = ("validation score", id(context.teacher), id(context.data))
    if key not in context.teacher_outputs:
        score = score_of(context.teacher, context)
        context.teacher_outputs[key] = (score, context.teacher, context.data)
    found: float | None = context.teacher_outputs[key][0]
    return found


def _score(outcome: Outcome, context: TrainingContext) -> float | None:
    return None if outcome.skipped else score_of(outcome.model, context)


def _above(one: float | None, other: float | None) -> bool:
    """Whether a score is higher than another; what has none is below all."""
    return one is not None and (other is None or one > other)
