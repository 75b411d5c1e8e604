"""Batch norms folded into the layers before them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, images, residual_net, shaken, squeeze_excite_net

from edgehone.graph import backend
from edgehone.graph.fold import fold_batch_norms

pytestmark = pytest.mark.slow


def norms(model: Any) -> list[str]:
    return [layer.name for layer in model.layers if type(layer).__name__ == "BatchNormalization"]


def same(model: Any, folded: Any) -> None:
    x = images(5, shape=model.input_shape[1:])
    expected = np.asarray(model(x, training=False))
    assert expected.std() > 1e-3
    np.testing.assert_allclose(
        np.asarray(folded(x, training=False)), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("make", [residual_net, squeeze_excite_net, dense_net])
def test_fold_batch_norms_removes_all_and_computes_the_same(make: Callable[[], Any]) -> None:
    model = make()
    folded = fold_batch_norms(model)
    assert norms(model)
    assert norms(folded) == []
    same(model, folded)
    names = [layer.name for layer in folded.layers]
    assert {layer.name for layer in model.layers} - {*names} == {*norms(model)}


@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Conv2DTranspose(4, 3, name="before"),
        lambda layers: layers.SeparableConv2D(4, 3, use_bias=False, name="before"),
        lambda layers: layers.DepthwiseConv2D(3, depth_multiplier=2, name="before"),
        lambda layers: layers.Conv2D(6, 1, groups=3, name="before"),
        lambda layers: layers.EinsumDense("...x,xy->...y", 4, name="before"),
        lambda layers: layers.EinsumDense("abcx,yx->abcy", (5, 5, 4), bias_axes="y"),
    ],
)
def test_fold_batch_norms_knows_every_kind_of_kernel(make: Callable[[Any], Any]) -> None:
    check_folds(make, (5, 5, 3))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda layers: layers.Conv3D(4, 2, name="before"), (3, 3, 3, 2)),
        (lambda layers: layers.Conv3DTranspose(4, 2, name="before"), (3, 3, 3, 2)),
        (lambda layers: layers.Conv1DTranspose(4, 2, name="before"), (6, 2)),
        (lambda layers: layers.SeparableConv1D(4, 2, name="before"), (6, 2)),
    ],
)
def test_fold_batch_norms_folds_in_one_and_three_dimensions(
    make: Callable[[Any], Any], shape: tuple[int, ...]
) -> None:
    check_folds(make, shape)


def check_folds(make: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    """A norm without scale and offset behind the layer is folded, and nothing changes."""
    layers = backend.keras().layers
    inputs = layers.Input(shape)
    x = layers.BatchNormalization(scale=False, center=False)(make(layers)(inputs))
    model = shaken(backend.keras().Model(inputs, layers.Dense(2)(layers.Flatten()(x))))
    folded = fold_batch_norms(model)
    assert norms(folded) == []
    same(model, folded)


@pytest.mark.parametrize(
    ("groups", "filters", "strides", "kind"),
    [
        (3, 6, 1, "DepthwiseConv2D"),
        (3, 3, 2, "DepthwiseConv2D"),
        (3, 3, (1, 2), "Conv2D"),
        (1, 6, 1, "Conv2D"),
    ],
)
def test_fold_batch_norms_writes_depthwise_convolutions_as_such(
    groups: int, filters: int, strides: Any, kind: str
) -> None:
    layers = backend.keras().layers
    inputs = layers.Input((6, 6, 3))
    settings = {"groups": groups, "strides": strides, "activation": "relu", "name": "conv"}
    x = layers.Conv2D(filters, 3, padding="same", **settings)(inputs)
    model = shaken(backend.keras().Model(inputs, layers.Dense(2)(layers.Flatten()(x))))
    folded = fold_batch_norms(model)
    assert type(folded.get_layer("conv")).__name__ == kind
    same(model, folded)


def test_fold_batch_norms_leaves_einsum_that_others_share_the_last_axis_of() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5, 3))
    x = layers.EinsumDense("abc,c->abc", (5, 3), bias_axes="c")(inputs)
    x = layers.BatchNormalization(name="stays")(x)
    model = shaken(backend.keras().Model(inputs, layers.Dense(2)(layers.Flatten()(x))))
    folded = fold_batch_norms(model)
    assert norms(folded) == ["stays"]
    same(model, folded)


def test_fold_batch_norms_leaves_those_it_cannot_fold() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5, 5, 3))
    first = layers.BatchNormalization(name="at_the_input")(inputs)
    active = layers.Conv2D(4, 1, activation="relu")(first)
    second = layers.BatchNormalization(name="after_an_activation")(active)
    read_twice = layers.Conv2D(4, 1)(second)
    third = layers.BatchNormalization(name="not_alone")(read_twice)
    x = layers.Flatten()(layers.Add()([read_twice, third]))
    model = shaken(backend.keras().Model(inputs, layers.Dense(2)(x)))
    folded = fold_batch_norms(model)
    assert norms(folded) == ["at_the_input", "after_an_activation", "not_alone"]
    same(model, folded)


def test_fold_batch_norms_keeps_the_name_of_an_output() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((4,))
    outputs = layers.BatchNormalization(name="scores")(layers.Dense(3)(inputs))
    model = shaken(backend.keras().Model(inputs, outputs))
    folded = fold_batch_norms(model)
    assert folded.output_names == ["scores"]
    assert norms(folded) == []
    same(model, folded)


def test_fold_batch_norms_leaves_its_input_model_alone() -> None:
    model = residual_net()
    before = model.get_weights()
    fold_batch_norms(model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
