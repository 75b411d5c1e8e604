"""Every two techniques, one after the other and then int8, on a residual and a depthwise net."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.snr import power_db
from tests.tiny_nets import context, outputs, residual_net

from edgehone.compress._base import Technique, TrainingContext
from edgehone.compress.recipe import PACKAGE, compress
from edgehone.compress.recipe.catalogue import entry
from edgehone.export.artifacts import Reference, export
from edgehone.export.conversion import Converter
from edgehone.export.execution import outputs as computed
from edgehone.formats._base import Calibration, learned_ranges
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.loading import save
from edgehone.system import variants
from edgehone.values import Candidate, PrecisionPlan, Recipe, Step

pytestmark = [pytest.mark.slow, pytest.mark.peer]

LAST = ("quantize_aware", "soft_tree")
"""One tunes what is exported next, the other puts a tree in the place of the network."""

NAMES = sorted(variants.names(PACKAGE, Technique), key=lambda name: (name in LAST, name))
PAIRS = list(combinations(NAMES, 2))
TURNED = [(second, first) for first, second in PAIRS if second != "soft_tree"]


def depthwise_net() -> Any:
    """A separable network with a skip, as phones have them, for the same images."""
    backend.seed(2)
    layers = backend.keras().layers
    x = image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="stem")(x)
    x = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_norm")(x))
    y = layers.Conv2D(32, 1, activation="relu6", name="expand")(x)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = layers.ReLU(6.0, name="depthwise_relu")(layers.BatchNormalization(name="norm")(y))
    y = layers.Conv2D(16, 1, name="project")(y)
    x = layers.Add(name="add")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(3, activation="softmax", name="label")(x)
    return backend.keras().Model(image, x)


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter() as converter:
        converter.warm()
        yield converter


@pytest.fixture(scope="module")
def residual() -> TrainingContext:
    """A net and its data; the same teacher_outputs serve all pairs."""
    return context(residual_net())


@pytest.fixture(scope="module")
def depthwise() -> TrainingContext:
    """As `residual`, for the other net."""
    return context(depthwise_net())


def cheap(name: str) -> Step:
    """The technique with as little training as it allows."""
    known = {setting["name"]: setting for setting in entry(name)["settings"]}
    return Step(name, {"epochs": 1} if "epochs" in known else {})


def exported(
    steps: tuple[Step, ...], shop: TrainingContext, converter: Converter, folder: Path
) -> None:
    recipe = Recipe(steps, PrecisionPlan("int8"))
    model, reports = compress(shop.teacher, recipe, shop)
    saved = save(model, folder / "model.keras")
    x = shop.data.train.x[:64]
    expected = outputs(model, x)
    assert expected.std(axis=0).max() > 0
    artifact = export(
        converter.convert(saved, "tflite", folder / "float.tflite"),
        TFLite(),
        recipe.precision,
        Calibration((x,), learned_ranges(reports)),
        folder / "int8.tflite",
        candidate=Candidate(saved, recipe, None, reports),
        reference=Reference(x, np.asarray(expected), answer="labels"),
    )
    assert artifact.audit is not None
    # A tree that is hardly trained gives every class nearly the same, far from 0.
    kept = (
        set(artifact.audit["kept_float"])
        if "soft_tree" in (step.technique for step in steps)
        else set()
    )
    assert artifact.audit["integer_only"] == (not kept)
    assert artifact.parity is not None
    assert power_db(expected, computed(artifact.path, x)) > 15
    assert artifact.parity["agreement"] > 0.8


@pytest.mark.parametrize("net", ["residual", "depthwise"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_techniques_and_int8_make_a_file_that_computes_what_the_model_does(
    first: str,
    second: str,
    net: str,
    request: pytest.FixtureRequest,
    converter: Converter,
    tmp_path: Path,
) -> None:
    shop: TrainingContext = request.getfixturevalue(net)
    exported((cheap(first), cheap(second)), shop, converter, tmp_path)


@pytest.mark.parametrize(("first", "second"), TURNED)
def test_the_order_of_two_techniques_is_free(
    first: str, second: str, residual: TrainingContext, converter: Converter, tmp_path: Path
) -> None:
    exported((cheap(first), cheap(second)), residual, converter, tmp_path)
