"""The soft decision tree: against a slow plain one, its rules, its files, and what it refuses."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import (
    accuracy,
    context,
    dense_net,
    images,
    outputs,
    residual_net,
    two_inputs,
)

from edgehone.compress._base import Outcome
from edgehone.compress._tree import LEAVES, LEVEL, TreeWeights, model_of, tree_training
from edgehone.compress._tree_rules import path_of, rules_of, rules_text
from edgehone.compress.soft_tree import SoftTree
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import Split
from edgehone.errors import ConfigError
from edgehone.export.conversion import Converter
from edgehone.export.execution import outputs as run
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.loading import load, save
from edgehone.system import files
from edgehone.values import Model, PrecisionPlan, Task

X = np.asarray(images().x)


def weights(depth: int = 3, features: int = 6, classes: int = 4, seed: int = 0) -> TreeWeights:
    rng = np.random.default_rng(seed)
    powers = np.exp(rng.normal(0, 2, (2**depth, classes)))
    return TreeWeights(
        tuple(rng.normal(0, 1, (features, 2**level)).astype(np.float32) for level in range(depth)),
        tuple(rng.normal(0, 1, 2**level).astype(np.float32) for level in range(depth)),
        (powers / powers.sum(-1, keepdims=True)).astype(np.float32),
    )


def leaf_paths(tree: TreeWeights, x: Any) -> dict[str, float]:
    """The probability of every path, by walking down from the root sample by sample."""
    found = {"": 1.0}
    for level, (kernel, bias) in enumerate(zip(tree.kernels, tree.biases, strict=True)):
        below = {}
        for node in range(2**level):
            path = path_of(level, node)
            z = float(x @ kernel[:, node].astype(np.float64) + bias[node])
            right = 1 / (1 + np.exp(-z))
            below[path + "R"] = found[path] * right
            below[path + "L"] = found[path] * (1 - right)
        found = below
    return found


def mixture(tree: TreeWeights, x: Any) -> Any:
    depth = len(tree.kernels)
    paths = leaf_paths(tree, x)
    return sum(
        paths[path_of(depth, number)] * row.astype(np.float64)
        for number, row in enumerate(tree.distributions)
    )


@pytest.mark.slow
def test_tree_is_the_mixture_of_its_leaves_by_their_paths() -> None:
    tree, x = weights(), np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    found = outputs(model_of(tree, (6,), 4), x)
    expected = np.stack([mixture(tree, row) for row in x])
    assert expected.std() > 0.02
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)


@pytest.mark.slow
def test_tree_of_one_column_tells_the_second_class() -> None:
    tree, x = weights(classes=2), np.random.default_rng(1).normal(size=(9, 2, 3)).astype(np.float32)
    found = outputs(model_of(tree, (2, 3), 1), x)
    expected = [mixture(tree, row.ravel())[1] for row in x]
    assert found.shape == (9, 1)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


@pytest.mark.slow
def test_training_minimises_cross_entropy_by_path_and_the_penalty_by_level() -> None:
    """Frosst & Hinton's two terms, leaf by leaf and node by node in float64."""
    depth, penalty, beta = 3, 0.3, 2.0
    backend.seed(0)
    setup = tree_training(6, 4, depth, beta, penalty)
    rng = np.random.default_rng(2)
    for weight in setup.trainer.weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))
    x = rng.normal(size=(15, 6)).astype(np.float32)
    target = rng.dirichlet(np.ones(4), 15).astype(np.float32)
    expected, shares = (np.asarray(part) for part in setup.trainer(x))
    found = [
        float(np.mean(np.asarray(loss(target, part))))
        for loss, part in zip(setup.losses, (expected, shares), strict=True)
    ]
    tree = setup.weights()
    entropy, even = 0.0, 0.0
    for row, wanted in zip(x, target, strict=True):
        for path, probability in leaf_paths(tree, row).items():
            number = next(n for n in range(2**depth) if path_of(depth, n) == path)
            entropy -= probability * float(wanted @ np.log(tree.distributions[number])) / len(x)
    for level in range(depth):
        part = TreeWeights(tree.kernels[:level], tree.biases[:level], tree.distributions)
        below = TreeWeights(tree.kernels[: level + 1], tree.biases[: level + 1], tree.distributions)
        for node in range(2**level):
            path = path_of(level, node)
            arrived = sum(leaf_paths(part, row)[path] for row in x)
            alpha = sum(leaf_paths(below, row)[path + "R"] for row in x) / arrived
            even -= penalty / 2**level * 0.5 * (np.log(alpha) + np.log(1 - alpha))
    assert found[0] == pytest.approx(entropy, rel=1e-4)
    assert found[1] == pytest.approx(even, rel=1e-4)
    assert even > 0.1


@cache
def taught() -> tuple[Any, Outcome]:
    """A teacher of the three images, and the tree it taught."""
    teacher = fit_hard(residual_net(), context(residual_net()), Schedule(20, 32, 5e-3)).model
    step = SoftTree(depth=3, epochs=25, batch_size=32)
    return teacher, step.apply(teacher, context(teacher))


@pytest.mark.slow
def test_soft_tree_learns_what_the_teacher_knows() -> None:
    teacher, result = taught()
    assert accuracy(teacher, images(seed=9)) > 0.85
    assert accuracy(result.model, images(seed=9)) > 0.85
    assert result.model.output_shape == teacher.output_shape
    assert result.detail["losses"][-1] < result.detail["losses"][0]
    np.testing.assert_allclose(outputs(result.model, X).sum(-1), 1, atol=1e-5)


@pytest.mark.slow
def test_soft_tree_learns_from_the_teacher_alone_when_asked() -> None:
    teacher, _ = taught()
    misled = Split(X, np.zeros(len(X), np.int64))
    step = SoftTree(depth=3, epochs=25, batch_size=32, soft=1.0)
    result = step.apply(teacher, context(teacher, train=misled))
    assert accuracy(result.model, images(seed=9)) > 0.85
    step = SoftTree(depth=3, epochs=5, batch_size=32, soft=0.0)
    wrong = step.apply(teacher, context(teacher, train=misled))
    assert (outputs(wrong.model, X).argmax(-1) == 0).all()


@pytest.mark.slow
def test_soft_tree_rules_name_the_features_that_matter() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 5)).astype(np.float32) * [1, 10, 0.1, 1, 1] + [0, 50, 0, 0, 7]
    y = np.where(x[:, 1] > 50, 1 + (x[:, 2] > 0), 0)  # features 1 and 2 alone decide
    train = Split(x.astype(np.float32), y)
    keras = backend.keras()
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])
    step = SoftTree(depth=2, epochs=60, batch_size=16, learning_rate=3e-2, strongest=2)
    result = step.apply(model, context(None, train=train))
    rules = result.detail["rules"]
    assert [node["path"] for node in rules["nodes"]] == ["", "L", "R"]
    assert all(len(node["features"]) == 2 for node in rules["nodes"])
    strongest = [tuple(node["features"][0]["position"]) for node in rules["nodes"]]
    assert strongest == [(1,), (1,), (2,)]
    assert {leaf["class"] for leaf in rules["leaves"]} == {0, 1, 2}
    assert rules["standardized"]
    assert (outputs(result.model, train.x).argmax(-1) == y).mean() > 0.9


@pytest.mark.slow
def test_rules_are_the_weights_of_the_model_and_read_as_a_tree(tmp_path: Path) -> None:
    tree = weights(depth=2)
    model = model_of(tree, (2, 3), 4)
    save(model, tmp_path / "tree.keras")
    rules = rules_of(load(str(tmp_path / "tree.keras")), strongest=2)
    assert rules is not None
    root = rules["nodes"][0]
    strongest = np.argsort(-np.abs(tree.kernels[0][:, 0]))[:2]
    assert [f["position"] for f in root["features"]] == [[i // 3, i % 3] for i in strongest]
    assert root["features"][0]["weight"] == pytest.approx(tree.kernels[0][strongest[0], 0])
    assert [leaf["class"] for leaf in rules["leaves"]] == list(tree.distributions.argmax(-1))
    lines = rules_text(rules).splitlines()
    assert lines[0].startswith("right if ")
    assert [line.strip()[:2] for line in lines[1:]] == ["L:", "L:", "R:", "R:", "L:", "R:"]
    leaf = next(leaf for leaf in rules["leaves"] if leaf["path"] == "LL")
    assert lines[2].strip() == f"L: class {leaf['class']} ({100 * leaf['probability']:.0f} %)"
    names = ("ant", "bee", "cat", "dog")
    named = rules_of(load(str(tmp_path / "tree.keras")), classes=names)
    assert named is not None
    assert [leaf["name"] for leaf in named["leaves"]] == [
        names[leaf["class"]] for leaf in rules["leaves"]
    ]
    assert f"L: class {names[leaf['class']]} ({leaf['class']}) (" in rules_text(named)
    assert rules_of(residual_net()) is None


@pytest.mark.slow
def test_rules_by_deviation_give_the_same_answer() -> None:
    tree = weights(depth=1)
    model = model_of(tree, (6,), 4)
    mean, spread = np.arange(6.0), np.arange(1.0, 7.0)
    rules = rules_of(model, strongest=6, centre=(mean, spread))
    assert rules is not None
    x = np.random.default_rng(4).normal(size=6)
    (node,) = rules["nodes"]
    parts = [f["weight"] * ((x - mean) / spread)[f["position"][0]] for f in node["features"]]
    z = float(x @ tree.kernels[0][:, 0] + tree.biases[0][0])
    assert sum(parts) + node["bias"] == pytest.approx(z, rel=1e-4)


@pytest.mark.slow
@pytest.mark.peer
def test_soft_tree_becomes_files_that_answer_as_it_does(tmp_path: Path) -> None:
    _, result = taught()
    path = tmp_path / "tree.keras"
    save(result.model, path)
    model = Model(path, files.sha256_of(path), result.model.count_params(), 0)
    expected = outputs(result.model, X)
    assert expected.std() > 0.1
    with Converter() as converter:
        for form, suffix in ((TFLite(), ".tflite"), (Onnx(), ".onnx")):
            source = tmp_path / f"float{suffix}"
            converter.convert(model, suffix[1:], source)
            np.testing.assert_allclose(run(source, X), expected, atol=1e-5)
            small = tmp_path / f"int8{suffix}"
            form.quantize(source, PrecisionPlan("int8"), Calibration((X,)), small)
            assert np.abs(run(small, X) - expected).max() < 0.1
            assert (run(small, X).argmax(-1) == expected.argmax(-1)).mean() > 0.97


@pytest.mark.slow
def test_soft_tree_keeps_what_never_varies_and_constant_pixels_out() -> None:
    x = X.copy()
    x[:, 0] = 3.0
    train = Split(x, images().y)
    result = SoftTree(depth=1, epochs=2).apply(residual_net(), context(None, train=train))
    assert all(np.isfinite(weight).all() for weight in result.model.get_weights())
    assert [layer.name for layer in result.model.layers if layer.weights] == [f"{LEVEL}0", LEAVES]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "task"),
    [
        (lambda: dense_net(4, 2, "linear"), Task("regression", "mse")),
        (two_inputs, Task()),
        (lambda: map_net(), Task()),
        (lambda: word_net(), Task()),
    ],
)
def test_soft_tree_refuses_what_no_tree_can_be(model: Any, task: Task) -> None:
    with pytest.raises(ConfigError, match="soft_tree") as caught:
        SoftTree().apply(model(), context(task=task))
    assert caught.value.hint


def map_net() -> Any:
    """A classifier of every pixel."""
    keras = backend.keras()
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 1)])


def word_net() -> Any:
    """A classifier of words by number."""
    keras = backend.keras()
    layers = keras.layers
    stack = [layers.Embedding(9, 4), layers.GlobalAveragePooling1D(), layers.Dense(3)]
    return keras.Sequential([keras.Input((7,), dtype="int32"), *stack])


@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 0},
        {"depth": 13},
        {"depth": 2.5},
        {"epochs": 0},
        {"learning_rate": -1},
        {"soft": 1.5},
        {"temperature": 0},
        {"beta": 0},
        {"penalty": -1},
        {"strongest": 0},
    ],
)
def test_soft_tree_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        SoftTree(**settings)
