"""How often the class is among those with the highest scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehone.errors import ConfigError
from edgehone.system.numbers import Array
from edgehone.tasks.classes import Constant, class_shares
from edgehone.tasks.kinds import Form, TaskKind
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.outputs import flat
from edgehone.tasks.scoring import Metric, averaged


@dataclass(frozen=True)
class TopK(TaskMetric):
    """k: how many of the highest scores count. Equal scores rank by the number of the class, as in
    an application that sorts.
    """

    FORMS: ClassVar[tuple[Form, ...]] = ("class",)
    k: int = 3

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or isinstance(self.k, bool) or self.k < 1:
            raise ConfigError(
                f"topk has k = {self.k!r}, which is out of range.",
                'Write an integer from 1: "topk(k=3)".',
            )

    def metric(self, kind: TaskKind) -> Metric:
        """One score a sample: whether its class is among the k."""
        return Metric("topk", higher_is_better=True, terms=self._hits, constants=self._constants)

    def _hits(self, y: Array, outputs: Array) -> Array:
        classes = outputs.shape[-1] if outputs.ndim > 1 else 1
        if classes <= self.k:
            raise ConfigError(
                f"Metric 'topk(k={self.k})' needs more than {self.k} classes.",
                'Use metric = "accuracy".',
            )
        best = np.argsort(-outputs, axis=-1, kind="stable")[..., : self.k]
        hit = (best == y[..., None]).any(axis=-1) & np.isfinite(outputs).all(axis=-1)
        return averaged(flat(hit))

    def _constants(self, y: Array, outputs: Array) -> Iterator[Constant]:
        yield f"always the {self.k} commonest classes", class_shares(y, outputs)
