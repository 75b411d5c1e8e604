"""What every technique promises: defaults that work, an input left alone, honest reports."""

import json
from contextlib import nullcontext
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.eager import eagerly
from tests.tiny_nets import (
    context,
    dense_net,
    depthwise_net,
    images,
    outputs,
    residual_net,
    two_inputs,
)

from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress.recipe import PACKAGE, carried_out, compress, technique_of
from edgehone.documents import step_report_from_json, step_report_json
from edgehone.errors import ConfigError, EdgehoneError
from edgehone.graph import backend
from edgehone.graph.costs import total_macs, total_params
from edgehone.graph.loading import load
from edgehone.system import variants
from edgehone.system.files import canonical_json
from edgehone.values import Recipe, Step, StepReport

NAMES = variants.names(PACKAGE, Technique)
NETS = {
    "residual": lambda: residual_net(8),
    "depthwise": lambda: depthwise_net(8),
    "dense": lambda: dense_net(24, 3, "softmax"),
}
FEW = {"epochs": 1, "calibration": 64, "samples": 64}
"""Settings that say how long a step takes."""

BEYOND = {"distill": {"features": 0.2}}
"""Settings beside those that are worth a run, by technique."""

EVERYTHING = {"distill": {"features": 0.2, "attention": 1.0}}
"""Settings that build as much as a technique can, by technique."""

RENAMING = {"soft_tree"}
"""Students that know their layers by name, and so cannot take over those of the model."""

NONSENSE = "no such value"


def settings_of(name: str) -> dict[str, Any]:
    """The names and defaults of a technique's settings."""
    technique: Any = technique_of(Step(name))
    return {each.name: getattr(technique, each.name) for each in fields(technique)}


def step(name: str) -> Step:
    """The technique with its defaults, but quick."""
    known = settings_of(name)
    quick = {setting: value for setting, value in FEW.items() if setting in known}
    return Step(name, {**quick, **BEYOND.get(name, {})})


def subclassed() -> Any:
    """A model without a graph of layers."""

    class Plain(backend.keras().Model):  # type: ignore[misc] # Keras is untyped
        def __init__(self) -> None:
            super().__init__()
            self.dense = backend.keras().layers.Dense(3, activation="softmax")

        def call(self, x: Any) -> Any:
            return self.dense(backend.keras().ops.reshape(x, (-1, 64)))

    model = Plain()
    model(images(2).x)
    return model


def sizeless() -> Any:
    """A model of images of any size, (n, h, w, 1) -> 3 classes."""
    layers = backend.keras().layers
    stack = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")]
    return backend.keras().Sequential([layers.Input((None, None, 1)), *stack])


TROUBLE = {"two inputs": two_inputs, "any size": sizeless, "subclassed": subclassed}


def coming_names() -> Any:
    """(8, 8, 1) -> 3 classes: every layer is called what Keras would call its next operation of
    some kind, as in all models that come out of a file into a new process.
    """
    keras = backend.keras()
    layers = keras.layers

    def coming(kind: str) -> str:
        return f"{kind}_{keras.backend.get_uid(kind)}"

    x = inputs = keras.Input((8, 8, 1), name=coming("input_layer"))
    x = layers.Rescaling(0.5, name=coming("rescaling"))(x)
    for kind in ("square", "mean", "sqrt", "sum", "reshape", "true_divide", "divide", "subtract"):
        x = layers.Conv2D(8, 1, name=coming(kind))(x)
    y = layers.Conv2D(8, 3, padding="same", name=coming("conv2d"))(x)
    y = layers.BatchNormalization(name=coming("batch_normalization"))(y)
    y = layers.Activation("relu", name=coming("activation"))(y)
    x = layers.Add(name=coming("add"))([x, y])
    x = layers.GlobalAveragePooling2D(name=coming("global_average_pooling2d"))(x)
    for kind in ("log", "maximum", "multiply", "concatenate", "sigmoid", "matmul", "functional"):
        x = layers.Dense(8, activation="relu", name=coming(kind))(x)
    x = layers.Dense(3, activation="softmax", name=coming("dense"))(x)
    return keras.Model(inputs, x)


def ends(model: Any) -> list[str]:
    """Names of a model's inputs, and of the layers that make its outputs."""
    makers = [tensor._keras_history.operation for tensor in model.outputs]
    return [each.name for each in (*model.inputs, *makers)]


@pytest.mark.parametrize("name", NAMES)
def test_technique_is_a_frozen_value_with_defaults(name: str) -> None:
    technique = technique_of(Step(name))
    assert is_dataclass(technique)
    assert technique == technique_of(Step(name))
    with pytest.raises(FrozenInstanceError):
        setattr(technique, fields(technique)[0].name, None)


@pytest.mark.parametrize("name", NAMES)
def test_technique_says_what_it_does(name: str) -> None:
    found = type(technique_of(Step(name)))
    assert found.__doc__
    assert found.apply.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_technique_refuses_nonsense_and_names_the_setting(name: str) -> None:
    for setting in settings_of(name):
        with pytest.raises(ConfigError) as caught:
            technique_of(Step(name, {setting: NONSENSE}))
        words = (setting, setting.replace("_", " "), setting.rstrip("s"))
        assert any(word in f"{caught.value} {caught.value.hint}" for word in words), caught.value


@pytest.mark.parametrize("name", NAMES)
def test_technique_searches_values_that_its_fields_accept(name: str) -> None:
    searched = technique_of(Step(name)).SEARCH
    assert searched
    assert set(searched) <= set(settings_of(name))
    for setting, values in searched.items():
        assert len(set(map(repr, values))) == len(values) > 1
        for value in values:
            assert getattr(technique_of(Step(name, {setting: value})), setting) == value


@dataclass(frozen=True)
class Applied:
    """A technique applied to a net as the first step of a recipe, with what the net was before."""

    name: str
    model: Any
    before: Any
    weights: list[Any]
    config: str
    outcome: Outcome
    result: Any
    report: StepReport


@dataclass
class Watched:
    """A technique whose outcome is kept beside what a recipe makes of it."""

    technique: Technique
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def TRAINS(self) -> bool:  # noqa: N802 # named like the technique's
        return self.technique.TRAINS

    @property
    def GROWS(self) -> bool:  # noqa: N802 # named like the technique's
        return self.technique.GROWS

    def apply(self, model: Any, given: TrainingContext) -> Outcome:
        self.outcomes.append(self.technique.apply(model, given))
        return self.outcomes[-1]


@pytest.fixture(scope="module")
def applied(request: pytest.FixtureRequest) -> Applied:
    """Carried out once for all tests of a technique and a net; traced as for users on one net."""
    name, net = request.param
    model: Any = NETS[net]()
    before, weights = outputs(model, images().x), model.get_weights()
    config = written(model)
    watched: Any = Watched(technique_of(step(name)))
    with nullcontext() if net == "residual" else eagerly():
        result, (report,) = carried_out(model, [(step(name), watched)], context(model))
    (outcome,) = watched.outcomes
    return Applied(name, model, before, weights, config, outcome, result, report)


def written(model: Any) -> str:
    """A model's description."""
    return json.dumps(model.get_config(), sort_keys=True, default=str)


ON_EVERY_NET = [pytest.param(pair, id="-".join(pair)) for pair in product(NAMES, NETS)]
ON_ONE_NET = [pytest.param((name, "residual"), id=name) for name in NAMES]


@pytest.mark.slow
@pytest.mark.parametrize("applied", ON_EVERY_NET, indirect=True)
def test_technique_keeps_shapes_and_names_and_leaves_its_input_alone(applied: Applied) -> None:
    model, result = applied.model, applied.outcome
    assert result.model.input_shape == model.input_shape
    assert result.model.output_shape == model.output_shape
    assert applied.name in RENAMING or ends(result.model) == ends(model)
    assert np.isfinite(outputs(result.model, images().x)).all()
    assert (outputs(model, images().x) == applied.before).all()
    pairs = zip(model.get_weights(), applied.weights, strict=True)
    assert all((a == b).all() for a, b in pairs)
    assert written(model) == applied.config
    assert all(layer.trainable for layer in model.layers)
    assert all(weight.constraint is weight.regularizer is None for weight in model.weights)
    if result.skipped:
        assert result.model is model
        assert not result.held
    else:
        assert not {id(layer) for layer in model.layers} & set(map(id, result.model.layers))


@pytest.mark.slow
@pytest.mark.parametrize("applied", ON_EVERY_NET, indirect=True)
def test_technique_reports_what_its_model_costs(applied: Applied) -> None:
    model, result, report = applied.model, applied.result, applied.report
    assert report.params == (total_params(model), total_params(result))
    assert report.macs == (total_macs(model), total_macs(result))
    assert report.size_bytes == (4 * report.params[0], 4 * report.params[1])
    assert not report.skipped or result is model
    assert canonical_json({**report.detail})
    document = step_report_json(report)
    assert step_report_json(step_report_from_json(json.loads(json.dumps(document)))) == document
    packed = report.detail.get("compressed_bytes", (0, 0))
    saved = [after < before for before, after in (report.params, report.macs, packed)]
    technique = technique_of(step(applied.name))
    assert technique.TRAINS or technique.GROWS or report.skipped or any(saved)


@pytest.mark.slow
@pytest.mark.parametrize("applied", ON_ONE_NET, indirect=True)
def test_technique_is_the_same_for_a_seed(applied: Applied) -> None:
    model, first = applied.model, applied.outcome
    second = technique_of(step(applied.name)).apply(model, context(model))
    assert first.detail == second.detail
    assert first.held == second.held
    pairs = zip(first.model.get_weights(), second.model.get_weights(), strict=True)
    assert all((a == b).all() for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("name", NAMES)
def test_technique_takes_a_model_or_refuses_it_in_a_sentence(name: str, trouble: str) -> None:
    model, refused = TROUBLE[trouble](), ""
    try:
        result = technique_of(step(name)).apply(model, context(residual_net(8)))
    except EdgehoneError as error:
        refused = f"{error}|{error.hint}"
    if refused:
        assert all(len(part) > 10 for part in refused.split("|"))
    else:
        assert result.skipped or result.model is not model


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_technique_names_nothing_as_layers_of_a_loaded_model_are_named(
    name: str, tmp_path: Path
) -> None:
    coming_names().save(tmp_path / "net.keras")
    teacher = load(str(tmp_path / "net.keras"))
    last = Step(name, {**step(name).settings, **EVERYTHING.get(name, {})})
    steps = (Step("scale_width", {"factor": 0.5}), last)
    with eagerly():
        student, reports = compress(teacher, Recipe(steps), context(teacher))
    assert reports[-1].technique == name
    names = [part.name for part in student.operations]
    assert len(set(names)) == len(names)
    assert np.isfinite(outputs(student, images().x)).all()
