"""Costs and sensitivities that are measured once, and looked up from then on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import run_parts

from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.measure.device import Device
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.cost_tables import cost_table, losses_of, space_for, tables_of
from edgehone.search.decisions.precision import Precision
from edgehone.search.plan import LayerChoice
from edgehone.search.space import Space
from edgehone.values import Event, LayerSpec, Model


def space(*widths: int) -> Space:
    """Dense layers of these widths, each in int8 or float32."""
    layers = [
        LayerChoice(f"d{width}", LayerSpec("dense", 1, 1, 16, width), {}, width, None)
        for width in widths
    ]
    choices = Precision({each.name: ("int8", "float32") for each in layers})
    return Space(tuple(layers), (choices,), ("int8", "float32"))


@pytest.fixture
def on_line() -> list[Event]:
    return []


@pytest.fixture
def context(tmp_path: Path, on_line: list[Event]) -> RunContext:
    found = run_parts.context(tmp_path)
    workspace = replace(found.workspace, progress=on_line.append)
    workspace.scratch.mkdir(parents=True)
    return replace(found, workspace=workspace, formats={"tflite": TFLite()})


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return run_parts.scripted(tmp_path, "a")


def priced(on_line: list[Event]) -> int:
    return sum(event.stage == "price" and not event.done for event in on_line)


def test_layers_are_priced_once_for_a_device(
    context: RunContext, device: Device, on_line: list[Event]
) -> None:
    first = cost_table(context, space(8, 32), device, "tflite")
    begun = priced(on_line)
    again = cost_table(context, space(8, 32), device, "tflite")
    assert begun == priced(on_line) >= 1
    assert again == first
    wide, narrow = (LayerSpec("dense", 1, 1, 16, width) for width in (32, 8))
    costs = [first.cost(spec, "float32", "float32") or 0 for spec in (wide, narrow)]
    assert costs[0] > costs[1] > 0


def test_other_layers_and_fresh_runs_are_priced_anew(
    context: RunContext, device: Device, on_line: list[Event]
) -> None:
    cost_table(context, space(8), device, "tflite")
    begun = priced(on_line)
    cost_table(context, space(8, 32), device, "tflite")
    assert priced(on_line) > begun
    begun = priced(on_line)
    cost_table(replace(context, fresh="run"), space(8), device, "tflite")
    assert priced(on_line) > begun


@pytest.fixture
def model(context: RunContext) -> Model:
    keras: Any = backend.keras()
    backend.seed(3)
    layers = keras.layers
    x = start = layers.Input((6,), name="values")
    x = layers.Dense(16, activation="relu", name="hidden")(x)
    made = keras.Model(start, layers.Dense(3, activation="softmax", name="label")(x))
    return context.workspace.model(context.workspace.keep_model(made))


@pytest.mark.slow
def test_what_is_known_of_a_model_is_found_out_once(
    context: RunContext, device: Device, model: Model, on_line: list[Event]
) -> None:
    config = run_parts.settings(search={"seed": 11, "precisions": ("int8", "float32")})
    context = replace(context, config=config)
    with context.converter:
        outputs = building.teacher_outputs(context, model)
        found = tables_of(context, model, device, outputs, "tflite")
    assert {each.name for each in found.space.layers} == {"hidden", "label"}
    assert found.priced == "latency_p50_ms"
    losses = losses_of(context, model, space_for(context, model, device, "tflite"), "tflite")
    assert losses == found.losses
    kept = losses.table["prune_channels"]["hidden"]
    assert kept[min(kept)] > kept[max(kept)] >= 0  # fewer channels lose more
    assert losses.at("precision", "label", "int8") >= 0
