"""What a kind of task is: how its targets, losses, metrics, guesses and labels work."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

from edgehone.system.numbers import Array, Shape
from edgehone.tasks.classes import Constant
from edgehone.tasks.numeric import closeness, with_rank
from edgehone.tasks.scoring import Metric

Answer = Literal["labels", "probabilities", "numbers"]
"""By what two files' outputs are compared. labels: one of several for each sample (or place).
probabilities: of several labels that do not exclude each other. numbers: anything else."""

Link = Literal["softmax", "sigmoid", "identity"]
"""What makes answers of logits; models train on their logits."""

Form = Literal["class", "places", "yes or no", "labels", "score", "numbers", "boxes", "vectors", ""]
"""What answers are, by which metrics know the kinds that they suit. class: one of several for each
sample; places: for each place in it; yes or no: one question a sample; labels: several; score: how
unusual a sample is; numbers: measured values; boxes; vectors; "": none of these."""


class TaskKind(ABC):
    """A kind of task. Arrays are targets y (n, ...) and a model's outputs (n, ...); `keras` is the
    module, handed over so that only what trains imports it. What is not abstract suits answers
    that are plain numbers.
    """

    METRICS: ClassVar[Mapping[str, Metric]]
    """Metrics by name; the first is the default. Fractions in [0, 1] have names that say so
    (`edgehone.units.SHARES`)."""

    ANSWER: ClassVar[Answer] = "numbers"
    LINK: ClassVar[Link] = "identity"
    FORM: ClassVar[Form] = ""
    """Which of the metrics in `edgehone.tasks.metrics` this kind has beside its own METRICS."""

    CLASS_SCORE: ClassVar[str] = ""
    """What reports call the score of a class (`scores_by_class`), in half a sentence."""

    CLASSIFIES: ClassVar[bool] = False
    """Whether each sample has one class, so that a decision tree can take the model's place."""

    GUESSED: ClassVar[bool] = True
    """Whether a model and its data are tried as this kind where nobody names the task."""

    TARGETS_ARE_SAMPLES: ClassVar[bool] = False
    """Whether the targets are the samples themselves where the data have no others."""

    @abstractmethod
    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """Targets as this kind has them, from an array as it was read, called `name`.

        output: the shape of the model's answer to one sample; None: not known. Raises DataError.
        """

    @abstractmethod
    def check(self, y: Array, outputs: Array) -> None:
        """Refuse targets and outputs, both of the same number of samples, that do not fit each
        other: DataError; and outputs that cannot be judged: ExecutionError.
        """

    @abstractmethod
    def loss(self, keras: Any, metric: str) -> Any:
        """What a model trains on: a Keras loss of (training targets, logits or plain outputs)."""

    @abstractmethod
    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """What a student learns from a teacher: a function of (teacher's, student's) logits or
        plain outputs, 0 where they are equal.
        """

    @abstractmethod
    def divergence(self, teacher: Array, outputs: Array) -> float:
        """The sensitivity of outputs: their loss against a teacher's, >= 0 and 0 when equal."""

    @abstractmethod
    def constants(self, y: Array, outputs: Array, metric: str) -> Iterable[Constant]:
        """Answers that never look at a sample, among them the best by this metric: in words, and
        as one sample's outputs (probabilities where the kind has them).
        """

    def training_targets(self, y: Array, rank: int) -> Array:
        """Targets as the loss takes them; rank: of the outputs with their batch axis."""
        return with_rank(y, rank)

    def strata(self, y: Array) -> Array | None:
        """(n,) what samples are spread by over drawn splits, equal for samples that are alike."""
        return None

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """How many classes there are, 0 without; targets: by split. names: of the classes, where
        the data say so. Raises DataError for targets that the model cannot have.
        """
        return 0

    def labels(self, outputs: Array, threshold: float | None = None) -> Array | None:
        """The labels that outputs mean, integers in the targets' shape; None without labels.

        threshold: of outputs that mean yes or no; None: as these look.
        """
        return None

    def has_threshold(self, outputs: Array) -> bool:
        """Whether labels of these outputs depend on a threshold (`outputs.threshold_of`)."""
        return False

    def scores(self, outputs: Array, threshold: float) -> Array:
        """Outputs in a form whose labels no longer depend on the threshold, as metrics get it."""
        return outputs

    def agreement(self, outputs: Array, teacher: Array) -> float:
        """How often, or how closely, outputs follow the teacher's; in [0, 1]."""
        return closeness(outputs, teacher)

    def scores_by_class(self, y: Array, outputs: Array, threshold: float) -> Mapping[int, Array]:
        """For each class one score in [0, 1] for every sample that it occurs in, (m,)."""
        return {}

    def confidences(self, outputs: Array, *, logits: bool) -> Array | None:
        """(m, k) probabilities of labels, in the order of the flattened targets; None without."""
        return None

    def are_logits(self, outputs: Array) -> bool:
        """Whether outputs are logits and not what the link makes of them."""
        return False

    def advice(self, y: Array, metric: str) -> str:
        """What may be wrong where a model is no better than a constant answer."""
        return "Check that the targets have the unit and the order of columns it was trained with."
