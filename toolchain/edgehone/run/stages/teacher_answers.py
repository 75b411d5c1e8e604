"""What the teacher answers on the training samples, computed once and kept by content."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehone.run.stages.training import Training
from edgehone.run.workspace import Array, Workspace
from edgehone.values import Model

if TYPE_CHECKING:
    from edgehone.compress._base import Recall

STAGE = "teacher answers"

MOST_BYTES = 2**30
"""What takes more is computed anew by every process: disks are not endless either."""


def recall_of(teacher: Model, training: Training, workspace: Workspace) -> "Recall | None":
    """What `TrainingContext.recall` is for this teacher; None where nothing is to be kept."""
    if not training.on_disk:
        return None

    def recall(asked: list[Any], make: Callable[[], tuple[Array, ...]]) -> tuple[Array, ...]:
        inputs = {
            "teacher": teacher.sha256,
            "data": training.data.sha256,
            "kind": training.task.kind,
            "asked": asked,
        }
        made: list[tuple[Array, ...]] = []

        def work() -> dict[str, Any]:
            made.append(make())
            if sum(each.nbytes for each in made[0]) > MOST_BYTES:
                return {"arrays": None}
            return {"arrays": [workspace.keep_array(each) for each in made[0]]}

        kept = workspace.cache.stage(STAGE, inputs, work)["arrays"]
        if kept is None:
            return made[0] if made else make()
        return tuple(_mapped(workspace, each) for each in kept)

    return recall


def _mapped(workspace: Workspace, kept: dict[str, str]) -> Array:
    """A kept array, read from the disk where it is looked at."""
    file = workspace.cache.path_of(kept["object"])
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
