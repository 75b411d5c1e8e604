"""What all trainings of one run or command have in common."""

from dataclasses import dataclass, field
from typing import Any

from edgehone.compress.training.options import USUAL, TrainingOptions
from edgehone.data import DataSet
from edgehone.run.workspace import Array
from edgehone.values import Task


@dataclass(frozen=True, eq=False)
class Training:
    """What all recipes of a run or command are carried out with.

    compared_x: samples (n, ...) on which files are compared with their Keras model later;
    teacher_outputs: the teacher's on the training data, kept from one training to the next;
    on_disk: whether the cache keeps them as well, for trainings of other processes; options: how
    the user wants models trained.
    """

    data: DataSet
    task: Task
    seed: int
    compared_x: Array
    teacher_outputs: dict[Any, Any] = field(default_factory=dict)
    on_disk: bool = False
    options: TrainingOptions = USUAL

    @property
    def identity(self) -> dict[str, Any]:
        """What of the options a stage's inputs have; nothing where they are as usual."""
        return {"training": self.options.plain} if self.options.plain else {}
