"""Training ends once the validation split stops gaining, and the best weights stay."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import accuracy, context, dense_net, images, residual_net

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSet
from edgehone.errors import ConfigError

pytestmark = pytest.mark.slow


def judged(teacher: Any = None) -> TrainingContext:
    """A context whose validation images are others than those trained on."""
    train, others = images(96), images(60, seed=5)
    return replace(context(teacher), data=DataSet(train, others, others, "made", "0" * 64, 3))


def test_patience_is_a_number_of_epochs() -> None:
    with pytest.raises(ConfigError, match="patience"):
        Schedule(patience=-1)


@pytest.mark.parametrize("taught", [True, False])
def test_training_ends_without_a_gain_and_keeps_the_best(taught: bool) -> None:
    start, shop = residual_net(4), judged(residual_net(8) if taught else None)
    step = Distill(epochs=60, batch_size=32, learning_rate=2e-2, patience=2)
    done = step.apply(start, shop)
    epochs = len(done.detail["losses"])
    assert 2 < epochs < 60
    best = accuracy(done.model, shop.data.validation)
    assert best >= accuracy(start, shop.data.validation)


def test_best_epoch_of_a_training_that_gets_worse_is_kept() -> None:
    """At a rate that ruins the model, what it knew after its best epoch is what stays."""
    good = fit_hard(dense_net(16, 3, "softmax"), judged(), Schedule(30, 32, 1e-2)).model
    shop = judged()
    ruined = fit_hard(good, shop, Schedule(6, 32, 3.0)).model
    kept = fit_hard(good, shop, Schedule(6, 32, 3.0, patience=6)).model
    assert accuracy(kept, shop.data.validation) >= accuracy(ruined, shop.data.validation)
    assert any(
        (a != b).any() for a, b in zip(kept.get_weights(), ruined.get_weights(), strict=True)
    )


def test_looking_changes_nothing_of_a_training_that_gains_to_its_end() -> None:
    start = dense_net(8, 3, "softmax")
    plain = fit_hard(start, judged(), Schedule(1, 32, 1e-3)).model
    watched = fit_hard(start, judged(), Schedule(1, 32, 1e-3, patience=1)).model
    for one, other in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
