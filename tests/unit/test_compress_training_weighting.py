"""Classes weigh in the loss of labels what the user says, in every training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, context, dense_net, images, outputs

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training.options import TrainingOptions
from edgehone.compress.training.weighting import ClassWeighted, class_weights
from edgehone.data import DataSet, Split
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.values import Task


def data(labels: list[int], *names: str) -> DataSet:
    split = Split(np.zeros((len(labels), 2), np.float32), np.array(labels))
    return DataSet(split, split, split, "made up", "0" * 64, 3, names)


def test_balanced_classes_have_the_same_weight_in_all() -> None:
    labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    table = class_weights("balanced", data(labels), Task())
    assert np.bincount(labels, table[labels]) == pytest.approx(10 / 3)
    assert table[labels].mean() == pytest.approx(1)
    assert np.isfinite(class_weights("balanced", data([0, 1]), Task())).all()


def test_a_table_names_classes_or_numbers_them() -> None:
    found = class_weights({"b": 2.0, "0": 0.5}, data([0, 1, 2], "a", "b", "c"), Task())
    assert found.tolist() == [0.5, 2, 1]
    with pytest.raises(ConfigError, match="'d', which the data do not have"):
        class_weights({"d": 2.0}, data([0, 1, 2], "a", "b", "c"), Task())


@pytest.mark.parametrize("given", [3, "equal", {"a": -1.0}, {"a": 0.0}, {"a": float("nan")}])
def test_what_are_no_weights_is_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"class_weights|weight of class"):
        TrainingOptions(class_weights=given)


def test_classes_of_several_labels_are_refused() -> None:
    several = Split(np.zeros((4, 2), np.float32), np.eye(4, 3, dtype=np.int64))
    with pytest.raises(ConfigError, match="one class for each sample"):
        class_weights("balanced", replace(data([0]), train=several), Task("multilabel"))


WEIGHTS = (1.0, 4.0, 0.5)


def weighted(teacher: Any = None) -> TrainingContext:
    labels = images().y
    skewed = Split(images().x[: 3 * 20], np.where(labels == 2, 0, labels)[: 3 * 20])
    table = {str(label): weight for label, weight in enumerate(WEIGHTS)}
    shop = context(teacher, train=skewed)
    return replace(shop, options=TrainingOptions(class_weights=table))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "taught"),
    [
        (Distill(1, 60, 1e-12), False),
        (Distill(1, 60, 1e-12, soft=1e-9, hard=1.0), True),
        (QuantizeAware(epochs=1, batch_size=60, learning_rate=1e-12, bits="int8"), False),
        (Slimmable(epochs=1, batch_size=60, learning_rate=1e-12), False),
    ],
    ids=["labels", "distill", "quantize_aware", "slimmable"],
)
def test_losses_have_the_weights_of_their_classes(step: Any, taught: bool) -> None:
    # in one batch and at a rate near 0 the reported loss is that of the start
    student = dense_net(6, CLASSES, "linear", seed=3)
    shop = weighted(dense_net(12, CLASSES, "linear", seed=2) if taught else None)
    losses = step.apply(student, shop).detail["losses"]
    logits, labels = outputs(student, shop.data.train.x).astype(np.float64), shop.data.train.y
    logarithms = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    each = -logarithms[np.arange(len(labels)), labels] * np.take(WEIGHTS, labels)
    # simulated rounding moves answers a little
    near = 0.02 if isinstance(step, QuantizeAware) else 1e-4
    assert losses[0] == pytest.approx(each.mean(), rel=near)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 4, 4)])
def test_labels_in_any_shape_and_shares_of_classes_are_weighed(shape: tuple[int, ...]) -> None:
    keras, rng = backend.keras(), np.random.default_rng(0)
    labels = rng.integers(0, 3, shape)
    places = shape[:1] if shape[-1] == 1 else shape
    logits = rng.normal(size=(*places, 3)).astype(np.float32)
    weights = np.take(WEIGHTS, labels).reshape(places)
    chosen = np.take_along_axis(logits, labels.reshape((*places, 1)), -1)[..., 0]
    expected = (weights * (np.log(np.exp(logits).sum(-1)) - chosen)).mean()
    ops, table = keras.ops, np.array(WEIGHTS)
    sparse = ClassWeighted(keras.losses.SparseCategoricalCrossentropy(from_logits=True), table)
    assert float(sparse(ops.convert_to_tensor(labels), logits)) == pytest.approx(expected, rel=1e-4)
    shares = np.eye(3, dtype=np.float32)[labels.reshape(places)]
    dense = ClassWeighted(keras.losses.CategoricalCrossentropy(from_logits=True), table)
    assert float(dense(ops.convert_to_tensor(shares), logits)) == pytest.approx(expected, rel=1e-4)
