"""Any number of labels for each sample, by a sigmoid (or logit) of its own for each label."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, finite, fits, numeric, shape_text
from edgehone.system.settings import TASK
from edgehone.system.user_code import is_reference
from edgehone.tasks.classes import TRIED_CLASSES, Constant, require_names
from edgehone.tasks.kinds._base import Answer, Link, TaskKind
from edgehone.tasks.numeric import with_rank
from edgehone.tasks.outputs import decisions, positive, rows, sigmoid, threshold_of
from edgehone.tasks.scoring import Metric, averaged, by_name


def _counts(y: Array, outputs: Array) -> Array:
    """(n, 3, k): true positives, false positives and false negatives of each label. What is not a
    number is wrong, whatever the target.
    """
    found, truth = (each.reshape(len(y), -1, y.shape[-1]) for each in (decisions(outputs), y))
    hits = (found == 1) & (truth == 1)
    false = (found != 0) & (truth == 0)
    missed = (found != 1) & (truth == 1)
    return np.stack([each.sum(axis=1) for each in (hits, false, missed)], axis=1)


def _f1(hits: Array, errors: Array) -> Array:
    """2 hits / (2 hits + false positives and negatives); 1 where there is nothing to find and
    nothing was found.
    """
    some = hits + errors > 0
    return np.asarray(np.divide(2 * hits, 2 * hits + errors, out=np.ones_like(hits), where=some))


def _micro_terms(y: Array, outputs: Array) -> Array:
    """(n, 2): hits and errors over all labels."""
    hits, false, missed = np.moveaxis(_counts(y, outputs).sum(axis=2), 1, 0)
    return np.stack([hits, false + missed], axis=1)


def _micro(means: Array) -> Array:
    return _f1(means[..., 0], means[..., 1])


def _macro_terms(y: Array, outputs: Array) -> Array:
    """(n, 2 k): hits of each label, then errors."""
    hits, false, missed = np.moveaxis(_counts(y, outputs), 1, 0)
    return np.hstack([hits, false + missed])


def _macro(means: Array) -> Array:
    """The mean over labels; those that neither are there nor were found do not count."""
    hits, errors = np.split(means, 2, axis=-1)
    there = hits + errors > 0
    total = (_f1(hits, errors) * there).sum(axis=-1)
    counted = there.sum(axis=-1)
    return np.asarray(np.divide(total, counted, out=np.ones_like(total), where=counted > 0))


def _right(y: Array, outputs: Array) -> Array:
    """(n, 1): the share of each sample's labels that are decided right (1 - Hamming loss)."""
    return averaged((decisions(outputs) == y).reshape(len(y), -1).astype(np.float64))


def _mean_average_precision(y: Array, outputs: Array) -> Array:
    """The mean over the labels that occur of the average precision: sum of (R_i - R_(i-1)) P_i
    over the distinct scores, highest first. Equal scores count as one step.
    """
    truth, scores = rows(y), rows(outputs)
    worst = np.where(truth > 0, -np.inf, np.inf)  # of what is not a number
    scores = np.where(np.isfinite(scores), scores, worst)
    occurring = np.flatnonzero(truth.any(axis=0))
    found = [_average_precision(truth[:, label], scores[:, label]) for label in occurring]
    return np.asarray(np.mean(found) if found else 1.0)


def _average_precision(truth: Array, scores: Array) -> float:
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order])
    steps = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    precision, recall = hits[steps] / (steps + 1), hits[steps] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


class Multilabel(TaskKind):
    """Any number of labels for each sample; targets (n, k) are 0 or 1 for each label."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("micro_f1", higher_is_better=True, terms=_micro_terms, combine=_micro),
        Metric("macro_f1", higher_is_better=True, terms=_macro_terms, combine=_macro),
        Metric("mean_average_precision", higher_is_better=True, whole=_mean_average_precision),
        Metric("label_accuracy", higher_is_better=True, terms=_right),
    )
    ANSWER: ClassVar[Answer] = "probabilities"
    LINK: ClassVar[Link] = "sigmoid"
    CLASS_SCORE: ClassVar[str] = "the share of the samples with this label in which it is found"

    def targets(self, y: Array, name: str, output: Shape | None) -> Array:
        """0 or 1 for each label, as int64 in the shape of the outputs."""
        numbers = numeric(y, name)
        finite(numbers, name)
        if output == (1,):
            numbers = with_rank(numbers, 2)
        if numbers.ndim < 2 or (output is not None and not fits(numbers.shape[1:], output)):
            raise DataError(
                f"{name} has shape {numbers.shape}, but labels that do not exclude each other "
                f"need {shape_text(output or (None,))}.",
                "Give 0 or 1 for each label of a sample; for one class a sample set "
                f"{TASK.set('classification')}.",
            )
        wrong = numbers[(numbers != 0) & (numbers != 1)]
        if wrong.size:
            raise DataError(
                f"{name} has {wrong[0]:g} as a target, and a label is there (1) or not (0).",
                f"For measured values set {TASK.set('regression')}.",
            )
        return numbers.astype(np.int64)

    def strata(self, y: Array) -> Array | None:
        """Which labels a sample has together."""
        return np.asarray(np.unique(y.reshape(len(y), -1), axis=0, return_inverse=True)[1]).ravel()

    def class_count(
        self,
        targets: Mapping[str, Array],
        names: tuple[str, ...],
        source: str,
        output: Shape | None,
    ) -> int:
        """The number of labels, after checking that some are there and some are not."""
        known = int(next(iter(targets.values())).shape[-1])
        require_names(names, source, known)
        for split, y in targets.items():
            if split != "validation" and (y == y.flat[0]).all():
                raise DataError(
                    f"The {split} split of {source} has "
                    f"{'every label' if y.flat[0] else 'no label'} in every sample.",
                    "There is nothing to learn from them; check the labels.",
                )
        return known

    def check(self, y: Array, outputs: Array) -> None:
        """One output for each label."""
        if y.shape != outputs.shape:
            raise DataError(
                f"Labels have shape {y.shape}, the model's outputs {outputs.shape}.",
                f"Give 0 or 1 for each output, or set {TASK} to what the model does.",
            )

    def training_targets(self, y: Array, rank: int) -> Array:
        """0.0 or 1.0 for each label."""
        return y.astype(np.float32)

    def loss(self, keras: Any, metric: str) -> Any:
        """Binary cross-entropy on logits."""
        return keras.losses.BinaryCrossentropy(from_logits=True)

    def soft_loss(self, keras: Any, temperature: float) -> Any:
        """Binary Kullback-Leibler divergence of sigmoids of logits / temperature, averaged over the
        labels, times the square of the temperature (as Hinton et al. 2015, section 2, for softmax).
        """
        ops = keras.ops

        def loss(teacher: Any, student: Any) -> Any:
            t, s = teacher / temperature, student / temperature
            yes, no = ops.sigmoid(t), ops.sigmoid(-t)
            divergence = yes * (ops.log_sigmoid(t) - ops.log_sigmoid(s))
            divergence += no * (ops.log_sigmoid(-t) - ops.log_sigmoid(-s))
            return ops.mean(divergence) * temperature**2

        return loss

    def divergence(self, teacher: Array, outputs: Array) -> float:
        """Mean binary Kullback-Leibler divergence of all labels, in nats."""
        logits = self.are_logits(teacher)
        p, q = (positive(_both(each, logits=logits)) for each in (teacher, outputs))
        return float(np.mean(np.sum(p * (np.log(p) - np.log(q)), axis=-1)))

    def constants(self, y: Array, outputs: Array, metric: str) -> Iterator[Constant]:
        """The commonest labels, however many of them; and the base rates, which rank best."""
        rates = y.mean(axis=0)
        ranks = np.empty(rates.size, np.int64)
        ranks[np.argsort(-rates, axis=None, kind="stable")] = np.arange(rates.size)
        ranks = ranks.reshape(rates.shape)
        if metric != "mean_average_precision":
            most = int((rates > 0.5).sum())
            for count in sorted({*range(min(rates.size, TRIED_CLASSES) + 1), most, rates.size}):
                yield _always(count, rates.size), (ranks < count).astype(np.float64)
        if metric == "mean_average_precision" or is_reference(metric):
            yield "always the base rates of the labels", rates

    def labels(self, outputs: Array, threshold: float | None = None) -> Array | None:
        """Yes or no for each label."""
        return decisions(outputs, threshold)

    def has_threshold(self, outputs: Array) -> bool:
        """Every output says yes or no by it."""
        return True

    def scores(self, outputs: Array, threshold: float) -> Array:
        """Probabilities, which are above 0.5 where the threshold is passed."""
        if threshold == 0:
            found = sigmoid(outputs)
        else:
            found = np.clip(np.asarray(outputs, np.float64) + (0.5 - threshold), 0, 1)
        return np.asarray(np.where(np.isfinite(outputs), found, np.nan))

    def agreement(self, outputs: Array, teacher: Array) -> float:
        """The fraction of labels that are decided alike."""
        least = threshold_of(teacher)
        return float((decisions(outputs, least) == decisions(teacher, least)).mean())

    def scores_by_class(self, y: Array, outputs: Array, threshold: float) -> Mapping[int, Array]:
        """Whether each label is found where it is there."""
        if outputs.shape != y.shape:
            return {}
        shape = (len(y), -1, y.shape[-1])
        truth = y.reshape(shape) == 1
        hits = (decisions(outputs, threshold).reshape(shape) == 1) & truth
        there, right = truth.sum(axis=1), hits.sum(axis=1)
        return {
            label: right[of_label, label] / there[of_label, label]
            for label, of_label in enumerate((there > 0).T)
            if of_label.any()
        }

    def confidences(self, outputs: Array, *, logits: bool) -> Array | None:
        """Of each label, that it is not there and that it is."""
        return _both(outputs, logits=logits)

    def are_logits(self, outputs: Array) -> bool:
        """By their range."""
        return threshold_of(outputs) == 0

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels."""
        return "Check that the labels are in the order it was trained with."


def _both(outputs: Array, *, logits: bool) -> Array:
    """(m, 2): for each output the probabilities of no and of yes."""
    yes = sigmoid(outputs) if logits else np.clip(np.asarray(outputs, np.float64), 0, 1)
    return np.stack([1 - yes.ravel(), yes.ravel()], axis=1)


def _always(count: int, of: int) -> str:
    if count == 0:
        return "never a label"
    if count == of:
        return "always every label"
    return "always the commonest label" if count == 1 else f"always the {count} commonest labels"
