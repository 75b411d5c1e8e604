"""Any number of labels for each sample, by a sigmoid (or logit) of its own for each label."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from edgehone.errors import DataError
from edgehone.system.numbers import Array, Shape, finite, fits, numeric, shape_text
from edgehone.system.settings import TASK
from edgehone.system.user_code import is_reference
from edgehone.tasks.classes import TRIED_CLASSES, Constant, require_names
from edgehone.tasks.found import macro, macro_terms, micro, micro_terms, of_labels
from edgehone.tasks.kinds._base import Form
from edgehone.tasks.kinds._bernoulli import Bernoulli
from edgehone.tasks.numeric import with_rank
from edgehone.tasks.outputs import decisions, rows
from edgehone.tasks.ranking import average_precision
from edgehone.tasks.scoring import Metric, averaged, by_name


def _right(y: Array, outputs: Array) -> Array:
    """(n, 1): the share of each sample's labels that are decided right (1 - Hamming loss)."""
    return averaged((decisions(outputs) == y).reshape(len(y), -1).astype(np.float64))


def _mean_average_precision(y: Array, outputs: Array) -> Array:
    """The mean over the labels that occur of the average precision."""
    pairs = zip(rows(y).T, rows(outputs).T, strict=True)
    found = [average_precision(truth, scores) for truth, scores in pairs if truth.any()]
    return np.asarray(np.mean(found) if found else 1.0)


def _micro_terms(y: Array, outputs: Array) -> Array:
    return micro_terms(of_labels(y, outputs))


def _macro_terms(y: Array, outputs: Array) -> Array:
    return macro_terms(of_labels(y, outputs))


class Multilabel(Bernoulli):
    """Any number of labels for each sample; targets (n, k) are 0 or 1 for each label."""

    METRICS: ClassVar[Mapping[str, Metric]] = by_name(
        Metric("micro_f1", higher_is_better=True, terms=_micro_terms, combine=micro),
        Metric("macro_f1", higher_is_better=True, terms=_macro_terms, combine=macro),
        Metric("mean_average_precision", higher_is_better=True, whole=_mean_average_precision),
        Metric("label_accuracy", higher_is_better=True, terms=_right),
    )
    FORM: ClassVar[Form] = "labels"
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

    def advice(self, y: Array, metric: str) -> str:
        """On the order of labels."""
        return "Check that the labels are in the order it was trained with."


def _always(count: int, of: int) -> str:
    if count == 0:
        return "never a label"
    if count == of:
        return "always every label"
    return "always the commonest label" if count == 1 else f"always the {count} commonest labels"
