"""The memory of a plan by its values' lifetimes: as its files are planned, and measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models, tiny_nets
from tests.search_worlds import Layer, space_of

from edgehone.export.conversion import Converter
from edgehone.formats import _flatbuffer
from edgehone.formats._base import Calibration
from edgehone.formats._tflite.arena import working_bytes
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.lifetimes import LiveValue, live_values
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import measure
from edgehone.search import space as spaces
from edgehone.search.memory import plan_memory_bytes
from edgehone.search.plan import Plan
from edgehone.system.files import sha256_of
from edgehone.values import LayerSpec, Model, PrecisionPlan

STEM = LayerSpec("conv", 8, 8, 3, 16, (3, 3))
MIDDLE = LayerSpec("conv", 8, 8, 16, 16, (3, 3))
VALUES = (
    LiveValue(8 * 8 * 3, (), 0, 1, border=True),
    LiveValue(8 * 8 * 16, ("stem",), 1, 3, layer="stem"),
    LiveValue(8 * 8 * 16, ("mid",), 2, 3, layer="mid"),
    LiveValue(8 * 8 * 32, ("stem", "mid"), 3, 4),
    LiveValue(5, (), 4, 4, border=True),
)
SPACE = space_of(
    {"a": (16, 8), "b": (16, 4)},
    [Layer("stem", STEM, {}, 3, "a"), Layer("mid", MIDDLE, {"a": 1}, 0, "b", (0, 4))],
    ("int8", "float32"),
)


def plan(a: int, b: int, rank: int = 0, precision: str = "int8") -> Plan:
    whole = SPACE.unchanged(precision)
    ranks = {**whole.of("factorize"), "mid": rank}
    return Plan(
        {**whole.choices, "prune_channels": {"a": a, "b": b}, "factorize": ranks}, precision
    )


@pytest.mark.parametrize(("a", "b"), [(16, 16), (8, 16), (8, 4)])
def test_values_are_as_wide_as_what_is_left_of_their_layers(a: int, b: int) -> None:
    image, last = 192, 16
    joined = 8 * 8 * (a + b)
    expected = image + last + 8 * 8 * a + 8 * 8 * b + joined  # all three live at the third
    assert plan_memory_bytes(VALUES, SPACE, plan(a, b)) == expected
    floats = plan_memory_bytes(VALUES, SPACE, plan(a, b, precision="float32"))
    assert floats == 4 * (image + joined + 8 * 8 * (a + b)) + 32


def test_what_lies_between_two_factors_counts_while_they_run() -> None:
    alone = [each for each in VALUES if each.layer or each.border]
    assert (
        plan_memory_bytes(alone, SPACE, plan(16, 16, 4))
        == plan_memory_bytes(alone, SPACE, plan(16, 16)) + 8 * 8 * 4
    )


def files(model: Any, folder: Path) -> dict[str, Path]:
    """The model in float32 and int8."""
    source = folder / f"{model.name}.keras"
    model.save(source)
    whole, quantized = folder / "float32.tflite", folder / "int8.tflite"
    with Converter(trust=True) as converter:
        saved = Model(source, sha256_of(source), model.count_params(), 0)
        converter.convert(saved, "tflite", whole)
    x = np.random.default_rng(0).random((4, *model.input_shape[1:]), np.float32)
    TFLite().quantize(whole, PrecisionPlan("int8"), Calibration((x,)), quantized)
    return {"float32": whole, "int8": quantized}


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_nets.residual_net, tiny_nets.depthwise_net])
def test_a_plan_takes_what_the_file_of_that_plan_takes(make: Any, tmp_path: Path) -> None:
    model = make(32)
    space = spaces.space_of(
        model,
        analyse(model),
        multiple=8,
        precisions=("int8", "float32"),
        techniques=("prune_channels",),
    )
    values = live_values(model)
    for width, made in ((32, model), (16, make(16))):
        for precision, file in files(made, tmp_path).items():
            whole = space.unchanged(precision)
            channels = {
                name: int(n) * width // 32 for name, n in whole.of("prune_channels").items()
            }
            asked = Plan({**whole.choices, "prune_channels": channels}, precision)
            true = working_bytes(_flatbuffer.read(file))
            assert plan_memory_bytes(values, space, asked) == pytest.approx(true, rel=0.02)


@pytest.mark.slow
@pytest.mark.peer
def test_a_process_takes_what_the_values_of_a_file_take(tmp_path: Path) -> None:
    """Of a net whose values are much larger than its weights: 12 MiB, within 5 %."""
    keras: Any = backend.keras()
    layers = keras.layers
    x = start = layers.Input((256, 256, 8))
    y = layers.Conv2D(16, 1, activation="relu")(x)
    y = layers.Conv2D(8, 1)(y)
    x = layers.Add()([x, y])
    model = keras.Model(start, layers.Conv2D(8, 1)(x))
    file = files(model, tmp_path)["float32"]
    expected = working_bytes(_flatbuffer.read(file))
    assert expected is not None
    artifact = tiny_models.artifact(file)
    (found,) = measure([artifact], resolve("local"), MeasurePlan(latency=False))
    assert found.memory is not None
    assert found.memory.steady == pytest.approx(expected, rel=0.05)
