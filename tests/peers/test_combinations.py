"""Several techniques and then int8, so that every two follow one another in either order."""

from collections import Counter
from collections.abc import Iterator
from itertools import cycle, pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.eager import eagerly
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
PAIRS = [pair for pair in permutations(NAMES, 2) if pair[0] != "soft_tree"]


def chains(pairs: list[tuple[str, str]], length: int = 4) -> list[tuple[str, ...]]:
    """Sequences of at most so many techniques, each once, in which every pair stands side by
    side at least once."""
    left, found = list(pairs), []
    while left:
        chain: tuple[str, ...] = ()
        ways = left
        while ways and len(chain) < length:
            begun = Counter(first for first, _ in left)
            pair = max(ways, key=lambda pair: begun[pair[1]])  # from where the most are left
            left.remove(pair)
            chain = (*chain, pair[1]) if chain else pair
            ways = [way for way in left if way[0] == chain[-1] and way[1] not in chain]
        found.append(chain)
    return found


CHAINS = chains(PAIRS)


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
    with eagerly():
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


def test_the_chains_hold_every_pair_in_both_orders() -> None:
    assert {pair for chain in CHAINS for pair in pairwise(chain)} == set(PAIRS)


@pytest.mark.parametrize(
    ("chain", "net"),
    list(zip(CHAINS, cycle(["residual", "depthwise"]), strict=False)),
    ids=["-".join(chain) for chain in CHAINS],
)
def test_techniques_one_after_another_and_int8_make_a_file_that_computes_what_the_model_does(
    chain: tuple[str, ...],
    net: str,
    request: pytest.FixtureRequest,
    converter: Converter,
    tmp_path: Path,
) -> None:
    training: TrainingContext = request.getfixturevalue(net)
    exported(tuple(map(cheap, chain)), training, converter, tmp_path)
