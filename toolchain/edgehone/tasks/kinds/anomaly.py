"""How unusual each sample is: a score, higher for what is less like the samples of training."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.tasks import numeric
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._numbers import Numbers
from edgehone.tasks.labels import labels_of
from edgehone.tasks.ranking import auc
from edgehone.tasks.scoring import Metric, by_name


class Anomaly(Numbers):
    """One score for each sample, in any unit; targets are 0 (normal) or 1 (anomaly), and those of
    training may all be normal.
    """

    FORM: ClassVar[Form] = "score"
    GUESSED: ClassVar[bool] = False
    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric(
            "auc",
            higher_is_better=True,
            whole=lambda y, outputs: np.asarray(auc(y.ravel(), outputs.ravel())),
            needs="normal samples and anomalies",
            trials=lambda y: int(np.bincount(y.ravel(), minlength=2).min()),
        )
    )

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """0 or 1 for each sample."""
        if output is not None and output not in ((), (1,)):
            raise DataError(
                "Anomaly detection takes one score a sample, but the model's outputs have "
                f"{shape_text(output)}.",
                "Let the model end in the score, such as the mean squared error of what an "
                f"autoencoder gives, or set {TASK.set('reconstruction')}.",
            )
        labels = labels_of(y, name, output)
        if labels.size and labels.max() > 1:
            raise DataError(
                f"{name} has label {labels.max()}: a sample is normal (0) or an anomaly (1).",
                f"For several classes set {TASK.set('classification')}.",
            )
        return labels

    def strata(self, y: Array) -> Array | None:
        """Normal or not, so that each split has its share."""
        return y

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """None: scores are no classes. What is judged on must have samples of both."""
        for split, y in targets.items():
            if split != "train" and (y == y[:1]).all():
                kind = "anomalies" if y[0] else "normal samples"
                raise DataError(
                    f"The {split} split of {source} has {kind} only.",
                    "Add the others: scores are judged by how well they tell them apart.",
                )
        return 0

    def training_targets(self, y: Array, rank: int) -> Array:
        """0.0 or 1.0 for each sample."""
        return numeric.with_rank(y.astype(np.float32), rank)

    def loss(self, keras: Any, metric: str) -> Any:
        """Binary cross-entropy of scores as logits: it lowers those of normal samples."""
        return keras.losses.BinaryCrossentropy(from_logits=True)

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterable[Constant]:
        """Any score, for all samples the same."""
        yield "always the same score", np.zeros(1)

    def advice(self, y: Array, metric: str) -> str:
        """On the sign of scores."""
        return "Check that higher scores mean anomalies (1), and not normal samples (0)."
