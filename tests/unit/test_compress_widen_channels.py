"""Function-preserving growth as a technique."""

from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import context, depthwise_net, images, outputs, residual_net

from edgehone.compress.recipe import compress
from edgehone.compress.widen_channels import WidenChannels
from edgehone.errors import ConfigError
from edgehone.values import Recipe, Step

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.fixture(scope="module")
def model() -> Any:
    return residual_net(6)


def test_widened_groups_compute_what_they_did(model: Any) -> None:
    result = WidenChannels({"stem": 8}).apply(model, context(model))
    assert result.detail["widened"] == {"stem": [8, 6]}
    assert result.model.get_layer("b").filters == 8  # added to the stem's
    before = outputs(model, images().x)
    assert np.ptp(before) > 0.01
    np.testing.assert_allclose(outputs(result.model, images().x), before, rtol=1e-4, atol=1e-6)


def test_a_recipe_keeps_a_step_that_grows_and_prunes_after_it() -> None:
    model = depthwise_net(6)
    steps = (
        Step("widen_channels", {"ratio": 1.3, "multiple": 4}),
        Step("prune_channels", {"channels": {"point1": 10}}),
    )
    small, reports = compress(model, Recipe(steps), context(model))
    assert not any(report.skipped for report in reports)
    assert reports[0].detail["widened"] == {"stem": [8, 6], "point1": [16, 12], "point2": [16, 12]}
    assert reports[0].params[1] > reports[0].params[0]
    assert small.get_layer("point1").filters == 10
    assert small.get_layer("point2").filters == 16


def test_widening_by_nothing_is_skipped(model: Any) -> None:
    for technique in (WidenChannels(ratio=1.0), WidenChannels({"stem": 6})):
        assert technique.apply(model, context(model)).skipped == "no channel group gets wider"


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"stam": 9}, "no channel group called 'stam'"),
        ({"head": 4}, "'head' cannot be widened: tied to the model's output"),
        ({"stem": 5}, "'stem' has 6 channels, and cannot be widened to 5"),
        ({"stem": 25}, "'stem' has 6 channels, and cannot be widened to 25"),
    ],
)
def test_what_cannot_be_widened_is_refused(
    model: Any, channels: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        WidenChannels(channels).apply(model, context(model))
    assert caught.value.hint
