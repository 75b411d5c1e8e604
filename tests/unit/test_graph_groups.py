"""Which channels of a network must go together, and which may go."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, residual_net, squeeze_excite_net

from edgehone.errors import ModelError, UsageError
from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph, analyse

pytestmark = pytest.mark.slow


def net(build: Callable[[Any, Any], Any], shape: tuple[int, ...] = (6, 6, 3)) -> ChannelGraph:
    """The groups of what `build(layers, inputs)` returns with a dense head behind it."""
    layers = backend.keras().layers
    inputs = layers.Input(shape)
    x = build(layers, inputs)
    if len(x.shape) > 2:
        x = layers.GlobalAveragePooling2D()(x)
    return analyse(backend.keras().Model(inputs, layers.Dense(2, name="head")(x)))


def prunable(graph: ChannelGraph) -> dict[str, tuple[str, ...]]:
    return {group.name: group.layers for group in graph.groups if group.prunable}


def test_residual_additions_tie_the_layers_that_meet() -> None:
    graph = analyse(residual_net())
    assert prunable(graph) == {
        "stem": ("stem", "block0_b"),
        "block0_a": ("block0_a",),
        "block1_a": ("block1_a",),
        "block1_b": ("block1_b", "block1_shortcut"),
        "block2_a": ("block2_a",),
        "block2_b": ("block2_b", "block2_shortcut"),
    }
    assert graph.group("block1_b").channels == 12
    head = graph.group("head")
    assert not head.prunable
    assert head.reason == "tied to the model's output"


def test_squeeze_excite_ties_the_gate_to_the_trunk() -> None:
    graph = analyse(squeeze_excite_net())
    assert prunable(graph) == {
        "stem": ("stem", "project"),
        "expand": ("expand", "excite"),
        "squeeze": ("squeeze",),
        "hidden": ("hidden",),
    }
    np.testing.assert_array_equal(graph.inputs["depthwise"], graph.outputs["depthwise"])


def test_flatten_gives_every_position_its_channel() -> None:
    graph = analyse(squeeze_excite_net())
    np.testing.assert_array_equal(graph.inputs["hidden"], np.tile(graph.units_of("stem"), 9))


def test_sequential_models_are_analysed_too() -> None:
    assert prunable(analyse(dense_net())) == {"first": ("first",), "second": ("second",)}


def test_units_belong_to_one_group_each() -> None:
    graph = analyse(residual_net())
    numbers = np.concatenate(graph.units)
    assert len(set(numbers.tolist())) == len(numbers)
    owners = graph.owners()
    assert owners[int(graph.units_of("stem")[3])] == ("stem", 3)
    assert not set(graph.inputs["stem"].tolist()) & set(owners)


def test_concatenation_keeps_groups_apart() -> None:
    def build(layers: Any, x: Any) -> Any:
        parts = [layers.Conv2D(n, 1, name=f"part{n}")(x) for n in (4, 5)]
        return layers.Conv2D(6, 1, name="mix")(layers.Concatenate()(parts))

    graph = net(build)
    assert set(prunable(graph)) == {"part4", "part5", "mix"}
    expected = np.concatenate([graph.units_of("part4"), graph.units_of("part5")])
    np.testing.assert_array_equal(graph.inputs["mix"], expected)


def test_adding_to_a_concatenation_splits_a_layer_into_groups() -> None:
    def build(layers: Any, x: Any) -> Any:
        parts = [layers.Conv2D(n, 1, name=f"part{n}")(x) for n in (4, 5)]
        whole = layers.Conv2D(9, 1, name="whole")(x)
        return layers.Add()([layers.Concatenate()(parts), whole])

    assert prunable(net(build)) == {"part4": ("part4", "whole"), "part5": ("part5", "whole")}


def test_depth_multipliers_tie_the_copies_of_a_channel() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(3, 1, name="conv")(x)
        return layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(x)

    graph = net(build)
    assert graph.outputs["depthwise"].tolist() == np.repeat(graph.units_of("conv"), 2).tolist()
    assert graph.group("conv").channels == 3


def frozen_by(graph: ChannelGraph, name: str) -> str:
    group = graph.group(name)
    assert not group.prunable
    return group.reason


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (
            lambda layers, x: layers.LayerNormalization(name="odd")(
                layers.Activation("sigmoid")(x)
            ),
            "'odd' (LayerNormalization) takes its mean over channels that are not zero",
        ),
        (lambda layers, x: layers.LayerNormalization(axis=1, name="odd")(x), "other axes than"),
        (lambda layers, x: layers.Conv2D(4, 1, data_format="channels_first")(x), "channels first"),
        (lambda layers, x: layers.UpSampling2D(name="odd", data_format="channels_first")(x), "odd"),
        (lambda layers, x: layers.RMSNormalization(name="odd")(x + 1.0), "not zero when removed"),
        (lambda layers, x: layers.GroupNormalization(1, name="odd")(x), "as one group"),
        (lambda layers, x: layers.Normalization(name="odd")(x), "'odd' (Normalization) keeps"),
        (lambda layers, x: x / layers.Conv2D(4, 1)(x), "divides by channels"),
        (lambda layers, x: backend.keras().ops.max(x, axis=-1, keepdims=True), "to one number"),
        (lambda layers, x: layers.Lambda(lambda y: y * 2, name="odd")(x), "'odd' (Lambda)"),
        (lambda layers, x: layers.Softmax(name="odd")(x), "'odd' (Softmax)"),
        (lambda layers, x: layers.Activation("softmax", name="odd")(x), "across channels"),
        (lambda layers, x: x * np.arange(4.0, dtype=np.float32), "fixed numbers"),
        (lambda layers, x: layers.BatchNormalization(axis=1, name="odd")(x), "'odd' (Batch"),
        (lambda layers, x: layers.Conv2D(3, 1)(layers.Permute((3, 1, 2))(x)), "another axis"),
        (lambda layers, x: x[..., ::2], "(GetItem) takes single channels"),
    ],
)
def test_layers_that_mix_channels_freeze_them_with_the_reason(
    build: Callable[[Any, Any], Any], reason: str
) -> None:
    graph = net(lambda layers, x: build(layers, layers.Conv2D(4, 1, name="conv")(x)))
    assert reason in frozen_by(graph, "conv")


def test_softmax_in_a_layer_freezes_its_outputs_alone() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(4, 1, name="free")(x)
        return layers.Conv2D(4, 1, activation="softmax", name="tied")(x)

    graph = net(build)
    assert set(prunable(graph)) == {"free"}
    assert "across channels" in frozen_by(graph, "tied")


def test_layers_used_twice_tie_what_they_are_used_for() -> None:
    def build(layers: Any, x: Any) -> Any:
        shared = layers.Conv2D(4, 1, name="shared")
        parts = [shared(layers.Conv2D(5, 1, name=name)(x)) for name in ("left", "right")]
        return layers.Conv2D(3, 1, name="after")(layers.Concatenate()(parts))

    graph = net(build)
    assert {frozenset(layers) for layers in prunable(graph).values()} == {
        frozenset({"left", "right"}),
        frozenset({"shared"}),
        frozenset({"after"}),
    }
    np.testing.assert_array_equal(graph.inputs["after"], np.tile(graph.units_of("shared"), 2))


def test_layers_used_twice_are_frozen_when_one_use_is_not_understood() -> None:
    def build(layers: Any, x: Any) -> Any:
        shared = layers.Dense(4, activation="softmax", name="shared")
        other = layers.Permute((3, 1, 2))(layers.Conv2D(6, 1, name="turned")(x))
        x = shared(layers.Conv2D(6, 1, name="plain")(x))
        pool = layers.GlobalAveragePooling2D()
        return layers.Concatenate()([pool(x), pool(shared(other))])

    graph = net(build)
    assert "activation across channels" in frozen_by(graph, "plain")
    assert not graph.group("shared").prunable


def test_activations_used_twice_are_not() -> None:
    def build(layers: Any, x: Any) -> Any:
        relu = layers.ReLU()
        return relu(layers.Conv2D(4, 1, name="b")(relu(layers.Conv2D(4, 1, name="a")(x))))

    assert set(prunable(net(build))) == {"a", "b"}


def test_channels_added_to_the_input_are_frozen() -> None:
    graph = net(lambda layers, x: layers.Add()([x, layers.Conv2D(3, 1, name="conv")(x)]))
    assert frozen_by(graph, "conv") == "tied to the model's input"


def test_a_single_channel_is_not_prunable() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(4, 1, name="conv")(x)
        gate = layers.Conv2D(1, 1, activation="sigmoid", name="gate")(x)
        return layers.Multiply()([x, gate])

    graph = net(build)
    assert "broadcast" in frozen_by(graph, "gate")
    assert graph.group("conv").prunable


def test_operators_and_functions_of_keras_are_understood() -> None:
    def build(layers: Any, x: Any) -> Any:
        a, b = (layers.Conv2D(4, 1, name=name)(x) for name in "ab")
        return backend.keras().ops.relu(a * 0.5 + b)

    assert prunable(net(build)) == {"a": ("a", "b")}


def test_embeddings_have_channels() -> None:
    keras = backend.keras()
    inputs = keras.layers.Input((7,), dtype="int32")
    x = keras.layers.Embedding(20, 6, name="words")(inputs)
    x = keras.layers.Conv1D(5, 3, name="conv")(x)
    x = keras.layers.GlobalMaxPooling1D()(x)
    graph = analyse(keras.Model(inputs, keras.layers.Dense(2)(x)))
    assert set(prunable(graph)) == {"words", "conv"}


def test_group_norms_tie_the_channels_of_a_group() -> None:
    def build(layers: Any, x: Any) -> Any:
        return layers.GroupNormalization(3)(layers.Conv2D(12, 1, name="conv")(x))

    graph = net(build)
    assert (graph.group("conv").channels, graph.group("conv").size) == (3, 4)
    np.testing.assert_array_equal(graph.outputs["conv"], np.repeat(graph.units_of("conv"), 4))


@pytest.mark.parametrize(
    ("groups", "filters", "expected"),
    [
        (6, 12, {"conv": ("conv", "grouped")}),
        (2, 12, {"conv": ("conv",), "grouped": ("grouped",)}),
    ],
)
def test_grouped_convolutions_lose_groups_or_a_part_of_each(
    groups: int, filters: int, expected: dict[str, tuple[str, ...]]
) -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(12, 1, name="conv")(x)
        return layers.Conv2D(filters, 1, groups=groups, name="grouped")(x)

    graph = net(build)
    assert prunable(graph) == expected
    assert {graph.group(name).channels for name in expected} == {6}


def test_layer_norms_let_channels_pass_that_are_zero_when_removed() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.BatchNormalization()(layers.Conv2D(4, 1, name="conv")(x))
        return layers.LayerNormalization()(layers.DepthwiseConv2D(3)(layers.ReLU()(x)))

    assert prunable(net(build)) == {"conv": ("conv",)}


def sequence(build: Callable[[Any, Any], Any]) -> ChannelGraph:
    """The groups of a net for sequences (6, 3)."""
    layers = backend.keras().layers
    inputs = layers.Input((6, 3))
    x = layers.GlobalAveragePooling1D()(build(layers, inputs))
    return analyse(backend.keras().Model(inputs, layers.Dense(2, name="head")(x)))


def test_attention_has_heads_and_widths_of_its_own() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Dense(8, name="stem")(x)
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(2, 4, value_dim=5, name="attend")(y, y)
        return layers.Add()([x, y])

    graph = sequence(build)
    found = {g.name: (g.kind, g.channels, g.layers) for g in graph.groups if g.prunable}
    assert found == {
        "stem": ("channels", 8, ("stem", "attend")),
        "attend/heads": ("heads", 2, ("attend",)),
        "attend/keys": ("keys", 4, ("attend",)),
        "attend/values": ("values", 5, ("attend",)),
    }


def test_masks_and_scores_of_attention_stay() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Dense(8, name="stem")(x)
        attend = layers.MultiHeadAttention(2, 4, name="attend")
        return attend(x, x, return_attention_scores=True)[0]

    graph = sequence(build)
    assert frozen_by(graph, "stem").endswith("gives more than one tensor")
    assert prunable(graph) == {}


def test_recurrent_units_go_with_their_states() -> None:
    def build(layers: Any, x: Any) -> Any:
        x, state, carry = layers.LSTM(5, return_sequences=True, return_state=True, name="a")(x)
        both = layers.Bidirectional(layers.GRU(4, return_sequences=True), name="b")
        return both(layers.LSTM(5, return_sequences=True, name="c")(x, [state, carry]))

    graph = sequence(build)
    assert prunable(graph) == {"a": ("a", "c"), "b": ("b",)}
    assert graph.group("b").kind == "units"
    assert graph.group("b").channels == 4
    np.testing.assert_array_equal(graph.outputs["b"], np.tile(graph.units_of("b"), 2))


def test_einsum_heads_are_units() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.EinsumDense("btd,dnh->btnh", (None, 3, 2), bias_axes="nh", name="split")(x)
        return layers.EinsumDense("btnh,nhd->btd", (None, 4), name="join")(x)

    graph = sequence(build)
    assert prunable(graph) == {"split": ("split",), "join": ("join",)}
    assert graph.group("split").channels == 3


def test_layer_norms_with_a_mask_to_pass_on_keep_their_channels() -> None:
    keras = backend.keras()
    layers = keras.layers
    for mask_zero, free in ((True, {"last"}), (False, {"words", "last"})):
        inputs = layers.Input((7,), dtype="int32")
        x = layers.Embedding(9, 4, mask_zero=mask_zero, name="words")(inputs)
        x = layers.GRU(3, name="last")(layers.LayerNormalization(name="norm")(x))
        graph = analyse(keras.Model(inputs, layers.Dense(2)(x)))
        assert set(prunable(graph)) == free


def test_mixing_tokens_lets_channels_pass() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Dense(5, name="stem")(x)
        y = layers.Permute((2, 1))(layers.Dense(6, name="mix")(layers.Permute((2, 1))(x)))
        return layers.Add()([x, y])

    graph = sequence(build)
    assert prunable(graph) == {"stem": ("stem",)}
    assert "each channel of others" in frozen_by(graph, "mix")


def test_slices_and_splits_take_channels_along() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(8, 1, name="conv")(x)
        left, right = backend.keras().ops.split(x, 2, axis=-1)
        return layers.Conv2D(3, 1, name="after")(left * right + x[..., 2:6])

    graph = net(build)
    units = graph.outputs["conv"]
    assert units[0] == units[4] == units[2] == units[6]
    assert graph.group("conv").channels == 2


def test_inputs_may_be_reshaped_and_turned() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((8, 6))
    x = layers.Reshape((8, 6, 1))(inputs)
    x = layers.Conv2D(5, 3, name="conv")(layers.Permute((2, 1, 3))(x))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, name="turned")(x))
    graph = analyse(keras.Model(inputs, layers.Dense(2)(x)))
    assert set(prunable(graph)) == {"conv", "turned"}
    graph = sequence(lambda layers, x: layers.Dense(4, name="time")(layers.Permute((2, 1))(x)))
    assert set(prunable(graph)) == {"time"}


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *(("Dropout", shape) for shape in ((5,), (8, 5))),
        *((f"SpatialDropout{n}D", (4,) * n + (5,)) for n in (1, 2, 3)),
        ("GaussianDropout", (5,)),
        ("AlphaDropout", (5,)),
    ],
)
def test_dropout_of_every_kind_passes_channels_on(name: str, shape: tuple[int, ...]) -> None:
    layers = backend.keras().layers
    inputs = layers.Input(shape)
    x = getattr(layers, name)(0.5)(layers.Dense(6, name="made")(inputs))
    x = layers.Flatten()(x) if len(shape) > 1 else x
    graph = analyse(backend.keras().Model(inputs, layers.Dense(2, name="head")(x)))
    assert prunable(graph) == {"made": ("made",)}


def test_layers_that_change_the_resolution_pass_channels_on() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Resizing(9, 9)(layers.Conv2D(4, 1, name="made")(x))
        return layers.CenterCrop(4, 4)(x)

    assert prunable(net(build)) == {"made": ("made",)}


def test_layers_that_are_not_understood_are_told_of() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Lambda(lambda y: y * 2, name="odd")(layers.Conv2D(4, 1, name="before")(x))
        return layers.Conv2D(5, 1, name="after")(layers.Reshape((12, 12, 1))(x))

    graph = net(build)
    assert set(prunable(graph)) == {"after"}
    assert frozen_by(graph, "before") == frozen_by(graph, "odd")
    assert graph.group("odd").channels == 4


def test_sizes_may_be_open() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((None, None, 3))
    x = layers.Conv2D(4, 3, strides=2, name="conv")(inputs)
    x = layers.UpSampling2D()(layers.LayerNormalization()(x))
    x = layers.Concatenate()([x, layers.Conv2D(5, 1, name="other")(x)])
    x = layers.Reshape((-1, 9))(x)
    x = layers.MultiHeadAttention(2, 3, name="attend")(x, x)
    x = layers.LSTM(6, name="last")(layers.GRU(4, return_sequences=True, name="first")(x))
    graph = analyse(keras.Model(inputs, layers.Dense(2)(x)))
    names = {"conv", "other", "first", "last", "attend"}
    assert set(prunable(graph)) == names | {
        f"attend/{part}" for part in ("heads", "keys", "values")
    }


def test_a_slice_keeps_one_of_its_channels() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(8, 1, name="conv")(x)
        return layers.Concatenate()([layers.GlobalAveragePooling2D()(y) for y in (x, x[..., :3])])

    graph = net(build)
    assert {g.name: (g.channels, g.prunable) for g in graph.groups if "conv" in g.name} == {
        "conv": (1, False),
        "conv#2": (7, True),
    }
    assert graph.group("conv").reason == "the one that must stay of a slice"
    assert graph.units_of("conv").tolist() == graph.outputs["conv"][:1].tolist()


def test_reshapes_that_split_channels_tie_them() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Reshape((6, 6, 2, 3))(layers.Conv2D(6, 1, name="conv")(x))
        x = layers.Reshape((6, 6, 6))(layers.Permute((1, 2, 4, 3))(x))
        return layers.Conv2D(4, 1, name="after")(x)

    graph = net(build)
    assert graph.group("conv").channels == 3
    np.testing.assert_array_equal(graph.inputs["after"], np.repeat(graph.units_of("conv"), 2))


def test_unknown_groups_are_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'steam'") as caught:
        analyse(residual_net()).group("steam")
    assert "stem" in caught.value.hint


def test_models_without_a_graph_are_refused() -> None:
    keras = backend.keras()

    class Own(keras.Model):  # type: ignore[misc, name-defined]  # Keras has no types
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="subclassed"):
        analyse(Own())
    with pytest.raises(ModelError, match="shape of its input"):
        analyse(keras.Sequential([keras.layers.Dense(3)]))
