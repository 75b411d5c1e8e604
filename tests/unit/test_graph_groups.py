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
        (lambda layers, x: layers.LayerNormalization(name="odd")(x), "'odd' (LayerNormalization)"),
        (lambda layers, x: layers.Lambda(lambda y: y * 2, name="odd")(x), "'odd' (Lambda)"),
        (lambda layers, x: layers.Conv2D(8, 1, groups=2, name="odd")(x), "groups of channels"),
        (lambda layers, x: layers.Softmax(name="odd")(x), "'odd' (Softmax)"),
        (lambda layers, x: layers.Activation("softmax", name="odd")(x), "across channels"),
        (lambda layers, x: x * np.arange(4.0, dtype=np.float32), "fixed numbers"),
        (lambda layers, x: layers.BatchNormalization(axis=1, name="odd")(x), "'odd' (Batch"),
        (lambda layers, x: layers.Reshape((36, 2, 2), name="odd")(x), "'odd' (Reshape)"),
        (lambda layers, x: layers.Permute((3, 1, 2), name="odd")(x), "'odd' (Permute)"),
        (lambda layers, x: x[..., :2], "(GetItem) is not understood"),
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


def test_layers_used_twice_are_frozen() -> None:
    def build(layers: Any, x: Any) -> Any:
        shared = layers.Conv2D(4, 1, name="shared")
        parts = [shared(layers.Conv2D(5, 1, name=name)(x)) for name in ("left", "right")]
        return layers.Conv2D(3, 1, name="after")(layers.Concatenate()(parts))

    graph = net(build)
    assert frozen_by(graph, "shared") == "layer 'shared' (Conv2D) is used 2 times"
    assert set(prunable(graph)) == {"after"}


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
