"""Families of keras.applications, cut and held against themselves; the study has all of them."""

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.keras_networks import images, shaken

from edgehone.export.conversion import Converter
from edgehone.export.execution import outputs
from edgehone.graph import backend
from edgehone.graph.costs import total_params
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.loading import load, save
from edgehone.graph.rebuild import keep_channels, masked
from edgehone.graph.unfold import unfold

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


@cache
def study() -> Any:
    """The names that benchmarks/families/architectures.py defines."""
    return runpy.run_path(str(ROOT / "benchmarks" / "families" / "architectures.py"))


def network(name: str) -> tuple[Any, Any]:
    """A family's architecture with random weights, unfolded, and three images."""
    family = next(family for family in study()["FAMILIES"] if family.name == name)
    return unfold(study()["built"](family)), study()["images"](family, 3, 1)


def chosen(graph: ChannelGraph) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Random 70 % of the units of every prunable group, and the others."""
    rng = np.random.default_rng(0)
    kept, removed = {}, {}
    for group in graph.groups:
        if group.prunable:
            order, count = rng.permutation(group.channels).tolist(), round(0.7 * group.channels)
            kept[group.name], removed[group.name] = order[: max(1, count)], order[max(1, count) :]
    return kept, removed


def cut(name: str) -> tuple[Any, Any, Any]:
    """The family's network with 30 % of its channels gone, images, and its outputs."""
    model, x = network(name)
    graph = analyse(model)
    assert [g.reason for g in graph.groups if not g.prunable] == ["tied to the model's output"]
    kept, removed = chosen(graph)
    whole = np.asarray(model(x, training=False))
    with masked(model, graph, removed):
        expected = np.asarray(model(x, training=False))
    small = keep_channels(model, graph, kept)
    found = np.asarray(small(x, training=False))
    size = np.abs(expected).max()
    assert np.abs(found - expected).max() <= 1e-5 * size
    assert np.abs(whole - expected).max() > 0.1 * size
    assert np.abs(found[0] - found[1]).max() > 0.01 * size
    assert total_params(small) < 0.6 * total_params(model)
    return small, x, found


@pytest.mark.parametrize("name", ["convnext", "efficientnet_v2", "mobilenet_v2", "resnet"])
def test_a_family_is_cut_exactly(name: str) -> None:
    cut(name)


@pytest.mark.peer
def test_a_cut_family_is_saved_converted_and_run(tmp_path: Path) -> None:
    small, x, found = cut("mobilenet_v3")
    saved = save(small, tmp_path / "small.keras")
    np.testing.assert_array_equal(np.asarray(load(str(saved.path))(x, training=False)), found)
    with Converter() as converter:
        for form in ("tflite", "onnx"):
            file = converter.convert(saved, form, tmp_path / f"small.{form}")
            np.testing.assert_allclose(outputs(file, x), found, atol=1e-4 * np.abs(found).max())


def modern_net() -> Any:
    """Blocks as those of ConvNeXt, ResNeXt and a transformer, with norms that are cut."""
    layers = backend.keras().layers
    inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(12, 2, strides=2)(inputs)
    y = layers.Conv2D(12, 3, padding="same", groups=12)(x)
    y = layers.Dense(24, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(y))
    x = layers.Add()([x, layers.Dense(12)(y)])
    y = layers.Conv2D(16, 3, padding="same", groups=4)(layers.Conv2D(16, 1)(x))
    x = layers.Reshape((16, 12))(layers.Add()([x, layers.Conv2D(12, 1)(y)]))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(3, 4)(y, y)])
    x = layers.GlobalAveragePooling1D()(layers.RMSNormalization()(x))
    return shaken(backend.keras().Model(inputs, layers.Dense(4)(x)))


@pytest.mark.peer
def test_norms_and_attention_that_were_cut_convert_and_run(tmp_path: Path) -> None:
    model, x = modern_net(), images(3, shape=(8, 8, 3))
    graph = analyse(model)
    assert [group.channels for group in graph.groups if group.prunable] == [12, 24, 4, 3, 4, 4]
    small = keep_channels(model, graph, chosen(graph)[0])
    found = np.asarray(small(x, training=False))
    saved = save(small, tmp_path / "small.keras")
    with Converter() as converter:
        for form in ("tflite", "onnx"):
            file = converter.convert(saved, form, tmp_path / f"small.{form}")
            np.testing.assert_allclose(outputs(file, x), found, atol=1e-5)


def test_the_study_tells_of_every_family() -> None:
    text = (ROOT / "docs" / "families.md").read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    names = [row[0].removeprefix("| ") for row in rows]
    assert names == [family.name for family in study()["FAMILIES"]]
    assert len(names) == 15
    assert all(float(row[7]) <= 1e-5 for row in rows)
