"""Samples without labels teach by the teacher's answers alone; the others count as ever."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import accuracy, context, dense_net, images, outputs, residual_net

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.teacher_outputs import answers
from edgehone.compress.training.unlabelled import marked, of_labelled
from edgehone.data import Split
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.values import Task

pytestmark = pytest.mark.slow  # TensorFlow

FEW = 6


def with_unlabelled(
    teacher: Any, few: Split, rest: Any, task: Task | None = None
) -> TrainingContext:
    shop = context(teacher, train=few, task=task)
    return replace(shop, data=replace(shop.data, unlabelled=rest, sha256="1" * 64))


@pytest.fixture(scope="module")
def teacher() -> Any:
    found = fit_hard(residual_net(), context(), Schedule(30, 32, 5e-3)).model
    assert accuracy(found, images(seed=9)) > 0.9
    return found


@pytest.mark.parametrize("live", [False, True])
def test_unlabelled_samples_bring_what_few_labels_do_not(teacher: Any, live: bool) -> None:
    few, rest = Split(images().x[:FEW], images().y[:FEW]), images(seed=4).x
    step = Distill(epochs=40, batch_size=16, learning_rate=5e-3)
    shop = with_unlabelled(teacher, few, rest)
    shop = replace(shop, teacher_outputs_bytes=0) if live else shop
    alone = step.apply(residual_net(4, seed=7), context(teacher, train=few)).model
    found = step.apply(residual_net(4, seed=7), shop)
    judge = images(300, seed=9)
    assert found.detail["recorded"] != live
    assert accuracy(found.model, judge) > accuracy(alone, judge) + 0.1


def test_loss_is_the_soft_one_over_all_and_the_hard_one_over_those_with_labels() -> None:
    # without batch norms, one batch, and a rate near 0, the reported loss is that of the start
    first, student = dense_net(12, 3, "linear", seed=2), dense_net(6, 3, "linear", seed=3)
    whole = images()
    few = Split(whole.x[:32], whole.y[:32])
    step = Distill(1, 96, 1e-12, temperature=3, soft=0.25, hard=0.75)
    found = step.apply(student, with_unlabelled(first, few, whole.x[32:])).detail["losses"][0]

    def logarithms(model: Any, temperature: float) -> Any:
        scaled = outputs(model, whole.x).astype(np.float64) / temperature
        return scaled - np.log(np.exp(scaled).sum(-1, keepdims=True))

    t, s = logarithms(first, 3), logarithms(student, 3)
    soft = 9 * (np.exp(t) * (t - s)).sum(-1).mean()
    hard = -logarithms(student, 1)[np.arange(32), few.y].mean()
    assert found == pytest.approx(0.25 * soft + 0.75 * hard, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_every_labelled_sample_counts_alike_in_whatever_batch_it_comes(dtype: str) -> None:
    ops = backend.keras().ops
    few, rest = Split(images(4).x, images(4).y), images(8).x
    data = with_unlabelled(None, few, rest).data
    targets = marked(np.arange(4).reshape(4, 1).astype(dtype), 12)
    predicted = np.linspace(-1, 1, 12, dtype=np.float32).reshape(12, 1)

    def squares(target: Any, answer: Any) -> Any:
        return ops.square(ops.cast(target, "float32") - answer)

    loss = of_labelled(squares, data)
    batches = [[0, 5, 6], [1, 2, 7], [3, 8, 9], [4, 10, 11]]
    found = [
        float(loss(ops.convert_to_tensor(targets[rows]), ops.convert_to_tensor(predicted[rows])))
        for rows in batches
    ]
    assert found[-1] == 0
    assert np.mean(found) == pytest.approx(np.mean((np.arange(4) - predicted[:4, 0]) ** 2))


def test_numbers_are_learned_without_targets_as_well() -> None:
    whole = images()
    target = np.asarray(whole.x).reshape(len(whole.x), -1)[:, :4]
    first = dense_net(8, 4, "linear", seed=8)
    shop = with_unlabelled(
        first, Split(whole.x[:8], target[:8]), whole.x[8:], Task("regression", "mse")
    )
    losses = Distill(epochs=30, learning_rate=1e-2).apply(dense_net(8, 4, "linear"), shop)
    assert losses.detail["losses"][-1] < 0.6 * losses.detail["losses"][0]


def test_training_that_rounds_learns_from_them_and_a_parent_does_not(teacher: Any) -> None:
    few, rest = Split(images().x[:FEW], images().y[:FEW]), images(seed=4).x
    shop = with_unlabelled(teacher, few, rest)
    found = QuantizeAware(epochs=1, batch_size=16).apply(residual_net(4, seed=7), shop)
    assert np.isfinite(found.detail["losses"]).all()
    assert len(answers(shop)) == FEW


@pytest.mark.parametrize("taught", [True, False])
def test_labels_alone_say_nothing_of_samples_without_them(taught: bool) -> None:
    few = images(12)
    shop = with_unlabelled(dense_net(4, 3, "softmax") if taught else None, few, few.x)
    step = Distill(epochs=1, soft=0.0) if taught else Distill(epochs=1)
    with pytest.raises(ConfigError, match="12 samples without labels"):
        step.apply(dense_net(4, 3, "softmax"), shop)
