"""Whether a teacher knows more than a constant answer, asked before any work is spent on it."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgehone import units
from edgehone.data import Split
from edgehone.errors import DataError
from edgehone.graph.scaling import InputScaling, input_scaling
from edgehone.system.interface import all_named
from edgehone.system.rows import Rows
from edgehone.system.settings import FORCE, OFFSET, SCALE
from edgehone.tasks import constant_answer
from edgehone.tasks.evaluate import evaluate
from edgehone.values import Accuracy, Task

Array = NDArray[Any]


@dataclass(frozen=True)
class ValidationData:
    """What a teacher is tried on: the validation split, scaled by x * scale + offset."""

    task: Task
    validation: Split
    scale: float
    offset: float


@dataclass(frozen=True)
class Finding:
    """A teacher's accuracy beside the best constant answer's; message and hint are "" when it is
    better.
    """

    accuracy: Accuracy
    message: str = ""
    hint: str = ""

    @property
    def warning(self) -> str:
        """Both sentences as one; "" when there is nothing to warn of."""
        return f"{self.message} {self.hint}".strip()

    def require(self, *, force: bool) -> None:
        """Refuse a teacher that guesses: DataError, unless forced."""
        if self.message and not force:
            raise DataError(self.message, f"{self.hint} To go on all the same: {FORCE.set(True)}.")


def check_teacher(validation: ValidationData, model: Any, outputs: Array) -> Finding:
    """What a Keras model's outputs (n, ...) on the validation split are worth.

    Raises DataError when targets and outputs do not fit each other.
    """
    task, x, y = validation.task, validation.validation.x, validation.validation.y
    found = constant_answer.with_constant_answer(task, y, outputs, evaluate(task, y, outputs))
    sentence = constant_answer.complaint("The teacher", found, "validation")
    if not sentence:
        return Finding(found)
    hint = f"{_scaling(validation, model, x)} {constant_answer.advice(task, y)}"
    return Finding(found, f"{sentence}.", hint)


def expectation(scaling: InputScaling) -> str:
    """Which values a model that scales its input so seems to expect, in half a sentence."""
    inside = (
        f"the model holds {', '.join(scaling.layers)}"
        if scaling.layers
        else "the model holds no Rescaling or Normalization"
    )
    expects = (
        f"seems to expect {constant_answer.span(scaling.expects)}"
        if scaling.expects
        else f"nothing in it says which values it expects (often 0 to 1, or {units.MINUS}1 to 1)"
    )
    return f"{inside}, and {expects}"


def _scaling(validation: ValidationData, model: Any, x: Rows) -> str:
    return (
        f"Check {all_named((SCALE, OFFSET))} (here {validation.scale:.6g} and "
        f"{validation.offset:.6g}): with them the samples hold "
        f"{constant_answer.held(x)}; "
        f"{expectation(input_scaling(model))}."
    )
