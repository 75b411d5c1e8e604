"""Models rebuilt with fewer channels compute what the masked originals compute."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, images, residual_net, shaken, squeeze_excite_net

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.costs import total_macs, total_params
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.rebuild import keep_channels, masked

pytestmark = pytest.mark.slow


def split(
    graph: ChannelGraph, share: float, seed: int = 0
) -> tuple[dict[str, Sequence[int]], dict[str, Sequence[int]]]:
    """Random indices to keep, and the others, of all prunable groups."""
    rng = np.random.default_rng(seed)
    kept: dict[str, Sequence[int]] = {}
    removed: dict[str, Sequence[int]] = {}
    for group in graph.groups:
        if group.prunable:
            order = rng.permutation(group.channels).tolist()
            count = max(1, round(group.channels * share))
            kept[group.name], removed[group.name] = order[:count], order[count:]
    return kept, removed


def run(model: Any, x: Any) -> Any:
    return np.asarray(model(x, training=False))


@pytest.mark.parametrize("share", [0.5, 0.7])
@pytest.mark.parametrize("make", [residual_net, squeeze_excite_net, dense_net])
def test_keep_channels_equals_the_masked_model_and_is_smaller(
    make: Callable[[], Any], share: float
) -> None:
    model = make()
    x = images(5, shape=model.input_shape[1:])
    graph = analyse(model)
    kept, removed = split(graph, share)
    before = run(model, x)
    with masked(model, graph, removed):
        expected = run(model, x)
    small = keep_channels(model, graph, kept)
    assert np.abs(expected - before).max() > 1e-3
    np.testing.assert_allclose(run(small, x), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(run(model, x), before)
    assert total_params(small) < total_params(model) * share
    assert total_macs(small) < total_macs(model) * share
    assert {layer.name for layer in small.layers} >= {layer.name for layer in model.layers}
    assert small.input_shape == model.input_shape
    assert small.output_shape == model.output_shape


def test_keep_channels_with_all_of_them_changes_nothing() -> None:
    model = residual_net()
    x = images()
    np.testing.assert_array_equal(run(keep_channels(model, analyse(model), {}), x), run(model, x))


def other_kinds() -> Any:
    """Layers the larger networks lack: transposed, separable, 1-D and 3-D ones, shared slopes."""
    layers = backend.keras().layers
    inputs = layers.Input((6, 6, 3))
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, padding="same", name="separable")(inputs)
    x = layers.PReLU(shared_axes=[1, 2, 3])(x)
    x = layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", name="second")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", name="transposed")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", name="depthwise")(x)
    x = layers.Conv2DTranspose(4, 3, activation="tanh", name="transposed2")(x)
    x = layers.Reshape((144, 4))(x)
    x = layers.Conv1D(5, 3, strides=3, padding="causal", name="line")(x)
    x = layers.Dense(4, activation="gelu", name="wise")(x)
    x = layers.Reshape((4, 4, 3, 4))(x)
    x = layers.Conv3D(6, 2, name="volume")(layers.UpSampling3D(2)(x))
    outputs = layers.Dense(2, name="head")(layers.Flatten()(layers.MaxPooling3D(2)(x)))
    return shaken(backend.keras().Model(inputs, outputs))


def test_keep_channels_cuts_every_kind_of_layer() -> None:
    model = other_kinds()
    graph = analyse(model)
    assert [group.name for group in graph.groups if not group.prunable] == ["head"]
    kept, removed = split(graph, 0.6)
    x = images(2, shape=(6, 6, 3))
    with masked(model, graph, removed):
        expected = run(model, x)
    assert np.abs(expected - run(model, x)).max() > 1e-3
    np.testing.assert_allclose(run(keep_channels(model, graph, kept), x), expected, atol=1e-5)


def test_keep_channels_keeps_several_inputs_and_outputs_by_name() -> None:
    keras = backend.keras()
    layers = keras.layers
    left, right = layers.Input((5,), name="left"), layers.Input((4,), name="right")
    x = layers.Add()([layers.Dense(6, name="a")(left), layers.Dense(6, name="b")(right)])
    outputs = {"p": layers.Dense(2, name="p")(x), "q": layers.Dense(3, name="q")(x)}
    model = shaken(keras.Model({"left": left, "right": right}, outputs))
    small = keep_channels(model, analyse(model), {"a": [0, 5]})
    x = {"left": images(2, shape=(5,)), "right": images(2, shape=(4,))}
    assert small.get_layer("b").units == 2
    assert {name: value.shape for name, value in small(x).items()} == {"p": (2, 2), "q": (2, 3)}
    assert [tensor.name for tensor in small.inputs] == [tensor.name for tensor in model.inputs]


def test_masked_restores_the_kernels_after_an_error() -> None:
    model = residual_net()
    before = model.get_weights()
    with contextlib.suppress(KeyError), masked(model, analyse(model), {"stem": [0, 1]}):
        assert not np.asarray(model.get_layer("block0_a").kernel)[:, :, :2].any()
        raise KeyError
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"stem": [8]}, "no channel 8"),
        ({"stem": [-1]}, "no channel -1"),
        ({"stem": []}, "without channels"),
        ({"head": [1]}, "tied to the model's output"),
        ({"nothing": [1]}, "no channel group 'nothing'"),
    ],
)
def test_keep_channels_refuses_what_cannot_be(kept: dict[str, list[int]], message: str) -> None:
    model = residual_net()
    with pytest.raises(UsageError, match=message):
        keep_channels(model, analyse(model), kept)
