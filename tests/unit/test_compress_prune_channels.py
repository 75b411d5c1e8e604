from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import dense_net, images, outputs, residual_net, workshop

from edgehone.compress.prune_channels import PruneChannels
from edgehone.errors import ConfigError


def silence(model: Any, name: str, channels: list[int]) -> None:
    """Zero the kernels and biases that make these channels."""
    layer = model.get_layer(name)
    weights = layer.get_weights()
    for array in weights:
        array[..., channels] = 0
    layer.set_weights(weights)


def test_prune_channels_removes_silent_channels_without_a_change() -> None:
    model, x = residual_net(), images(16).x
    silence(model, "a", [1, 4, 5, 11])
    result = PruneChannels({"a": 12}).apply(model, workshop())
    assert result.detail["kept"]["a"] == [12, 16]
    assert result.model.get_layer("a").filters == 12
    assert result.model.get_layer("b").kernel.shape == (3, 3, 12, 8)
    assert outputs(model, x).std() > 0.01
    assert np.allclose(outputs(result.model, x), outputs(model, x), atol=1e-6)


def test_prune_channels_by_ratio_makes_every_group_smaller() -> None:
    result = PruneChannels(ratio=0.5).apply(residual_net(), workshop())
    assert result.detail["kept"] == {"stem": [4, 8], "a": [8, 16]}
    assert result.model.get_layer("stem").filters == result.model.get_layer("b").filters == 4
    assert "head" in result.detail["frozen"]


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
    result = PruneChannels(**settings).apply(residual_net(), workshop())
    assert result.detail["kept"]["a"] == [kept, 16]


def test_prune_channels_by_threshold_removes_what_is_far_below_the_mean() -> None:
    model = residual_net()
    silence(model, "a", [0, 2, 15])
    result = PruneChannels(threshold=0.1).apply(model, workshop())
    assert result.detail["kept"]["a"] == [13, 16]


def test_prune_channels_with_nothing_to_remove_is_skipped() -> None:
    model = dense_net(6, 3, "softmax")
    result = PruneChannels(ratio=0).apply(model, workshop())
    assert result.skipped
    assert result.model is model


def test_prune_channels_suggests_the_nearest_group_for_an_unknown_one() -> None:
    with pytest.raises(ConfigError, match="'hiden'") as caught:
        PruneChannels({"hiden": 2}).apply(dense_net(6, 3, "softmax"), workshop())
    assert "'hidden'" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"ratio": 1.1},
        {"ratio": "half"},
        {"multiple": 0},
        {"importance": "l3"},
        {"channels": {"a": 0}},
    ],
)
def test_prune_channels_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PruneChannels(**settings)
