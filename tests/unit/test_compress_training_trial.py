"""Without a weight of soft labels, the validation split says whether the teacher takes part."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import context, dense_net, images

from edgehone.compress._base import Outcome, TrainingContext
from edgehone.compress.distill import Distill, tried_soft
from edgehone.compress.recipe import technique_of
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.stopping import score_of
from edgehone.compress.training.trial import better, choice_of, without
from edgehone.data import DataSet, Split
from edgehone.values import Step, Task

pytestmark = pytest.mark.slow  # TensorFlow

STEP = Distill(epochs=6, batch_size=16, learning_rate=1e-2)


def judged(teacher: Any, *, wrong: bool = False, few: int = 96) -> TrainingContext:
    """A context that is judged on other images; wrong: whether the training labels mislead."""
    whole, others = images(few), images(90, seed=5)
    train = Split(whole.x, (whole.y + 1) % 3) if wrong else whole
    return replace(context(teacher), data=DataSet(train, others, others, "made", "0" * 64, 3))


def good_teacher() -> Any:
    return fit_hard(dense_net(16, 3, "softmax"), context(), Schedule(20, 16, 1e-2)).model


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("wrong", [True, False])
def test_the_better_of_both_trainings_stays_and_is_what_it_would_be_alone(wrong: bool) -> None:
    """Labels that mislead, beside a teacher that knows; and labels beside a teacher that guesses,
    but answers one class more often than the labels come to by chance.
    """
    teacher = good_teacher() if wrong else dense_net(4, 3, "softmax", seed=1)
    start, shop = dense_net(8, 3, "softmax"), judged(teacher, wrong=wrong)
    found = STEP.apply(start, shop)
    alone = replace(STEP, soft=0.0).apply(start, shop).model
    taught = replace(STEP, soft=tried_soft(STEP.hard)).apply(start, shop).model
    assert not same(alone, taught)
    trial = found.detail["trial"]
    assert choice_of(found.detail) == ("teacher" if wrong else "labels")
    assert same(found.model, taught if wrong else alone)
    assert trial["scores"]["labels"] == score_of(alone, shop)
    assert trial["scores"]["taught"] == (score_of(taught, shop) if wrong else None)
    assert trial["epochs"] == (12 if wrong else 6)
    if not wrong:
        assert "the teacher itself has" in without(found.detail)


def test_a_teacher_above_the_student_that_does_not_help_is_left_out() -> None:
    """Judged on images whose labels the teacher has wrong as often as not, it is above an untrained
    student, and what it teaches is below what the labels do.
    """
    shop = judged(good_teacher(), wrong=False)
    data = replace(shop.data, validation=Split(shop.data.validation.x, shop.data.validation.y))
    shop = replace(shop, data=data)
    first, second = dense_net(8, 3, "softmax"), dense_net(8, 3, "softmax", seed=2)
    ranked = sorted([first, second], key=lambda model: score_of(model, shop) or 0.0)
    worse, best = (Outcome(model, detail={"losses": [1.0]}) for model in ranked)
    assert score_of(worse.model, shop) != score_of(best.model, shop)
    found = better(lambda: best, lambda: worse, shop)
    assert choice_of(found.detail) == "labels"
    assert found.model is best.model
    assert "with the teacher it is" in without(found.detail)
    assert choice_of(better(lambda: worse, lambda: best, shop).detail) == "teacher"
    assert choice_of(better(lambda: best, lambda: best, shop).detail) == "teacher"


def test_a_training_that_diverged_loses_to_one_that_did_not() -> None:
    shop = judged(good_teacher())
    model = dense_net(8, 3, "softmax")
    failed, done = Outcome(model, "training diverged"), Outcome(model, detail={"losses": [1.0]})
    assert choice_of(better(lambda: failed, lambda: done, shop).detail) == "teacher"
    assert choice_of(better(lambda: done, lambda: failed, shop).detail) == "labels"
    assert better(lambda: failed, lambda: failed, shop).skipped


def test_samples_without_labels_have_the_teacher_tried_in_any_case() -> None:
    shop = judged(dense_net(4, 3, "softmax", seed=1), few=30)
    shop = replace(shop, data=replace(shop.data, unlabelled=images(60, seed=4).x))
    found = STEP.apply(dense_net(8, 3, "softmax"), shop).detail["trial"]
    assert found["scores"]["taught"] is not None
    assert found["epochs"] == 12


def test_lower_is_better_where_the_metric_says_so() -> None:
    whole = images()
    target = np.asarray(whole.x).reshape(len(whole.x), -1)[:, :2]
    shop = context(
        dense_net(8, 2, "linear", seed=3),
        train=Split(whole.x, target),
        task=Task("regression", "mse"),
    )
    found = Distill(epochs=2, learning_rate=1e-2).apply(dense_net(8, 2, "linear"), shop)
    scores = found.detail["trial"]["scores"]
    assert scores["labels"] < 0
    assert choice_of(found.detail) == "labels", "an untrained teacher is no better"


def test_only_a_step_without_a_weight_is_another_than_it_was() -> None:
    assert technique_of(Step("distill", {"epochs": 2})).revision == 2
    assert technique_of(Step("distill", {"soft": 0.7})).revision == 1
    assert technique_of(Step("prune_channels")).revision == 1
