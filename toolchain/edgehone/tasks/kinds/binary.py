"""One question for each sample, answered by one sigmoid or its logit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehone.errors import ConfigError, DataError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.system.user_code import is_reference
from edgehone.tasks import classes
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._bernoulli import Bernoulli
from edgehone.tasks.labels import labels_of
from edgehone.tasks.outputs import decisions, threshold_of
from edgehone.tasks.scoring import Metric, by_name


@dataclass(frozen=True)
class Binary(Bernoulli):
    """Yes (1) or no (0) for each sample; outputs (n,) or (n, 1) are one sigmoid, or its logit.

    threshold: the probability above which an answer is a yes.
    """

    FORM: ClassVar[Form] = "yes or no"
    CLASS_SCORE: ClassVar[str] = "the share of its samples that are labelled right"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.threshold, int | float) or not 0 < self.threshold < 1:
            raise ConfigError(
                f"binary has threshold = {self.threshold!r}, which is out of range.",
                f"Write a probability between 0 and 1: {TASK.set('binary(threshold=0.5)')}.",
            )

    @property
    def METRICS(self) -> Mapping[str, Metric]:  # type: ignore[override]  # noqa: N802
        """The share of right answers, by this threshold."""

        def right(y: Array, outputs: Array) -> Array:
            return np.asarray(self.labels(outputs) == y, np.float64)[:, None]

        return by_name(Metric("accuracy", higher_is_better=True, terms=right))

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """0 or 1 for each sample."""
        if output is not None and output not in ((), (1,)):
            raise DataError(
                f"A binary task has one output, a sigmoid or its logit, but the model's outputs "
                f"have {shape_text(output)}.",
                f"Set {TASK.set('classification')} for a score of each class, or "
                f"{TASK.set('multilabel')} for several questions.",
            )
        return labels_of(y, name, output)

    def strata(self, y: Array) -> Array | None:
        """The answers, so that each gives its share."""
        return y

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """Two, after checking that every label is one of them."""
        return classes.class_count_of(targets, names, source, (1,))

    def check(self, y: Array, outputs: Array) -> None:
        """One output, and one label, for each sample."""
        if outputs.ndim > 2 or (outputs.ndim == 2 and outputs.shape[1] != 1) or y.ndim != 1:
            raise DataError(
                f"Labels have shape {y.shape}, the model's outputs {outputs.shape}.",
                f"A binary task has one of each a sample; or set {TASK} to what the model does.",
            )
        classes.check_labels(y, outputs.reshape(len(outputs)))

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """Always no, always yes; for a user's metric the share of yes, too."""
        for words, answer in (("always no", 0.0), ("always yes", 1.0)):
            yield words, np.array([answer])
        if is_reference(metric):
            yield "always the share of yes", np.array([float(y.mean())])

    def labels(self, outputs: Array, threshold: float | None = None) -> Array | None:
        """Yes or no for each sample, (n,)."""
        column = outputs.reshape(len(outputs))
        least = threshold_of(column) if threshold is None else threshold
        return decisions(column, self._least(least))

    def _least(self, usual: float) -> float:
        """Above which output the answer is yes: usual is 0 of logits, 0.5 of probabilities."""
        odds = math.log(self.threshold / (1 - self.threshold))
        return usual + odds if usual == 0 else usual + self.threshold - 0.5

    def scores_by_class(self, y: Array, outputs: Array, threshold: float) -> Mapping[int, Array]:
        """Whether each sample is labelled right, of no and of yes."""
        if outputs.size != len(y):
            return {}
        right = np.asarray(self.labels(outputs, threshold) == y, np.float64)
        return {label: right[y == label] for label in (0, 1) if (y == label).any()}

    def advice(self, y: Array, metric: str) -> str:
        """On which label is a yes, and on accuracy where one is common."""
        return classes.label_advice(y, metric, counts_all=metric == "accuracy")
