"""Optimizers, schedules, averages and callbacks are Keras's, by its names, in every training."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, context, dense_net, images

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.prune_weights import PruneWeights
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.optimizing import optimizer_of, rate_of
from edgehone.compress.training.options import OPTIMIZERS, SCHEDULES, TrainingOptions
from edgehone.errors import ConfigError
from edgehone.graph import backend

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return iter(())


def own(name: str) -> str:
    return f"python:{Path(__file__).stem}:{name}"


def shop(teacher: Any = None, **options: Any) -> TrainingContext:
    return replace(context(teacher), options=TrainingOptions(**options))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_keras_is_made_with_what_all_have(name: str) -> None:
    options = TrainingOptions(optimizer=name, weight_decay=0.01, clipnorm=0.5, use_ema=True)
    found = optimizer_of(options, 1e-3, 10)
    assert type(found) is getattr(backend.keras().optimizers, name)
    assert (found.weight_decay, found.clipnorm, found.use_ema) == (0.01, 0.5, True)


def test_further_arguments_go_to_the_optimizer() -> None:
    options = TrainingOptions(optimizer="SGD", optimizer_settings={"momentum": 0.9})
    assert optimizer_of(options, 1e-3, 10).momentum == 0.9
    wrong = TrainingOptions(optimizer="SGD", optimizer_settings={"momentun": 0.9})
    with pytest.raises(ConfigError, match=r"SGD cannot be made with momentun = 0\.9"):
        optimizer_of(wrong, 1e-3, 10)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_below_the_highest_rate_and_fall(name: str) -> None:
    found = rate_of(name, 0.1, 100)
    rates = [float(found if name == "constant" else found(step)) for step in range(100)]
    assert max(rates) == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.1) if name == "constant" else rates[-1] < 0.02


def twice(highest: float, steps: int) -> float:
    return 2 * highest * steps


def plain(rate: float) -> Any:
    return backend.keras().optimizers.SGD(rate)


def nothing(rate: float) -> None:
    return None


def test_functions_of_the_users_make_rates_and_optimizers() -> None:
    options = TrainingOptions(optimizer=own("plain"), schedule=own("twice"))
    assert float(optimizer_of(options, 0.1, 3).learning_rate) == pytest.approx(0.6)
    with pytest.raises(ConfigError, match="NoneType, not an optimizer"):
        optimizer_of(TrainingOptions(optimizer=own("nothing")), 0.1, 3)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adam"},
        {"schedule": "Cosine"},
        {"clipnorm": 1.0, "clipvalue": 1.0},
        {"clipnorm": -1.0},
        {"ema_momentum": 2.0},
        {"frozen": "melt"},
        {"callbacks": ["EarlyStopping"]},
    ],
)
def test_what_keras_does_not_have_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        TrainingOptions(**options)


def test_plain_gradient_descent_is_what_it_is_by_hand() -> None:
    model, train = dense_net(6, CLASSES, "linear", seed=3), images(60)
    asked = replace(shop(optimizer="SGD", schedule="constant", global_clipnorm=0.01))
    found = fit_hard(model, replace(asked, data=context(train=train).data), Schedule(1, 60, 0.5))
    before, after = model.get_weights(), found.model.get_weights()
    moved = math.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)))
    assert moved == pytest.approx(0.5 * 0.01, rel=1e-3)


@pytest.mark.parametrize("patience", [0, 9])
def test_results_have_averages_of_weights_that_keep_what_is_held(patience: int) -> None:
    pruned = PruneWeights(sparsity=0.5, epochs=2, batch_size=32, learning_rate=1e-2)
    model = dense_net(8, CLASSES, "softmax")
    step = Distill(2, 32, 1e-2, soft=0.0, patience=patience)
    last, averaged = (step.apply(model, shop(use_ema=ema)).model for ema in (False, True))
    start, end, mean = (
        each.get_layer("hidden").get_weights()[0] for each in (model, last, averaged)
    )
    # the average of so few steps is nearer to the start than the last weights are
    assert 0 < np.abs(mean - start).mean() < np.abs(end - start).mean()
    zeros = pruned.apply(model, shop(use_ema=True)).model.get_layer("hidden").get_weights()[0]
    assert (zeros == 0).mean() == pytest.approx(0.5, abs=0.01)


def test_slimmable_parents_are_trained_with_the_optimizer_as_well() -> None:
    step = Slimmable(epochs=1, batch_size=32, learning_rate=0.05)
    model = dense_net(8, CLASSES, "softmax")
    usual, other = (
        step.apply(model, shop(**options)).model.get_weights()[0]
        for options in ({}, {"optimizer": "SGD", "use_ema": True})
    )
    assert not np.allclose(usual, other)


def counting() -> Any:
    base: Any = backend.keras().callbacks.Callback

    class Counting(base):  # type: ignore[misc]  # Keras has no types
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            import test_compress_training_optimizing as module  # type: ignore[import-not-found]

            module.EPOCHS.append(epoch)

    return Counting()


EPOCHS: list[int] = []


def test_callbacks_of_the_users_are_called() -> None:
    import test_compress_training_optimizing as module

    model = dense_net(6, CLASSES, "softmax")
    fit_hard(model, shop(callbacks=[own("counting")]), Schedule(3, 32))
    assert module.EPOCHS == [0, 1, 2]
    with pytest.raises(ConfigError, match="no Keras callback"):
        fit_hard(model, shop(callbacks=[own("no_callback")]), Schedule(1, 32))


def no_callback() -> None:
    return None
