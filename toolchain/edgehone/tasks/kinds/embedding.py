"""A vector for each sample, near those of samples of its class: faces, voices, products."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, shape_text
from edgehone.system.settings import TASK
from edgehone.tasks import numeric
from edgehone.tasks.classes import Constant
from edgehone.tasks.kinds._base import Form, TaskKind
from edgehone.tasks.labels import labels_of
from edgehone.tasks.retrieval import retrieved, unit
from edgehone.tasks.scoring import Metric, by_name

CLOSENESS = 0.1
"""Temperature of the supervised contrastive loss (Khosla et al. 2020, section 4)."""


class Embedding(TaskKind):
    """One vector (d,) for each sample, of which the direction counts; targets (n,) are classes,
    which need not be those of training.
    """

    FORM: ClassVar[Form] = "vectors"
    GUESSED: ClassVar[bool] = False
    METRICS: ClassVar[Mapping[str, Metric]] = by_name(retrieved(1))

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Integer labels."""
        if output is not None and len(output) != 1:
            raise DataError(
                f"An embedding is one vector a sample, but the model's outputs have "
                f"{shape_text(output)}.",
                f"Flatten or pool them, or set {TASK} to what the model does.",
            )
        found = labels_of(y, name, None)
        if found.ndim != 1:
            raise DataError(
                f"{name} has shape {y.shape}, but an embedding needs one class for each sample.",
                f"Give integers (n,), or set {TASK} to what the model does.",
            )
        return found

    def strata(self, y: Array) -> Array | None:
        """The classes, so that each gives its share."""
        return y

    def check(self, y: Array, outputs: Array) -> None:
        """One vector, and one class, for each sample."""
        if y.ndim != 1 or outputs.ndim != 2 or not outputs.shape[1]:
            raise DataError(
                f"Classes have shape {y.shape}, the model's outputs {outputs.shape}.",
                f"An embedding gives one vector (n, d); or set {TASK} to what the model does.",
            )
        numeric.require_finite(outputs)

    def training_targets(self, y: Array, rank: int) -> Array:
        """Labels as int32."""
        return y.astype(np.int32)

    def loss(self, keras: Any, metric: str) -> Any:
        """Supervised contrastive loss over the batch. Khosla et al. 2020, eq. 2."""
        ops = keras.ops

        def loss(targets: Any, vectors: Any) -> Any:
            labels = ops.reshape(targets, (-1,))
            near = ops.normalize(vectors, axis=-1)
            others = 1.0 - ops.eye(ops.shape(near)[0])
            cosines = ops.matmul(near, ops.transpose(near)) / CLOSENESS - 1e9 * (1.0 - others)
            chances = cosines - ops.logsumexp(cosines, axis=-1, keepdims=True)
            same = ops.cast(labels[:, None] == labels[None, :], near.dtype) * others
            count = ops.sum(same, axis=-1)
            return -ops.sum(same * chances, axis=-1) / ops.maximum(count, 1.0)

        return loss

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Distance of cosines between the samples of a batch, squared (Park et al. 2019), and
        where the vectors are as long, the cosine distance to the teacher's.
        """
        ops = keras.ops

        def loss(teacher: Any, student: Any) -> Any:
            t, s = (ops.normalize(each, axis=-1) for each in (teacher, student))
            between = [ops.matmul(each, ops.transpose(each)) for each in (t, s)]
            relation = ops.mean(ops.square(between[0] - between[1]), axis=-1)
            if t.shape[-1] != s.shape[-1]:
                return relation
            return relation + ops.sum(ops.square(t - s), axis=-1) / 2

        return loss

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean cosine distance to the teacher's vectors, in [0, 2]."""
        return float(np.mean(_distances(outputs, teacher)))

    def agreement(self, outputs: Array, teacher: Array) -> float:
        """Mean cosine to the teacher's vectors, and 0 where that is negative."""
        return max(0.0, 1 - float(np.mean(_distances(outputs, teacher))))

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterable[Constant]:
        """Any vector, for all samples the same."""
        yield "always the same vector", np.ones(outputs.shape[1])

    def advice(self, y: Array, metric: str) -> str:
        """On which output is the vector."""
        return "Check that the model ends in the vector, and not in the classes of its training."


def _distances(outputs: Array, teacher: Array) -> Array:
    """(n,) 1 - cosine, half the squared distance of unit vectors."""
    numeric.require_same_width(outputs, teacher, "the teacher's outputs")
    return np.asarray(np.sum((unit(outputs) - unit(teacher)) ** 2, axis=1) / 2)
