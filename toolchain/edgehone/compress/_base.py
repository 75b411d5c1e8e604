"""What a compression technique is: settings as frozen fields, and one verb."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from edgehone.compress.training.held import NOTHING_HELD, Held
from edgehone.compress.training.options import USUAL, TrainingOptions
from edgehone.data import Array, DataSet
from edgehone.values import NOTHING, Plain, Progress, Task, silent

Recall = Callable[[list[Any], Callable[[], tuple[Array, ...]]], tuple[Array, ...]]


@dataclass(frozen=True)
class TrainingContext:
    """What techniques work with: the teacher (a Keras model), data, task, seed, progress.

    teacher_outputs: of training samples, kept from one training to the next; hand the same dict on
    for as long as teacher and data stay the same. What would take more than teacher_outputs_bytes
    of memory is computed anew in every step instead.
    recall: keeps what the teacher answers beyond this process: called with what was asked, as plain
    data, and with what computes it; None: nothing is kept.
    parents: slimmable parents that were trained, for steps that cut others out of the same one.
    held: zeros and shared values of the steps before, which every training must keep.
    options: how the user wants models trained.
    """

    teacher: Any
    data: DataSet
    task: Task
    seed: int = 0
    progress: Progress = silent
    teacher_outputs_bytes: int = 512 * 2**20
    teacher_outputs: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    held: Held = NOTHING_HELD
    recall: Recall | None = field(default=None, compare=False, repr=False)
    parents: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    options: TrainingOptions = USUAL


@dataclass(frozen=True)
class Outcome:
    """A technique's result: the new Keras model, or the same one and the reason in `skipped`.

    held: zeros and shared values it made, which the trainings of later steps must keep. A step
    that holds any is also worth its while when it saves compressed bytes alone.
    """

    model: Any
    skipped: str = ""
    detail: Plain = NOTHING
    held: Held = NOTHING_HELD


class Technique(ABC):
    """One way to make a model smaller, faster or more accurate. Subclasses are frozen dataclasses
    whose fields, checked when built, are the recipe's settings.

    What the search may decide about a technique is declared in search/decisions/NAME.py.
    """

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    """Values worth searching, by field."""

    TRAINS: ClassVar[bool] = False
    """True when the step keeps the architecture and is kept although it saves nothing."""

    GROWS: ClassVar[bool] = False
    """True when the step makes a model larger on purpose, and is kept although it saves nothing."""

    REPLACES: ClassVar[bool] = False
    """True when the step makes a model of another kind, without the layers it was given."""

    @property
    def revision(self) -> int:
        """Above 1 where these settings make another model than in earlier versions, so that what
        those made is not looked up.
        """
        return 1

    @abstractmethod
    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """Return a new Keras model; `model` itself is left as it was."""
