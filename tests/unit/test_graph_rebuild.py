"""Models rebuilt with fewer channels compute what the masked originals compute."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
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


def kept_equals_masked(model: Any, x: Any, share: float = 0.6) -> Any:
    """The model with a share of each group, which computes what the masked one does."""
    graph = analyse(model)
    kept, removed = split(graph, share)
    before = run(model, x)
    with masked(model, graph, removed):
        expected = run(model, x)
    assert np.abs(expected - before).max() > 1e-3
    small = keep_channels(model, graph, kept)
    np.testing.assert_allclose(run(small, x), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(run(model, x), before)
    return small


def transformer() -> Any:
    """Two blocks on sequences (6, 3): layer norms, attention with gates and masks, dense layers."""
    layers = backend.keras().layers
    inputs = layers.Input((6, 3))
    x = layers.Dense(8, name="stem")(inputs)
    for number in range(2):
        y = layers.LayerNormalization(name=f"norm{number}")(x)
        attend = layers.MultiHeadAttention(4, 5, use_gate=bool(number), name=f"attend{number}")
        x = layers.Add()([x, attend(y, y, use_causal_mask=bool(number))])
        y = layers.Dense(12, activation="gelu")(layers.RMSNormalization(name=f"rms{number}")(x))
        x = layers.Add()([x, layers.Dense(8)(y)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(name="last")(x))
    return shaken(backend.keras().Model(inputs, layers.Dense(3, name="head")(x)))


def test_keep_channels_narrows_transformers_again_and_again(tmp_path: Path) -> None:
    model, x = transformer(), images(3, shape=(6, 3))
    small = kept_equals_masked(model, x)
    attend = small.get_layer("attend0")
    assert (attend.num_heads, attend.key_dim, attend.value_dim) == (2, 3, 3)
    assert small.get_layer("stem").units == 5
    small.save(tmp_path / "small.keras")
    loaded = backend.keras().saving.load_model(tmp_path / "small.keras")
    np.testing.assert_array_equal(run(loaded, x), run(small, x))
    smaller = kept_equals_masked(loaded, x)
    assert smaller.get_layer("stem").units == 3
    names = [operation.name for operation in smaller.operations]
    assert names.count("norm0_pad") == names.count("norm0_slice") == 1


def test_layer_norms_count_the_channels_that_went() -> None:
    """A channel without weights is as good as removed: the statistics are those over all."""
    layers = backend.keras().layers
    inputs = layers.Input((4,))
    x = layers.Dense(6, use_bias=False, name="wide")(inputs)
    outputs = layers.Dense(3)(layers.LayerNormalization()(x))
    model, x = shaken(backend.keras().Model(inputs, outputs)), images(5, shape=(4,))
    (kernel,) = model.get_layer("wide").get_weights()
    kernel[:, [1, 4]] = 0
    model.get_layer("wide").set_weights([kernel])
    norm = model.layers[2]
    gamma, beta = norm.get_weights()
    gamma[[1, 4]] = beta[[1, 4]] = 0
    norm.set_weights([gamma, beta])
    small = keep_channels(model, analyse(model), {"wide": [0, 2, 3, 5]})
    np.testing.assert_allclose(run(small, x), run(model, x), rtol=1e-5, atol=1e-6)


def test_recurrent_layers_lose_units_in_every_gate() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True), name="both")(inputs)
    x = layers.GRU(6, return_sequences=True, reset_after=False, name="gru")(x)
    x = layers.TimeDistributed(layers.Dense(5, activation="relu"), name="each")(x)
    x, state = layers.GRU(4, return_sequences=True, return_state=True, name="first")(x)
    x = layers.GRU(4, name="second")(x, initial_state=state)
    model = shaken(backend.keras().Model(inputs, layers.Dense(2, name="head")(x)))
    small = kept_equals_masked(model, images(3, shape=(5, 3)))
    assert small.get_layer("both").forward_layer.units == 3
    assert small.get_layer("gru").units == 4
    assert small.get_layer("each").layer.units == 3
    assert small.get_layer("first").units == small.get_layer("second").units == 2


def test_grouped_layers_keep_their_proportions() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5, 5, 3))
    x = layers.Conv2D(12, 1, name="stem")(inputs)
    x = layers.Conv2D(12, 3, groups=6, padding="same", name="many")(x)
    x = layers.GroupNormalization(4, name="norm")(layers.Conv2D(12, 1, name="between")(x))
    x = layers.Conv2D(20, 3, groups=2, name="few")(layers.ReLU()(x))
    outputs = layers.Dense(2)(layers.Flatten()(x))
    model = shaken(backend.keras().Model(inputs, outputs))
    small = kept_equals_masked(model, images(3, shape=(5, 5, 3)))
    many, few, norm = (small.get_layer(name) for name in ("many", "few", "norm"))
    assert (many.groups, many.filters) == (4, 8)
    assert (few.groups, few.filters) == (2, 12)
    assert norm.groups * 3 == norm.gamma.shape[0]


def test_functions_of_keras_are_called_for_fewer_channels() -> None:
    keras = backend.keras()
    layers, ops = keras.layers, keras.ops
    inputs = layers.Input((4, 4, 3))
    x = layers.Conv2D(10, 1, name="conv")(inputs)
    left, right = ops.split(x, [4], axis=-1)
    x = ops.pad(left * right[..., 1:5], [[0, 0], [1, 0], [0, 0], [1, 2]])
    x = ops.reshape(layers.Conv2D(6, 1)(x), (-1, 20, 2, 3))
    query, key = x[:, :, 0], ops.squeeze(ops.expand_dims(x[:, :, 1], 1), 1)
    scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
    x = ops.einsum("bts,bsc->btc", scores, layers.Dense(4)(key))
    outputs = layers.Dense(2)(ops.mean(layers.Attention()([x, x]), axis=1))
    model = shaken(keras.Model(inputs, outputs))
    assert sum(group.prunable for group in analyse(model).groups) == 3
    small = kept_equals_masked(model, images(3, shape=(4, 4, 3)))
    assert total_params(small) < total_params(model)


def test_masked_leaves_nothing_of_the_units() -> None:
    model = residual_net()
    graph = analyse(model)
    with masked(model, graph, {"block0_a": [3, 5]}):
        assert not np.asarray(model.get_layer("block0_a").kernel)[..., [3, 5]].any()
        assert not np.asarray(model.get_layer("block0_a_norm").gamma)[[3, 5]].any()
        assert np.asarray(model.get_layer("block0_a_norm").moving_variance)[[3, 5]].all()
        assert not np.asarray(model.get_layer("block0_b").kernel)[:, :, [3, 5]].any()


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
        ({"nothing": [1]}, "Unknown channel group 'nothing'"),
    ],
)
def test_keep_channels_refuses_what_cannot_be(kept: dict[str, list[int]], message: str) -> None:
    model = residual_net()
    with pytest.raises(UsageError, match=message):
        keep_channels(model, analyse(model), kept)
