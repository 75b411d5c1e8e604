"""Training that ends once the validation split stops gaining, with the best weights it had."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress._views import View
from edgehone.compress.training.feeding import PREDICT_BATCH
from edgehone.data import Array
from edgehone.graph import backend
from edgehone.system.rows import mapped
from edgehone.tasks.metrics import metric_for


def score_of(model: Any, context: TrainingContext) -> float | None:
    """The task's metric over the validation split, turned so that higher is better; None: the
    model answers numbers that are not finite.
    """
    split, metric = context.data.validation, metric_for(context.task)
    outputs = mapped(partial(_outputs, model), split.x, PREDICT_BATCH)
    value = float(metric.value(split.y, outputs)) if np.isfinite(outputs).all() else np.nan
    if not np.isfinite(value):
        return None
    return value if metric.higher_is_better else -value


def _outputs(model: Any, x: Array) -> Array:
    return np.asarray(model.predict(x, PREDICT_BATCH, verbose=0))


@dataclass
class Watch:
    """The student after each epoch, by the task's metric on the validation split. patience: epochs
    without a gain after which training stops; best: the epoch that was best, from 1 on.
    """

    student: Any
    view: View
    context: TrainingContext
    patience: int
    best: int = 0
    score: float = -np.inf
    weights: list[Array] = field(default_factory=list)

    def callback(self, trainer: Any) -> Any:
        """A Keras callback that looks, and stops the trainer."""

        def look(epoch: int, _logs: Any) -> None:
            score = self._score()
            if score > self.score:
                self.best, self.score = epoch + 1, score
                self.weights = [np.asarray(each).copy() for each in self._variables()]
            elif epoch + 1 - self.best >= self.patience:
                trainer.stop_training = True

        return backend.keras().callbacks.LambdaCallback(on_epoch_end=look)

    def restore(self) -> None:
        """Give the student the weights of its best epoch; where none has a score, it keeps its
        last.
        """
        if self.weights:
            for variable, values in zip(self._variables(), self.weights, strict=True):
                variable.assign(values)

    def _score(self) -> float:
        self.view.write_back()
        found = score_of(self.student, self.context)
        return np.nan if found is None else found

    def _variables(self) -> list[Any]:
        twin = [] if self.view.twin is None else self.view.twin.weights
        return [*self.student.weights, *twin]
