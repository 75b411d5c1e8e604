"""Steps train the model that is written: state derived from weights, or kept beside them."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from tests.eager import eagerly
from tests.stateful_layers import gained, scales
from tests.stateful_layers import layers as own
from tests.tiny_nets import context, outputs

from edgehone.compress._kernels import kernels_of
from edgehone.compress.recipe import compress
from edgehone.compress.training import teacher_outputs as _teacher_outputs
from edgehone.data import Split
from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.loading import load, save
from edgehone.values import Recipe, Step

pytestmark = pytest.mark.slow

X, Y = scales()
TRAINING: dict[str, dict[str, Any]] = {
    "distill": {"epochs": 1},
    "prune_weights": {"epochs": 1, "sparsity": 0.9},
    "cluster": {"epochs": 1, "clusters": 4},
    "quantize_aware": {"epochs": 1, "calibration": 64},
    "slim": {"epochs": 1},
    "soft_tree": {"epochs": 1, "depth": 2},
}


def adapted(kind: str = "normalization") -> Any:
    """(4,) -> 2 classes, beginning with an adapted layer, alone or in a model inside."""
    keras = backend.keras()
    backend.seed(1)
    layers = keras.layers
    x = inputs = keras.Input((4,))
    if kind == "discretization":
        first = layers.Discretization(num_bins=6, name="adapted")
        first.adapt(X / X.mean(axis=0))
        x = first(layers.Rescaling((1 / X.mean(axis=0)).tolist())(x))
        x = layers.Rescaling(0.5, -1.2)(x)
    else:
        first = layers.Normalization(name="adapted")
        first.adapt(X)
        inner = keras.Sequential([keras.Input((4,)), first], name="inside")
        x = inner(x) if kind == "nested" else first(x)
    dense = layers.Dense(16, use_bias=False, name="wide")
    x = layers.SpectralNormalization(dense)(x) if kind == "spectral" else dense(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax", name="head")(x))


def shop(teacher: Any = None, **settings: Any) -> Any:
    return context(teacher, train=Split(X, Y), **settings)


@pytest.mark.parametrize("kind", ["normalization", "nested", "discretization", "spectral"])
@pytest.mark.parametrize("name", TRAINING)
def test_what_was_trained_is_what_is_on_disk(name: str, kind: str, tmp_path: Any) -> None:
    model = adapted(kind)
    steps = (Step(name, TRAINING[name]),)
    with nullcontext() if kind == "normalization" else eagerly():
        result, (report,) = compress(model, Recipe(steps), shop(model))
    if report.skipped:
        assert result is model
    expected = outputs(result, X)
    assert expected.std(axis=0).max() > 1e-3
    save(result, tmp_path / "net.keras")
    for again in (load(str(tmp_path / "net.keras")), load_plain(tmp_path / "net.keras")):
        np.testing.assert_allclose(outputs(again, X), expected, atol=1e-6)


def load_plain(path: Any) -> Any:
    """As Keras reads it."""
    return backend.keras().models.load_model(path)


@pytest.mark.parametrize("kind", ["normalization", "nested"])
@pytest.mark.parametrize("name", ["distill", "prune_weights", "cluster", "quantize_aware", "slim"])
def test_statistics_of_the_data_are_no_weights_to_train(name: str, kind: str) -> None:
    model = adapted(kind)
    with eagerly():
        result, (report,) = compress(model, Recipe((Step(name, TRAINING[name]),)), shop(model))
    assert not report.skipped
    before, after = (
        next(part for part in each._flatten_layers() if part.name == "adapted")
        for each in (model, result)
    )
    for ours, theirs in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert {kernel.layer for kernel in kernels_of(result).values()} == {"wide", "head"}
    assert not before.trainable_weights
    np.testing.assert_array_equal(np.ravel(after.mean), np.ravel(before.adapt_mean))


@pytest.mark.parametrize("teacher_outputs_bytes", [2**20, 0])
def test_a_teacher_answers_as_its_file_would(teacher_outputs_bytes: int, tmp_path: Any) -> None:
    """Recorded, and running along."""
    teacher = adapted()
    save(teacher, tmp_path / "teacher.keras")
    place = shop(teacher, teacher_outputs_bytes=teacher_outputs_bytes)
    from edgehone.compress._views import view_of

    view = view_of(adapted(), place.task, X)
    teacher_outputs = _teacher_outputs.prepare(place, (), view)
    assert bool(teacher_outputs.recorded) == bool(teacher_outputs_bytes)
    logits = (
        teacher_outputs.recorded[0]
        if teacher_outputs.recorded
        else np.asarray(teacher_outputs.teacher(X))
    )
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    expected = outputs(load_plain(tmp_path / "teacher.keras"), X)
    found = powers / powers.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def moving() -> Any:
    """A net that reads back as it is, and that a training puts into a state files lose."""
    model = gained(1.0)
    own().Gain.moved = 3.0
    return model


@pytest.fixture
def _moved() -> Any:
    yield
    own().Gain.moved = None


@pytest.mark.usefixtures("_moved")
def test_a_step_whose_result_files_do_not_keep_fails_by_its_name() -> None:
    steps = (Step("scale_width", {"factor": 0.5}), Step("distill", {"epochs": 1}))
    with pytest.raises(ModelError, match=r"result of step 'distill'.*'gain' \(Gain\)"):
        compress(moving(), Recipe(steps), shop())


def test_the_first_step_refuses_a_model_or_teacher_that_files_do_not_keep() -> None:
    steps = (Step("distill", {"epochs": 1}),)
    with pytest.raises(ModelError, match=r"model given to step 'distill'.*'gain' \(Gain\)"):
        compress(gained(), Recipe(steps), shop())
    with pytest.raises(ModelError, match=r"teacher given to step 'distill'.*'gain' \(Gain\)"):
        compress(gained(1.0), Recipe(steps), shop(gained()))


def test_what_training_mode_writes_is_put_back_after_statistics_are_measured() -> None:
    from edgehone.compress._statistics import remeasure
    from edgehone.search.sensitivity import _adapted_norms

    model = adapted("spectral")
    layer = next(part for part in model.layers if hasattr(part, "vector_u"))
    before = [each.copy() for each in layer.get_weights()]
    moving_mean = np.asarray(model.get_layer("norm").moving_mean).copy()
    with _adapted_norms(model, X):
        pass
    assert all((a == b).all() for a, b in zip(layer.get_weights(), before, strict=True))
    remeasure(model, Split(X, Y))
    assert all((a == b).all() for a, b in zip(layer.get_weights(), before, strict=True))
    assert not np.array_equal(np.asarray(model.get_layer("norm").moving_mean), moving_mean)
