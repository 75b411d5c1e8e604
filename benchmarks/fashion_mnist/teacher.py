"""The teacher's training, kept in the store so that it happens once."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from images import SCALE
from network import WIDTHS, network

from edgehone.compress._base import TrainingContext
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSettings, load
from edgehone.run.workspace import Workspace
from edgehone.values import Event, Model, Task


@dataclass(frozen=True)
class Lesson:
    """How the teacher is trained, on labels alone."""

    epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 3e-3
    seed: int = 0


def trained(workspace: Workspace, data: Path, lesson: Lesson) -> Model:
    """The teacher trained on the training split of an .npz."""
    found = load(str(data), DataSettings(scale=SCALE, input_shape=(28, 28, 1), output_shape=(10,)))

    def told(event: Event) -> None:
        workspace.progress(Event("train the teacher", event.text, event.done, event.total))

    def work() -> dict[str, Any]:
        schedule = Schedule(lesson.epochs, lesson.batch_size, lesson.learning_rate)
        context = TrainingContext(None, found, Task(), lesson.seed, told)
        return workspace.keep_model(fit_hard(network(lesson.seed), context, schedule).model)

    inputs = {"data": found.sha256, "widths": list(WIDTHS), **asdict(lesson)}
    return workspace.model(workspace.cache.stage("teacher", inputs, work))
