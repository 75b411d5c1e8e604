from collections.abc import Callable
from contextlib import nullcontext
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.eager import eagerly
from tests.tiny_nets import context, depthwise_net, images, outputs, residual_net

from edgehone.compress._kernels import kernels_of
from edgehone.compress.recipe import compress, technique_of
from edgehone.errors import ConfigError, UsageError
from edgehone.graph.costs import total_macs, total_params
from edgehone.values import Event, Recipe, Step


@pytest.mark.slow
def test_compress_carries_out_steps_in_order_and_reports_each() -> None:
    model, events = residual_net(), list[Event]()
    before = outputs(model, images(8).x)
    steps = (
        Step("prune_channels", {"channels": {"a": 8}}),
        Step("factorize", {"ranks": {"b": 2}}),
    )
    result, reports = compress(model, Recipe(steps), context(progress=events.append))
    assert [report.technique for report in reports] == ["prune_channels", "factorize"]
    assert reports[0].params[0] == total_params(model)
    assert reports[0].params[1] == reports[1].params[0] > reports[1].params[1]
    assert reports[1].params[1] == total_params(result)
    assert reports[1].macs[1] == total_macs(result)
    assert reports[1].size_bytes[1] == 4 * total_params(result)
    assert [event.text for event in events] == ["prune_channels", "factorize"]
    assert (outputs(model, images(8).x) == before).all()


@pytest.mark.slow
def test_compress_drops_a_step_that_saves_nothing_with_its_reason() -> None:
    model = residual_net()
    steps = (Step("factorize", {"ranks": {"head": 3}}), Step("prune_channels", {"ratio": 0.5}))
    result, reports = compress(model, Recipe(steps), context())
    assert reports[0].skipped
    assert reports[0].params[0] == reports[0].params[1] == reports[1].params[0]
    assert not reports[1].skipped
    assert total_params(result) < total_params(model)


@pytest.mark.slow
def test_compress_without_steps_returns_the_model() -> None:
    model = residual_net()
    assert compress(model, Recipe(), context()) == (model, ())


@pytest.mark.slow
def test_compress_checks_all_settings_before_the_first_step() -> None:
    events = list[Event]()
    steps = (Step("prune_channels"), Step("factorize", {"enrgy": 0.5}))
    with pytest.raises(ConfigError, match="'enrgy'") as caught:
        compress(residual_net(), Recipe(steps), context(progress=events.append))
    assert "'energy'" in caught.value.hint
    assert events == []


def test_technique_of_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        technique_of(Step("prune_chanels"))
    assert "'prune_channels'" in caught.value.hint


@pytest.mark.parametrize("hidden", ["SEARCH", "TRAINS", "apply"])
def test_technique_of_takes_fields_only_as_settings(hidden: str) -> None:
    with pytest.raises(ConfigError):
        technique_of(Step("distill", {hidden: 1}))


@pytest.mark.parametrize(
    ("technique", "setting", "word"),
    [("prune_channels", "channels", "table"), ("distill", "feature_pairs", "list")],
)
@pytest.mark.parametrize("value", ["a", 3, None])
def test_technique_of_refuses_a_table_or_list_that_is_none(
    technique: str, setting: str, word: str, value: Any
) -> None:
    with pytest.raises(ConfigError, match=f"{setting} = .* is not a {word}"):
        technique_of(Step(technique, {setting: value}))


STEPS: dict[str, dict[str, Any]] = {
    "prune_weights": {"sparsity": 0.6, "epochs": 0},
    "cluster": {"clusters": 6, "epochs": 0},
    "prune_channels": {"ratio": 0.25, "importance": "bn_scale"},
}


def values_of(model: Any) -> dict[str, NDArray[Any]]:
    """Kernels by name, those of depthwise convolutions left out."""
    return {name: kernel.values for name, kernel in kernels_of(model).items()}


@pytest.mark.slow
@pytest.mark.parametrize("net", [residual_net, depthwise_net])
@pytest.mark.parametrize(("first", "second"), list(permutations(STEPS, 2)))
def test_compress_keeps_zeros_and_shared_values_whatever_comes_after(
    first: str, second: str, net: Callable[[], Any]
) -> None:
    model, names = net(), (first, second)
    steps = [*(Step(name, STEPS[name]) for name in names), Step("distill", {"epochs": 1})]
    shop = context(model)
    before, _ = compress(model, Recipe(tuple(steps[:2])), shop)
    with eagerly() if net is depthwise_net else nullcontext():
        after, reports = compress(model, Recipe(tuple(steps)), shop)
    assert [bool(report.skipped) for report in reports] == [False] * 3
    trained = values_of(after)
    for name, values in values_of(before).items():
        assert trained[name].shape == values.shape
        assert not np.array_equal(trained[name], values)
        if "prune_weights" in names:
            assert values.size < 40 or (values == 0).mean() > 0.3
            assert not trained[name][values == 0].any()
        if "cluster" in names:
            thinned_later = names == ("cluster", "prune_weights")
            assert len(np.unique(trained[name])) <= 6 + thinned_later
        else:
            assert len(np.unique(trained[name])) > 6 or values.size < 40


@pytest.mark.slow
@pytest.mark.parametrize("net", [residual_net, depthwise_net])
def test_compress_thins_shares_and_quantizes_and_keeps_zeros_and_values(
    net: Callable[[], Any],
) -> None:
    model = net()
    steps = (
        Step("prune_weights", {"sparsity": 0.6, "epochs": 1}),
        Step("cluster", {"clusters": 6, "epochs": 1}),
        Step("quantize_aware", {"epochs": 1, "calibration": 64}),
    )
    with eagerly() if net is depthwise_net else nullcontext():
        result, reports = compress(model, Recipe(steps), context(model))
    assert not any(report.skipped for report in reports)
    kernels = values_of(result)
    assert set(kernels) == set(reports[0].detail["sparsity"])
    for name, values in kernels.items():
        assert (values == 0).mean() >= reports[0].detail["sparsity"][name]
        assert 1 < len(np.unique(values)) <= 6
