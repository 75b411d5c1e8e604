from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import (
    accuracy,
    context,
    dense_net,
    images,
    outputs,
    residual_net,
    two_inputs,
)

from edgehone.compress._base import TrainingContext
from edgehone.compress._taylor import taylor_importance
from edgehone.compress.prune_channels import PruneChannels, imbalance
from edgehone.compress.slim import Slim
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSettings, load
from edgehone.errors import ConfigError, ModelError
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.values import Task


def silence(model: Any, name: str, channels: list[int]) -> None:
    """Zero the kernels and biases that make these channels."""
    layer = model.get_layer(name)
    weights = layer.get_weights()
    for array in weights:
        array[..., channels] = 0
    layer.set_weights(weights)


@pytest.mark.slow
def test_prune_channels_removes_silent_channels_without_a_change() -> None:
    model, x = residual_net(), images(16).x
    silence(model, "a", [1, 4, 5, 11])
    result = PruneChannels({"a": 12}).apply(model, context())
    assert result.detail["kept"]["a"] == [12, 16]
    assert result.model.get_layer("a").filters == 12
    assert result.model.get_layer("b").kernel.shape == (3, 3, 12, 8)
    assert outputs(model, x).std() > 0.01
    assert np.allclose(outputs(result.model, x), outputs(model, x), atol=1e-6)


@pytest.mark.slow
def test_prune_channels_by_ratio_makes_every_group_smaller() -> None:
    result = PruneChannels(ratio=0.5).apply(residual_net(), context())
    assert result.detail["kept"] == {"stem": [4, 8], "a": [8, 16]}
    assert result.model.get_layer("stem").filters == result.model.get_layer("b").filters == 4
    assert "head" in result.detail["frozen"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"ratio": 0.3, "multiple": 4}, 12),
        ({"ratio": 0.95, "multiple": 8}, 8),
        ({"ratio": 0.95, "minimum": 3}, 3),
        ({"ratio": 0.02}, 16),
        ({"ratio": 1.0}, 1),
        ({"channels": {"a": 99}}, 16),
    ],
)
def test_prune_channels_snaps_to_the_multiple_above_the_minimum(
    settings: dict[str, Any], kept: int
) -> None:
    result = PruneChannels(**settings).apply(residual_net(), context())
    assert result.detail["kept"]["a"] == [kept, 16]


@pytest.mark.slow
def test_prune_channels_by_threshold_removes_what_is_far_below_the_mean() -> None:
    model = residual_net()
    silence(model, "a", [0, 2, 15])
    result = PruneChannels(threshold=0.1).apply(model, context())
    assert result.detail["kept"]["a"] == [13, 16]


@pytest.mark.slow
def test_prune_channels_with_nothing_to_remove_is_skipped() -> None:
    model = dense_net(6, 3, "softmax")
    result = PruneChannels(ratio=0).apply(model, context())
    assert result.skipped
    assert result.model is model


@pytest.mark.slow
def test_prune_channels_suggests_the_nearest_group_for_an_unknown_one() -> None:
    with pytest.raises(ConfigError, match="'hiden'") as caught:
        PruneChannels({"hiden": 2}).apply(dense_net(6, 3, "softmax"), context())
    assert "'hidden'" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"ratio": 1.1},
        {"ratio": "half"},
        {"multiple": 0},
        {"importance": "l3"},
        {"channels": {"a": 0}},
        {"scope": "group"},
        {"floor": 1.5},
        {"samples": 0},
        {"recalibrate": 1},
    ],
)
def test_prune_channels_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PruneChannels(**settings)


def importances(**groups: list[float]) -> dict[str, Any]:
    return {name: np.array(values) for name, values in groups.items()}


def test_global_scope_ranks_all_groups_together_above_their_floors() -> None:
    found = importances(weak=[0.1, 0.3, 0.2, 0.1], strong=[5, 7, 6, 8])
    technique = PruneChannels(ratio=0.5, scope="global", floor=0.25)
    assert technique.counts(found) == {"weak": 1, "strong": 3}
    assert PruneChannels(ratio=0.5, scope="global", floor=0.5).counts(found) == {
        "weak": 2,
        "strong": 2,
    }
    assert PruneChannels(ratio=0.25, scope="global", floor=0).counts(found) == {
        "weak": 2,
        "strong": 4,
    }
    assert PruneChannels(ratio=0.5).counts(found) == {"weak": 2, "strong": 2}


def test_global_scope_by_threshold_goes_by_the_mean_of_all() -> None:
    found = importances(weak=[0.1, 0.3, 0.2, 3.0], strong=[5, 7, 6, 8])
    technique = PruneChannels(threshold=0.5, scope="global", floor=0)
    assert technique.counts(found) == {"weak": 1, "strong": 4}
    assert PruneChannels(threshold=0.2).counts(found) == {"weak": 3, "strong": 4}
    assert PruneChannels(threshold=0.2, scope="global", floor=0).counts(found) == {
        "weak": 1,
        "strong": 4,
    }


@pytest.mark.parametrize(
    ("settings", "kept"), [({"multiple": 8}, {"weak": 8, "strong": 16}), ({"minimum": 5}, None)]
)
def test_global_scope_snaps_and_keeps_the_minimum(
    settings: dict[str, Any], kept: dict[str, int] | None
) -> None:
    random = np.random.default_rng(0)
    found = importances(weak=list(random.random(16)), strong=list(10 + random.random(16)))
    counts = PruneChannels(ratio=0.4, scope="global", floor=0, **settings).counts(found)
    assert counts == (kept or {"weak": 5, "strong": 14})
    assert PruneChannels(ratio=0.5, scope="global").counts({}) == {}


@pytest.mark.slow
def test_taylor_scores_of_unlike_layers_are_ranked_against_their_own_groups_scores() -> None:
    model, shop = residual_net(), context()
    graph = analyse(model)
    technique = PruneChannels(importance="taylor", scope="global", samples=64)
    raw = taylor_importance(model, graph, shop.data.train, shop.task, 64, shop.seed)
    norms = {name: np.sqrt(np.mean(np.square(values))) for name, values in raw.items()}
    assert max(norms.values()) > 5 * min(norms.values())
    for name, values in technique.importances(model, graph, shop).items():
        np.testing.assert_allclose(values, raw[name] / norms[name], rtol=1e-5)


def test_a_lopsided_global_ranking_is_noted_by_group() -> None:
    sizes = {"stem": 16, "trunk": 64, "last": 20}
    (note,) = imbalance({"stem": 16, "trunk": 64, "last": 10}, sizes).values()
    assert "last loses 50% of its 20 channels" in note
    assert "all groups together lose 10%" in note
    assert "stem" not in note
    assert imbalance({"stem": 12, "trunk": 44, "last": 14}, sizes) == {}
    assert imbalance(sizes, sizes) == {}
    assert imbalance({}, {}) == {}


@pytest.mark.slow
def test_prune_channels_notes_a_global_ranking_that_empties_one_group() -> None:
    layers = backend.keras().layers
    middle = [layers.Dense(12, activation="relu", name=f"dense{i}") for i in range(5)]
    shape = backend.keras().Input((8,))
    model = backend.keras().Sequential([shape, *middle, layers.Dense(3, name="head")])
    silence(model, "dense2", list(range(8)))
    cut = PruneChannels(ratio=8 / 60, scope="global", floor=0).apply(model, context())
    assert cut.detail["kept"]["dense2"] == [4, 12]
    assert "dense2 loses 67% of its 12 channels" in cut.detail["note"]
    assert "note" not in PruneChannels(ratio=0.2).apply(model, context()).detail


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("importance", ["l1", "l2", "bn_scale", "taylor"])
def test_prune_channels_by_any_importance_takes_silent_channels_first(
    importance: Any, scope: Any
) -> None:
    model, x = residual_net(), images(16).x
    silence(model, "a", [1, 4, 5, 11])
    before = outputs(model, x)
    technique = PruneChannels(ratio=4 / 24, importance=importance, scope=scope, floor=0)
    if scope == "layer":
        technique = PruneChannels({"a": 12}, importance=importance)
    result = technique.apply(model, context())
    assert not result.skipped
    assert result.detail["kept"]["a"][0] == 12 or importance == "bn_scale" or scope == "global"
    if scope == "layer":  # silent channels have no batch norm of their own, and magnitude 0
        assert np.allclose(outputs(result.model, x), before, atol=1e-6)
    assert (outputs(model, x) == before).all()


@pytest.mark.slow
def test_prune_channels_needs_one_input_only_where_it_looks_at_samples() -> None:
    for settings in ({"importance": "taylor"}, {"recalibrate": True}):
        with pytest.raises(ModelError, match="2 inputs"):
            PruneChannels(**settings).apply(two_inputs(), context())
    assert PruneChannels().apply(two_inputs(), context()).skipped


@pytest.mark.slow
def test_recalibrate_measures_statistics_anew_and_touches_nothing_else() -> None:
    model, shop = residual_net(), context()
    plain = PruneChannels(ratio=0.5).apply(model, shop).model
    result = PruneChannels(ratio=0.5, recalibrate=True, samples=96).apply(model, shop).model
    stem = result.get_layer("stem")
    made = np.asarray(stem(shop.data.train.x[np.random.default_rng(3).permutation(96)[:64]]))
    norm = result.get_layer("stem_bn")
    np.testing.assert_allclose(norm.moving_mean, made.mean(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, made.var(axis=(0, 1, 2)), rtol=1e-4)
    assert norm.momentum == plain.get_layer("stem_bn").momentum
    moved = 0
    for one, other in zip(plain.weights, result.weights, strict=True):
        same = np.array_equal(np.asarray(one), np.asarray(other))
        assert same != ("moving" in one.name)
        moved += not same
    assert moved == 4


def digits_net(seed: int) -> Any:
    """(8, 8) -> 10 digits: four convolutions with batch norms, no shortcuts."""
    keras = backend.keras()
    backend.seed(seed)
    x = inputs = keras.Input((8, 8))
    x = keras.layers.Reshape((8, 8, 1))(x)
    for number, (width, stride) in enumerate([(16, 1), (16, 1), (24, 2), (24, 1)]):
        x = keras.layers.Conv2D(width, 3, stride, "same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(name=f"norm{number}")(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))


@pytest.mark.slow
def test_slim_makes_pruning_by_scale_cost_clearly_less_than_as_much_plain_training() -> None:
    data = load("digits", DataSettings(task=Task(), scale=1 / 16, seed=1))
    shop = TrainingContext(None, data, Task(), 1)
    dense = fit_hard(digits_net(1), shop, Schedule(12, 32, 3e-3)).model
    longer = fit_hard(dense, shop, Schedule(20, 32, 3e-3)).model
    slim = Slim().apply(dense, shop)
    before, after = slim.detail["scales"]
    assert after[0] < 0.5 * before[0]
    assert after[2] < 0.7 * before[2]
    technique = PruneChannels(ratio=0.2, importance="bn_scale", scope="global")
    kept: dict[str, float] = {}
    for name, net in (("slim", slim.model), ("longer", longer)):
        assert accuracy(net, data.validation) > 0.95
        pruned = technique.apply(net, shop).model
        assert pruned.count_params() < 0.8 * dense.count_params()
        kept[name] = accuracy(pruned, data.validation)
    assert kept["slim"] > kept["longer"] + 0.1
