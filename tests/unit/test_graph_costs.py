"""Parameters, multiply-accumulates and device shapes, counted by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.keras_networks import residual_net, squeeze_excite_net

from edgehone.graph import backend
from edgehone.graph.costs import layer_costs, layer_specs, total_macs, total_params
from edgehone.values import LayerSpec

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("make", "shape", "macs", "params"),
    [
        (lambda k: k.Dense(5), (7,), 35, 40),
        (lambda k: k.Dense(5), (3, 7), 105, 40),
        (lambda k: k.Conv2D(5, 3, padding="same"), (6, 8, 2), 48 * 90, 95),
        (lambda k: k.Conv2D(4, 3, strides=2), (7, 7, 2), 9 * 72, 76),
        (lambda k: k.Conv2D(4, 1, groups=2, use_bias=False), (3, 3, 6), 9 * 12, 12),
        (lambda k: k.Conv1D(4, 3), (10, 2), 8 * 24, 28),
        (lambda k: k.Conv3D(2, 2), (3, 3, 3, 2), 8 * 32, 34),
        (lambda k: k.DepthwiseConv2D(3, depth_multiplier=2), (5, 5, 3), 9 * 54, 60),
        (lambda k: k.SeparableConv2D(4, 3), (5, 5, 3), 9 * (27 + 12), 43),
        (lambda k: k.Conv2DTranspose(4, 3, strides=2), (5, 5, 3), 25 * 108, 112),
        (lambda k: k.EinsumDense("abc,cde->abde", output_shape=(None, 3, 4)), (6, 5), 6 * 60, 60),
        (lambda k: k.EinsumDense("...c,cd->...d", output_shape=4), (6, 5), 120, 20),
        (lambda k: k.LSTM(4), (6, 3), 6 * (3 * 16 + 4 * 16), 128),
        (lambda k: k.GRU(4, use_bias=False), (6, 3), 6 * (3 * 12 + 4 * 12), 84),
        (lambda k: k.Bidirectional(k.SimpleRNN(4)), (6, 3), 2 * 6 * (12 + 16), 64),
        (lambda k: k.TimeDistributed(k.Conv2D(5, 3)), (6, 4, 4, 2), 6 * 4 * 90, 95),
        (lambda k: k.BatchNormalization(), (5, 5, 3), 0, 12),
        (lambda k: k.ReLU(), (5, 5, 3), 0, 0),
    ],
)
def test_layer_costs_counts_each_kind(
    make: Callable[[Any], Any], shape: tuple[int, ...], macs: int, params: int
) -> None:
    keras = backend.keras()
    inputs = keras.layers.Input(shape)
    layer = make(keras.layers)
    (cost,) = layer_costs(keras.Model(inputs, layer(inputs)))
    assert (cost.name, cost.kind) == (layer.name, type(layer).__name__)
    assert (cost.macs, cost.params, cost.size_bytes) == (macs, params, 4 * params)
    assert cost.output_shape == tuple(layer.output.shape[1:])


@pytest.mark.parametrize(
    ("make", "macs"),
    [
        (
            lambda k: k.MultiHeadAttention(2, 4, value_dim=5),
            6 * (3 * 8 + 10 * 3) + 7 * (3 * 8 + 3 * 10) + 6 * 7 * 2 * (4 + 5),
        ),
        (
            lambda k: k.GroupQueryAttention(4, 6, 2),
            6 * (3 * 24 + 24 * 3) + 7 * (3 * 8 + 3 * 8) + 6 * 7 * 6 * (4 + 4),
        ),
    ],
)
def test_layer_costs_counts_attention(make: Callable[[Any], Any], macs: int) -> None:
    keras = backend.keras()
    query, value = keras.Input((6, 3)), keras.Input((7, 3))
    (cost,) = layer_costs(keras.Model([query, value], make(keras.layers)(query, value)))
    assert cost.macs == macs


def test_totals_are_the_sums_of_the_layers() -> None:
    model = residual_net()
    costs = layer_costs(model)
    assert total_params(model) == sum(cost.params for cost in costs) == model.count_params()
    assert total_macs(model) == sum(cost.macs for cost in costs) > 100_000


def test_layer_costs_counts_every_use_of_a_shared_layer() -> None:
    keras = backend.keras()
    inputs = keras.layers.Input((4,))
    shared = keras.layers.Dense(4, name="shared")
    model = keras.Model(inputs, shared(shared(inputs)))
    (cost,) = layer_costs(model)
    assert (cost.macs, cost.params) == (32, 20)


def test_layer_costs_looks_into_inner_models() -> None:
    keras = backend.keras()
    layers = keras.layers
    inner = keras.Sequential([layers.Input((6,)), layers.Dense(3, name="deep")], name="inner")
    inputs = layers.Input((6,))
    model = keras.Model(inputs, layers.Dense(2, name="head")(inner(inputs)))
    assert [(c.name, c.macs) for c in layer_costs(model)] == [("inner/deep", 18), ("head", 6)]
    assert total_params(model) == 29


def test_layer_specs_gives_the_shapes_that_run() -> None:
    specs = layer_specs(residual_net())
    assert specs["stem"] == LayerSpec("conv", 12, 12, 3, 8, (3, 3), (1, 1), "same", True)
    assert specs["block1_a"] == LayerSpec("conv", 12, 12, 8, 12, (3, 3), (2, 2), "same", True)
    assert specs["block1_b"] == LayerSpec("conv", 6, 6, 12, 12, (3, 3), (1, 1), "same", False)
    assert specs["head"] == LayerSpec("dense", 1, 1, 16, 10)
    assert list(specs)[:2] == ["stem", "block0_a"]
    assert len(specs) == 10


def test_layer_specs_knows_depthwise_layers_and_other_activations() -> None:
    specs = layer_specs(squeeze_excite_net())
    assert specs["depthwise"] == LayerSpec("depthwise", 6, 6, 24, 24, (3, 3), (1, 1), "same")
    assert specs["stem"].relu
    assert specs["squeeze"].relu
    assert not specs["excite"].relu
    assert specs["hidden"] == LayerSpec("dense", 1, 1, 72, 12, relu=True)


def test_layer_specs_takes_lines_as_images_of_height_one() -> None:
    keras = backend.keras()
    inputs = keras.layers.Input((20, 3))
    x = keras.layers.Conv1D(4, 5, strides=2, padding="valid", name="line")(inputs)
    x = keras.layers.Conv1D(4, 3, dilation_rate=2, name="dilated")(x)
    x = keras.layers.Conv1D(4, 3, padding="causal", name="causal")(x)
    model = keras.Model(inputs, keras.ops.relu(x))
    assert layer_specs(model) == {
        "line": LayerSpec("conv", 1, 20, 3, 4, (1, 5), (1, 2), "valid"),
    }
