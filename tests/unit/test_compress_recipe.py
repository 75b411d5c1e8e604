import pytest
from tests.tiny_nets import images, outputs, residual_net, workshop

from edgehone.compress.recipe import compress, technique_of
from edgehone.errors import ConfigError, UsageError
from edgehone.graph.costs import total_macs, total_params
from edgehone.values import Event, Recipe, Step


def test_compress_carries_out_steps_in_order_and_reports_each() -> None:
    model, events = residual_net(), list[Event]()
    before = outputs(model, images(8).x)
    steps = (
        Step("prune_channels", {"channels": {"a": 8}}),
        Step("factorize", {"ranks": {"b": 2}}),
    )
    result, reports = compress(model, Recipe(steps), workshop(progress=events.append))
    assert [report.technique for report in reports] == ["prune_channels", "factorize"]
    assert reports[0].params[0] == total_params(model)
    assert reports[0].params[1] == reports[1].params[0] > reports[1].params[1]
    assert reports[1].params[1] == total_params(result)
    assert reports[1].macs[1] == total_macs(result)
    assert reports[1].size_bytes[1] == 4 * total_params(result)
    assert [event.text for event in events] == ["prune_channels", "factorize"]
    assert (outputs(model, images(8).x) == before).all()


def test_compress_drops_a_step_that_saves_nothing_with_its_reason() -> None:
    model = residual_net()
    steps = (Step("factorize", {"ranks": {"head": 3}}), Step("prune_channels", {"ratio": 0.5}))
    result, reports = compress(model, Recipe(steps), workshop())
    assert reports[0].skipped
    assert reports[0].params[0] == reports[0].params[1] == reports[1].params[0]
    assert not reports[1].skipped
    assert total_params(result) < total_params(model)


def test_compress_without_steps_returns_the_model() -> None:
    model = residual_net()
    assert compress(model, Recipe(), workshop()) == (model, ())


def test_compress_checks_all_settings_before_the_first_step() -> None:
    events = list[Event]()
    steps = (Step("prune_channels"), Step("factorize", {"enrgy": 0.5}))
    with pytest.raises(ConfigError, match="'enrgy'") as caught:
        compress(residual_net(), Recipe(steps), workshop(progress=events.append))
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
