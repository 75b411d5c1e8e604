from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import accuracy, context, dense_net, images, outputs, residual_net

from edgehone.compress._copies import trainable_copy
from edgehone.compress._features import Hint, attention_map, automatic_pairs, depth_pairs
from edgehone.compress._views import logits_of, view_of
from edgehone.compress.distill import Distill
from edgehone.compress.training import teacher_outputs as _teacher_outputs
from edgehone.compress.training.fitting import Schedule, fit_hard, soft_loss
from edgehone.data import Split
from edgehone.errors import ConfigError, ModelError
from edgehone.graph import backend
from edgehone.tasks.kinds import task_of
from edgehone.values import Event, Task

pytestmark = pytest.mark.slow  # TensorFlow

X = np.asarray(images().x)


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def tail(kind: str) -> Any:
    """The same seeded net with logits, ending in different ways."""
    base = residual_net(activation="linear")
    keras = backend.keras()
    logits = base.outputs[0]
    match kind:
        case "linear":
            return base
        case "fused":
            model = residual_net(activation="softmax")
            model.set_weights(base.get_weights())
            return model
        case "layer":
            return keras.Model(base.inputs, keras.layers.Softmax()(logits))
        case "activation":
            return keras.Model(base.inputs, keras.layers.Activation("softmax")(logits))
        case _:
            return keras.Model(base.inputs, keras.ops.softmax(logits))


@pytest.mark.parametrize("kind", ["linear", "fused", "layer", "activation", "operation"])
def test_logits_of_gives_the_logits_however_the_model_ends(kind: str) -> None:
    model = tail(kind)
    view = logits_of(model, X)
    found = outputs(backend.keras().Model(view.inputs, view.tensor), X)
    wanted = outputs(tail("linear"), X)
    assert wanted.std() > 0.01
    assert np.allclose(softmax(found / 4), softmax(wanted / 4), atol=1e-6)
    assert kind == "operation" or np.allclose(found, wanted, atol=1e-5)


def test_logits_of_a_sigmoid_are_two_with_the_same_probability() -> None:
    model = dense_net(6, 1, "sigmoid")
    view = logits_of(model, X)
    found = softmax(outputs(backend.keras().Model(view.inputs, view.tensor), X))
    assert np.ptp(found[:, 1]) > 0.1
    assert np.allclose(found[:, 1:], outputs(model, X), atol=1e-6)


@pytest.mark.parametrize("kind", ["linear", "fused", "layer", "operation", "softmax"])
def test_logits_of_labels_are_those_of_each_sigmoid(kind: str) -> None:
    keras = backend.keras()
    base = residual_net(activation="linear")
    ends = {
        "layer": keras.layers.Activation("sigmoid"),
        "operation": keras.ops.sigmoid,
        "softmax": keras.ops.softmax,  # of which each answer is a label's probability all the same
    }
    model = residual_net(activation="sigmoid" if kind == "fused" else "linear")
    model.set_weights(base.get_weights())
    if kind in ends:
        model = keras.Model(base.inputs, ends[kind](base.outputs[0]))
    view = view_of(model, task_of("multilabel"), X)
    found = outputs(keras.Model(view.inputs, view.tensor), X)
    assert found.std() > 0.01
    if kind == "linear":
        assert np.array_equal(found, outputs(base, X))
    else:
        assert np.allclose(1 / (1 + np.exp(-found)), outputs(model, X), atol=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_soft_labels_of_several_labels_follow_the_formula(temperature: float) -> None:
    rng = np.random.default_rng(0)
    t, s = 3 * rng.normal(size=(5, 4)), 3 * rng.normal(size=(5, 4))
    p, q = (1 / (1 + np.exp(-each / temperature)) for each in (t, s))
    each = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    ops = backend.keras().ops
    loss = soft_loss(task_of("multilabel"), temperature)
    found = loss(*(ops.convert_to_tensor(x, "float32") for x in (t, s)))
    assert float(found) == pytest.approx(each.mean() * temperature**2, rel=1e-4)


def test_logits_of_a_model_with_two_outputs_is_refused_by_name() -> None:
    net = residual_net()
    model = backend.keras().Model(net.inputs, [net.outputs[0], net.get_layer("pool").output])
    with pytest.raises(ModelError, match="2 outputs"):
        logits_of(model, X)


def terms(student: Any, teacher: Any, temperature: float) -> tuple[float, float]:
    """Soft and hard loss of a student by the formulas alone, in float64."""
    y = images().y
    p = softmax(outputs(teacher, X).astype(np.float64) / temperature)
    q = softmax(outputs(student, X).astype(np.float64) / temperature)
    soft = temperature**2 * (p * np.log(p / q)).sum(-1).mean()
    hard = -np.log(softmax(outputs(student, X).astype(np.float64))[np.arange(len(y)), y]).mean()
    return float(soft), float(hard)


@pytest.mark.parametrize("soft", [1.0, 0.5])
def test_distill_loss_is_the_weighted_mean_of_both_formulas(soft: float) -> None:
    # without batch norms, one batch, and a rate near 0, the reported loss is that of the start
    teacher, student = dense_net(12, 3, "linear", seed=2), dense_net(6, 3, "linear", seed=3)
    step = Distill(1, 96, 1e-12, temperature=3, soft=soft, hard=1 - soft)
    found = step.apply(student, context(teacher)).detail["losses"][0]
    wanted = terms(student, teacher, 3)
    assert found == pytest.approx(soft * wanted[0] + (1 - soft) * wanted[1], rel=1e-4)


def test_distill_soft_labels_alone_bring_the_student_to_the_teacher() -> None:
    shop = context(residual_net())
    teacher = fit_hard(residual_net(), shop, Schedule(30, 32, 5e-3)).model
    assert accuracy(teacher, images()) > 0.9
    student = residual_net(4, seed=7)
    step = Distill(epochs=40, batch_size=32, learning_rate=5e-3, soft=1.0, hard=0.0)
    # labels that would mislead: whatever is learned comes from the teacher
    train = Split(X, np.zeros(len(X), np.int64))
    result = step.apply(student, context(teacher, train=train)).model
    assert accuracy(result, images(seed=9)) > accuracy(student, images(seed=9))
    assert accuracy(result, images(seed=9)) > 0.85


def test_distill_is_the_same_whether_the_teacher_is_recorded_or_runs_along() -> None:
    teacher, student = residual_net(seed=5), residual_net(4, seed=6)
    step = Distill(epochs=2, batch_size=32, soft=0.7, features=0.5)
    recorded = step.apply(student, context(teacher))
    live = step.apply(student, context(teacher, teacher_outputs_bytes=0))
    assert recorded.detail["recorded"]
    assert not live.detail["recorded"]
    assert live.detail["losses"] == pytest.approx(recorded.detail["losses"], rel=1e-3)


def test_distill_leaves_teacher_and_model_trainable_and_unchanged() -> None:
    teacher, student = residual_net(seed=5), residual_net(4, seed=6)
    before = [w.copy() for w in (*teacher.get_weights(), *student.get_weights())]
    Distill(epochs=1, soft=0.7, features=0.2).apply(
        student, context(teacher, teacher_outputs_bytes=0)
    )
    after = [*teacher.get_weights(), *student.get_weights()]
    assert all((a == b).all() for a, b in zip(after, before, strict=True))
    assert all(layer.trainable for layer in (*teacher.layers, *student.layers))


def test_distill_asks_the_teacher_once_for_several_students() -> None:
    shop = context(residual_net(seed=5))
    step = Distill(epochs=1, soft=0.7)
    step.apply(residual_net(4), shop)
    (kept,) = shop.teacher_outputs.values()
    step.apply(residual_net(6), shop)
    assert next(iter(shop.teacher_outputs.values())) is kept
    other = replace(shop, teacher=residual_net(seed=6))
    step.apply(residual_net(4), other)
    assert len(shop.teacher_outputs) == 2, "another teacher has teacher_outputs of its own"


def test_distill_regression_learns_the_teachers_outputs() -> None:
    target = np.asarray(images().x).reshape(len(X), -1)[:, :4]
    shop = context(
        dense_net(8, 4, "linear", seed=8),
        train=Split(X, target),
        task=Task("regression", "mse"),
    )
    student = dense_net(16, 4, "linear", seed=9)
    result = Distill(epochs=60, learning_rate=1e-2, soft=1.0, hard=0.0).apply(student, shop)
    losses = result.detail["losses"]
    start = float(((outputs(student, X) - outputs(shop.teacher, X)) ** 2).mean())
    end = float(((outputs(result.model, X) - outputs(shop.teacher, X)) ** 2).mean())
    assert end < 0.25 * start
    assert losses[-1] < losses[0]


def test_distill_without_a_teacher_learns_the_labels() -> None:
    events = list[Event]()
    step = Distill(epochs=12, batch_size=16, learning_rate=1e-2)
    result = step.apply(dense_net(12, 3, "softmax"), context(progress=events.append))
    assert accuracy(result.model, images(seed=9)) > 0.8
    assert [(event.done, event.total) for event in events] == [(i, 12) for i in range(1, 13)]


def test_distill_teaches_a_single_sigmoid_column() -> None:
    train = Split(X, (images().y == 2).astype(np.int64))
    shop = context(train=train)
    teacher = fit_hard(dense_net(16, 1, "sigmoid"), shop, Schedule(20, 16, 1e-2)).model
    assert np.ptp(outputs(teacher, X)) > 0.5
    step = Distill(epochs=30, batch_size=16, learning_rate=1e-2, soft=1.0, hard=0.0)
    result = step.apply(dense_net(8, 1, "sigmoid", seed=4), context(teacher, train=train)).model
    agree = (outputs(result, X) > 0.5) == (outputs(teacher, X) > 0.5)
    assert agree.mean() > 0.95
    assert result.layers[-1].activation.__name__ == "sigmoid"


def test_distill_that_diverges_keeps_the_model_and_says_so() -> None:
    model = dense_net(6, 4, "linear")
    wild = Split(X * 1e30, np.full((len(X), 4), -1e30, np.float32))
    shop = context(train=wild, task=Task("regression", "mse"))
    result = Distill(epochs=3).apply(model, shop)
    assert "diverged in epoch 1" in result.skipped
    assert result.model is model


def test_training_moves_frozen_layers_and_keeps_the_momentum_of_batch_norms() -> None:
    model = residual_net()
    model.trainable = False
    result = fit_hard(model, context(), Schedule(1, 16, 1e-2)).model
    assert not np.allclose(result.get_layer("a").kernel, model.get_layer("a").kernel)
    assert result.get_layer("stem_bn").momentum == model.get_layer("stem_bn").momentum == 0.99


def test_automatic_pairs_are_the_last_layers_of_each_resolution() -> None:
    teacher, student = residual_net(), residual_net(4, activation="linear")
    ends = [student.outputs[0]]
    assert automatic_pairs(teacher, student, ends) == (("last", "last"), ("pool", "pool"))


def test_distill_suggests_the_nearest_layer_for_an_unknown_pair() -> None:
    step = Distill(features=1.0, feature_pairs=[["lst", "last"]])
    with pytest.raises(ConfigError, match="no teacher layer called 'lst'") as caught:
        step.apply(residual_net(4), context(residual_net()))
    assert "'last'" in caught.value.hint


def test_distill_refuses_pairs_of_different_resolution() -> None:
    step = Distill(features=1.0, feature_pairs=[["last", "pool"]])
    with pytest.raises(ConfigError, match="differ in resolution"):
        step.apply(residual_net(4), context(residual_net()))


def deep_net(blocks: int, width: int, strides: int) -> Any:
    """(8, 8, 1) -> 3 classes through a stem and that many convolutions, named conv1, conv2, …"""
    backend.seed(blocks)
    keras = backend.keras()
    layers = keras.layers
    stack: list[Any] = [keras.Input((8, 8, 1))]
    for number in range(1, blocks + 1):
        step = strides if number == 1 else 1
        stack += [layers.Conv2D(width, 3, step, "same", name=f"conv{number}")]
        stack += [layers.ReLU(name=f"relu{number}")]
    stack += [layers.GlobalAveragePooling2D(name="pool"), layers.Dense(3, name="head")]
    return keras.Sequential(stack)


def test_depth_pairs_take_equal_shares_of_the_learning_layers() -> None:
    teacher, student = deep_net(7, 8, 1), deep_net(3, 4, 2)
    pairs = depth_pairs(teacher, student, [student.outputs[0]])
    assert pairs == (("relu2", "relu1"), ("relu4", "relu2"), ("relu6", "relu3"))


def by_hand(feature: Any) -> Any:
    """Zagoruyko & Komodakis's map, position by position in float64."""
    maps = np.zeros((len(feature), feature.shape[1] * feature.shape[2]))
    for n, sample in enumerate(feature.astype(np.float64)):
        for row in range(sample.shape[0]):
            for column in range(sample.shape[1]):
                energy = sum(value**2 for value in sample[row, column]) / sample.shape[-1]
                maps[n, row * sample.shape[1] + column] = energy
        maps[n] /= np.sqrt((maps[n] ** 2).sum())
    return maps


def test_attention_map_is_the_papers() -> None:
    feature = np.random.default_rng(0).normal(size=(5, 4, 3, 6)).astype(np.float32)
    found = np.asarray(attention_map(feature))
    assert found.std() > 0.01
    assert np.allclose(found, by_hand(feature), atol=1e-6)
    assert np.isfinite(np.asarray(attention_map(np.zeros_like(feature)))).all()


@pytest.mark.parametrize("teacher_outputs_bytes", [2**20, 0])
def test_distill_attention_is_the_mean_squared_distance_of_maps(teacher_outputs_bytes: int) -> None:
    # without batch norms, one batch, and a rate near 0, the reported loss is that of the start
    teacher, student = deep_net(7, 8, 2), deep_net(3, 4, 2)
    pairs = [["relu4", "relu2"], ["relu6", "relu3"]]
    step = Distill(1, 96, 1e-12, soft=0, hard=0, attention=2.0, feature_pairs=pairs)
    shop = context(teacher, teacher_outputs_bytes=teacher_outputs_bytes)
    found = step.apply(student, shop).detail
    wanted = []
    for mine, theirs in pairs:
        maps = [
            by_hand(outputs(backend.keras().Model(m.inputs, m.get_layer(n).output), X))
            for m, n in ((teacher, mine), (student, theirs))
        ]
        wanted.append(((maps[0] - maps[1]) ** 2).sum(-1).mean())
    assert min(wanted) > 1e-3
    assert found["losses"][0] == pytest.approx(np.mean(wanted), rel=1e-4)
    assert found["pairs"] == pairs


def test_distill_hints_by_depth_bring_student_features_to_a_larger_teacher() -> None:
    teacher, student = deep_net(7, 8, 1), deep_net(3, 4, 2)
    settings: dict[str, Any] = {"soft": 0, "hard": 0, "features": 0.5, "attention": 1.0}
    step = Distill(20, 32, 5e-3, hints="depth", **settings)
    found = step.apply(student, context(teacher)).detail
    assert found["pairs"] == [["relu2", "relu1"], ["relu4", "relu2"], ["relu6", "relu3"]]
    assert found["losses"][-1] < 0.5 * found["losses"][0]


def test_distill_says_when_no_layers_have_the_same_resolution() -> None:
    with pytest.raises(ConfigError, match="height or width"):
        Distill(attention=1.0).apply(deep_net(2, 4, 2), context(dense_net(8, 3, "linear")))


def test_distill_refuses_a_teacher_of_other_outputs() -> None:
    shop = context(dense_net(8, 4, "softmax"))
    with pytest.raises(ModelError, match=r"shape \(4,\), the student's \(3,\)"):
        Distill(epochs=1).apply(dense_net(8, 3, "softmax"), shop)


def test_lessons_bring_features_to_one_standard_deviation() -> None:
    shop, student = context(residual_net()), residual_net(4)
    view = logits_of(trainable_copy(student), X)
    hints = (Hint("last", "last", "feature", (4, 4)),)
    teacher_outputs = _teacher_outputs.prepare(shop, hints, view)
    teacher = teacher_outputs.teacher.predict([X, *teacher_outputs.recorded], verbose=0)
    assert float(teacher[1].std()) == pytest.approx(1, rel=1e-4)
    assert softmax(teacher[0]) == pytest.approx(outputs(shop.teacher, X), abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"batch_size": 0},
        {"learning_rate": 0},
        {"temperature": 0},
        {"soft": -1},
        {"soft": 0, "hard": 0},
        {"soft": 0, "hard": 0, "attention": 0},
        {"attention": -0.1},
        {"hints": "middle"},
        {"feature_pairs": ["ab"]},
        {"feature_pairs": [["a"]]},
    ],
)
def test_distill_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Distill(**settings)
