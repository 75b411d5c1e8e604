"""Operators without weights that a Keras model is said to have, against those of its files."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_nets

from edgehone.export.conversion import Converter
from edgehone.formats._base import Calibration
from edgehone.formats._tflite.entries import entries
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.operator_specs import operator_specs
from edgehone.search.operators import borders_of, operators_of
from edgehone.system.files import sha256_of
from edgehone.values import LayerSpec, Model, PrecisionPlan

pytestmark = pytest.mark.slow

LEFT_OUT = ("conv", "depthwise", "dense", "requantize")


def pooled_net() -> Any:
    """Of all that the other nets do not have."""
    layers = backend.keras().layers
    x = start = layers.Input((9, 9, 4), name="image")
    x = layers.ZeroPadding2D(2)(x)
    x = layers.Conv2D(8, 3, activation="tanh", name="first")(x)
    y = layers.MaxPooling2D(2, padding="same")(x)
    z = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.Concatenate(name="both")([y, z])
    y = layers.Conv2D(16, 1, activation="relu", name="second")(x)
    x = layers.Multiply()([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return backend.keras().Model(start, layers.Dense(3, activation="sigmoid", name="head")(x))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def operators_in_file(model: Any, folder: Path) -> Counter[LayerSpec]:
    """Those of the int8 file without weights; without what gives values that are joined one scale,
    which depends on their ranges.
    """
    source, whole = folder / "model.keras", folder / "float32.tflite"
    model.save(source)
    with Converter(trust=True) as converter:
        saved = Model(source, sha256_of(source), model.count_params(), 0)
        converter.convert(saved, "tflite", whole)
    x = np.random.default_rng(0).random((4, *model.input_shape[1:]), np.float32)
    quantized = folder / "int8.tflite"
    TFLite().quantize(whole, PrecisionPlan("int8"), Calibration((x,)), quantized)
    found = [each.spec for each in entries(quantized)]
    return Counter(spec for spec in found if spec is not None and spec.kind not in LEFT_OUT)


@pytest.mark.parametrize("make", [tiny_nets.residual_net, tiny_nets.depthwise_net, pooled_net])
def test_a_file_has_the_operators_that_its_model_is_said_to_have(make: Any, folder: Path) -> None:
    model = make()
    assert Counter(each.spec for each in operator_specs(model)) == operators_in_file(model, folder)


def test_operators_are_as_wide_as_the_channels_that_are_left() -> None:
    model = tiny_nets.residual_net()
    graph = analyse(model)
    groups = {group.name: group.channels for group in graph.groups if group.prunable}
    found = {each.name: each for each in operators_of(model, graph, groups)}
    assert {*found} == {"add", "pool", "head/softmax"}
    (stem,) = found["add"].groups
    narrow = found["add"].cut({stem: 3})
    assert (narrow.in_channels, narrow.out_channels) == (3, 3)
    assert found["head/softmax"].cut({}).out_channels == 3
    kinds = [(each.spec.kind, each.spec.in_channels) for each in borders_of(model)]
    assert kinds == [("quantize", 1), ("dequantize", 3)]


def test_a_concatenation_gets_narrower_with_all_that_it_joins() -> None:
    model = pooled_net()
    graph = analyse(model)
    groups = {group.name: group.channels for group in graph.groups if group.prunable}
    both = next(e for e in operators_of(model, graph, groups) if e.spec.kind == "concat")
    assert (both.spec.in_channels, both.spec.out_channels) == (8, 16)
    assert both.cut(groups) == both.spec
    (group,) = both.groups
    cut = both.cut({group: groups[group] // 2})
    assert (cut.in_channels, cut.out_channels) == (4, 8)
