"""What every technique promises: defaults that work, an input left alone, honest reports."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import dense_net, images, outputs, residual_net, workshop

from edgehone import variants
from edgehone.compress._base import Technique
from edgehone.compress.recipe import PACKAGE, compress, technique_of
from edgehone.files import canonical_json
from edgehone.graph.costs import total_macs, total_params
from edgehone.values import Recipe, Step

NAMES = variants.names(PACKAGE, Technique)
NETS = {"residual": lambda: residual_net(8), "dense": lambda: dense_net(24, 3, "softmax")}
QUICK = {"distill": {"epochs": 1, "features": 0.2}}


def step(name: str) -> Step:
    return Step(name, QUICK.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
def test_technique_is_a_frozen_value_with_defaults(name: str) -> None:
    technique = technique_of(Step(name))
    first = fields(technique)[0].name  # type: ignore[arg-type] # every technique is a dataclass
    with pytest.raises(FrozenInstanceError):
        setattr(technique, first, None)


@pytest.mark.parametrize("name", NAMES)
def test_technique_searches_values_that_its_fields_accept(name: str) -> None:
    searched = technique_of(Step(name)).SEARCH
    assert searched
    for field, values in searched.items():
        for value in values:
            assert getattr(technique_of(Step(name, {field: value})), field) == value


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", NAMES)
def test_technique_keeps_shapes_and_leaves_its_input_alone(name: str, net: str) -> None:
    model: Any = NETS[net]()
    before, weights = outputs(model, images().x), model.get_weights()
    result = technique_of(step(name)).apply(model, workshop(model))
    assert result.model.input_shape == model.input_shape
    assert result.model.output_shape == model.output_shape
    assert np.isfinite(outputs(result.model, images().x)).all()
    assert (outputs(model, images().x) == before).all()
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights, strict=True))
    assert all(layer.trainable for layer in model.layers)
    if not result.skipped:
        shared = {id(layer) for layer in model.layers} & set(map(id, result.model.layers))
        assert not shared


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", NAMES)
def test_technique_reports_what_its_model_costs(name: str, net: str) -> None:
    model: Any = NETS[net]()
    result, (report,) = compress(model, Recipe((step(name),)), workshop(model))
    assert report.params == (total_params(model), total_params(result))
    assert report.macs == (total_macs(model), total_macs(result))
    assert report.size_bytes == (4 * report.params[0], 4 * report.params[1])
    assert not report.skipped or result is model
    assert canonical_json({**report.detail})
    trains = technique_of(step(name)).TRAINS
    assert trains or report.skipped or report.size_bytes[1] < report.size_bytes[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_technique_is_the_same_for_a_seed(name: str) -> None:
    model = residual_net(8)
    runs = [technique_of(step(name)).apply(model, workshop(model)) for _ in range(2)]
    assert runs[0].detail == runs[1].detail
    pairs = zip(*(run.model.get_weights() for run in runs), strict=True)
    assert all((a == b).all() for a, b in pairs)
