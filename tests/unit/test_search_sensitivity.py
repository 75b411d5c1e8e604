"""Sensitivities judge a change as training will find it, and leave the model alone."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from tests import keras_networks as networks

from edgehone.graph.backend import keras
from edgehone.graph.groups import analyse
from edgehone.graph.rebuild import masked
from edgehone.search.plan import Option
from edgehone.search.sensitivity import Probe, Probing
from edgehone.search.space import Space, space_of

pytestmark = pytest.mark.slow


def test_group_losses_leave_out_what_batch_norms_adapt_to() -> None:
    """A channel that is the same number everywhere only shifts what the next batch norm sees."""
    model = _two_convolutions()
    stem = model.get_layer("stem")
    kernel, bias = stem.get_weights()
    kernel[..., 4:], bias[4:] = 0, 5
    stem.set_weights([kernel, bias])
    norm = model.get_layer("norm")
    norm.momentum = 0.0
    model(networks.images(32), training=True)
    constant_goes, constant_stays = [*range(8)], [*range(7, -1, -1)]
    assert _stem_losses(model, constant_goes)[4] == pytest.approx(0, abs=1e-5)
    assert _stem_losses(model, constant_stays)[4] > 1e-3


def test_losses_leave_the_model_as_it_was() -> None:
    model = networks.residual_net(activation="softmax")
    before = [np.asarray(weight).copy() for weight in model.weights]
    momenta = _momenta(model)
    space, probe = _space(model), _probe()
    probing = Probing(model, analyse(model), probe, lambda layer, precision: None)
    for decision in space.decisions:
        found = decision.losses(probing)
        lossy = any(loss > 0 for row in found.values() for loss in row.values())
        assert lossy == (decision.NAME != "precision"), decision.NAME
    assert momenta
    assert momenta == _momenta(model)
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, np.asarray(new))


def _stem_losses(model: Any, order: Sequence[int]) -> Mapping[Option, float]:
    """Loss by channels that stay of the stem, which go in this order, last first."""
    graph = analyse(model)
    probing = Probing(model, graph, _probe(), lambda layer, precision: None)

    def changed(group: str, count: Option) -> AbstractContextManager[None]:
        return masked(model, graph, {group: list(order[int(count) :])})

    options = _space(model).decisions[0].subjects["stem"]
    return probing.losses("", {"stem": options}, changed)["stem"]


def _momenta(model: Any) -> list[float]:
    return [layer.momentum for layer in model.layers if hasattr(layer, "moving_mean")]


def _probe() -> Probe:
    return Probe(networks.images(32), "classification")


def _space(model: Any) -> Space:
    graph = analyse(model)
    techniques = ("prune_channels", "factorize", "prune_weights")
    return space_of(model, graph, multiple=2, precisions=("float32",), techniques=techniques)


def _two_convolutions() -> Any:
    layers = keras().layers
    inputs = layers.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="valid", activation="relu", name="stem")(inputs)
    x = layers.Conv2D(6, 1, use_bias=False, name="second")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return networks.shaken(
        keras().Model(inputs, layers.Dense(4, activation="softmax", name="head")(x))
    )


def test_cuts_lose_beside_a_model_whose_norms_have_not_settled() -> None:
    """After a few steps the moving statistics are far from those of any batch: beside the answers
    given with them a narrower model could seem better than the whole one.
    """
    model = _two_convolutions()
    norm = model.get_layer("norm")
    norm.moving_mean.assign(np.full(6, 3.0, np.float32))
    norm.moving_variance.assign(np.full(6, 25.0, np.float32))
    found = _stem_losses(model, [*range(8)])
    cuts = [loss for option, loss in found.items() if option != 8]
    assert all(loss > 1e-4 for loss in cuts)
    assert cuts == sorted(cuts)
