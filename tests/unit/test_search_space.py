"""What the search may choose, and what a choice is worth."""

import pytest
from tests import search_worlds as worlds
from tests.search_worlds import Layer

from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.search.decisions.factorize import rank_options
from edgehone.search.decisions.prune_channels import channel_options
from edgehone.search.plan import LayerChoice, Plan
from edgehone.search.shapes import factors, file_bytes, full_rank, output_size, saves, weights
from edgehone.search.space import space_of
from edgehone.values import LayerSpec

CONV = LayerSpec("conv", 14, 14, 32, 64, (3, 3), (2, 2))


def test_channel_options_snap_to_the_multiple_and_start_with_all() -> None:
    assert channel_options(64, 8) == (64, 56, 48, 40, 32, 24, 16, 8)
    assert channel_options(67, 8)[0] == 67
    assert all(n % 8 == 0 for n in channel_options(67, 8)[1:])


def test_channel_options_of_narrow_groups_use_finer_steps() -> None:
    assert channel_options(16, 8) == (16, 12, 8, 4)
    assert channel_options(1, 8) == (1,)
    assert min(channel_options(3, 8)) == 1


def test_factors_have_the_layers_shape_at_both_ends() -> None:
    first, second = factors(CONV, 16)
    assert (first.in_channels, first.out_channels, first.strides) == (32, 16, (2, 2))
    assert (second.in_channels, second.out_channels, second.kernel) == (16, 64, (1, 1))
    assert (second.height, second.width) == output_size(CONV) == (7, 7)


def test_saves_is_false_at_the_rank_where_factors_have_as_many_weights() -> None:
    dense = LayerSpec("dense", 1, 1, 100, 100)
    assert sum(map(weights, factors(dense, 49))) < weights(dense)
    assert saves(dense, 49)
    assert not saves(dense, 50)
    assert not saves(dense, 0)


def test_rank_options_never_include_a_rank_that_saves_nothing() -> None:
    for spec in (CONV, LayerSpec("dense", 1, 1, 64, 10), LayerSpec("conv", 8, 8, 8, 64)):
        assert rank_options(spec, 8)[0] == 0
        assert all(saves(spec, rank) for rank in rank_options(spec, 8)[1:])
    assert rank_options(LayerSpec("depthwise", 8, 8, 64, 64, (3, 3)), 8) == (0,)


def test_full_rank_is_the_smaller_side_of_the_kernel_matrix() -> None:
    assert full_rank(CONV) == 64
    assert full_rank(LayerSpec("conv", 8, 8, 1, 64, (3, 3))) == 9


def test_layer_choice_cut_counts_flattened_inputs() -> None:
    layer = LayerChoice("d", LayerSpec("dense", 1, 1, 4 * 16 + 3, 8), {"g": 4}, 3, "h")
    cut = layer.cut({"g": 10, "h": 5})
    assert (cut.in_channels, cut.out_channels) == (43, 5)


@pytest.mark.parametrize(("precision", "expected"), [("float32", 4.0), ("int8x4", 0.5)])
def test_file_bytes_grow_with_the_precision(precision: str, expected: float) -> None:
    wide = LayerSpec("conv", 8, 8, 64, 16, (3, 3))
    narrow = LayerSpec("conv", 8, 8, 32, 16, (3, 3))
    grown = file_bytes(wide, precision) - file_bytes(narrow, precision)
    assert grown == expected * (weights(wide) - weights(narrow))


@pytest.mark.slow
def test_space_counts_all_channels_of_a_unit_that_stands_for_several() -> None:
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(32, 3, name="stem")(x)
    x = layers.GroupNormalization(8, name="norm")(x)
    x = layers.Conv2D(16, 3, name="next")(x)
    x = layers.Dense(4, name="head")(layers.GlobalAveragePooling2D()(x))
    model = backend.keras().Model(image, x)
    space = space_of(
        model, analyse(model), multiple=8, precisions=("int8",), techniques=("prune_channels",)
    )
    stem, following, _ = space.layers
    groups = space.decisions[0].subjects
    assert groups["stem"][0] == 8
    assert all(int(count) * 4 % 8 == 0 for count in groups["stem"])
    kept = {name: int(options[0]) for name, options in groups.items()} | {"stem": 6}
    assert stem.cut(kept).out_channels == 24
    assert following.cut(kept).in_channels == 24


@pytest.mark.slow
def test_space_has_groups_that_the_bytes_of_a_layer_without_a_cost_depend_on() -> None:
    layers = backend.keras().layers
    x = tokens = layers.Input((6, 16), name="tokens")
    x = layers.MultiHeadAttention(4, 8, name="attention")(x, x)
    x = layers.Dense(8, name="head")(layers.Flatten()(x))
    model = backend.keras().Model(tokens, x)
    graph = analyse(model)
    assert any(group.prunable and group.kind != "channels" for group in graph.groups)
    space = space_of(model, graph, multiple=4, precisions=("int8",), techniques=("prune_channels",))
    parts = {"attention/heads", "attention/keys", "attention/values"}
    assert set(space.decisions[0].subjects) == {"attention", *parts}  # bytes depend on them


def test_a_rank_that_saves_nothing_beside_the_pruning_is_left_out_of_a_plan() -> None:
    groups = {"a": (64, 8), "b": (64, 8)}
    layer = Layer("l", LayerSpec("conv", 8, 8, 64, 64, (3, 3)), {"a": 1}, 0, "b", (0, 16))
    space = worlds.space_of(groups, [layer], ("int8",))
    whole = space.unchanged("int8").choices
    for kept, rank in ((64, 16), (8, 0)):
        choices = {**whole, "prune_channels": {"a": kept, "b": kept}, "factorize": {"l": 16}}
        assert space.effective(Plan(choices, "int8")).of("factorize") == {"l": rank}
