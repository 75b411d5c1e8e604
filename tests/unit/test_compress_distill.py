from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import accuracy, dense_net, images, outputs, residual_net, workshop

from edgehone.compress import _lessons
from edgehone.compress._copies import trainable_copy
from edgehone.compress._features import automatic_pairs
from edgehone.compress._views import logits_of
from edgehone.compress.distill import Distill
from edgehone.compress.training import Schedule, fit_hard
from edgehone.data import Split
from edgehone.errors import ConfigError, ModelError
from edgehone.graph import backend
from edgehone.values import Event, Task

X = images().x


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


@pytest.mark.slow
@pytest.mark.parametrize("soft", [1.0, 0.5])
def test_distill_loss_is_the_weighted_mean_of_both_formulas(soft: float) -> None:
    # without batch norms, one batch, and a rate near 0, the reported loss is that of the start
    teacher, student = dense_net(12, 3, "linear", seed=2), dense_net(6, 3, "linear", seed=3)
    step = Distill(1, 96, 1e-12, temperature=3, soft=soft, hard=1 - soft)
    found = step.apply(student, workshop(teacher)).detail["losses"][0]
    wanted = terms(student, teacher, 3)
    assert found == pytest.approx(soft * wanted[0] + (1 - soft) * wanted[1], rel=1e-4)


@pytest.mark.slow
def test_distill_soft_labels_alone_bring_the_student_to_the_teacher() -> None:
    shop = workshop(residual_net())
    teacher = fit_hard(residual_net(), shop, Schedule(30, 32, 5e-3)).model
    assert accuracy(teacher, images()) > 0.9
    student = residual_net(4, seed=7)
    step = Distill(epochs=40, batch_size=32, learning_rate=5e-3, soft=1.0, hard=0.0)
    # labels that would mislead: whatever is learned comes from the teacher
    train = Split(X, np.zeros(len(X), np.int64))
    result = step.apply(student, workshop(teacher, train=train)).model
    assert accuracy(result, images(seed=9)) > accuracy(student, images(seed=9))
    assert accuracy(result, images(seed=9)) > 0.85


@pytest.mark.slow
def test_distill_is_the_same_whether_the_teacher_is_recorded_or_runs_along() -> None:
    teacher, student = residual_net(seed=5), residual_net(4, seed=6)
    step = Distill(epochs=2, batch_size=32, features=0.5)
    recorded = step.apply(student, workshop(teacher))
    live = step.apply(student, workshop(teacher, lessons_bytes=0))
    assert recorded.detail["recorded"]
    assert not live.detail["recorded"]
    assert live.detail["losses"] == pytest.approx(recorded.detail["losses"], rel=1e-3)


@pytest.mark.slow
def test_distill_leaves_teacher_and_model_trainable_and_unchanged() -> None:
    teacher, student = residual_net(seed=5), residual_net(4, seed=6)
    before = [w.copy() for w in (*teacher.get_weights(), *student.get_weights())]
    Distill(epochs=1, features=0.2).apply(student, workshop(teacher, lessons_bytes=0))
    after = [*teacher.get_weights(), *student.get_weights()]
    assert all((a == b).all() for a, b in zip(after, before, strict=True))
    assert all(layer.trainable for layer in (*teacher.layers, *student.layers))


@pytest.mark.slow
def test_distill_asks_the_teacher_once_for_several_students() -> None:
    shop = workshop(residual_net(seed=5))
    Distill(epochs=1).apply(residual_net(4), shop)
    (kept,) = shop.lessons.values()
    Distill(epochs=1).apply(residual_net(6), shop)
    assert next(iter(shop.lessons.values())) is kept
    other = replace(shop, teacher=residual_net(seed=6))
    Distill(epochs=1).apply(residual_net(4), other)
    assert len(shop.lessons) == 2, "another teacher has lessons of its own"


@pytest.mark.slow
def test_distill_regression_learns_the_teachers_outputs() -> None:
    target = images().x.reshape(len(X), -1)[:, :4]
    shop = workshop(
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


@pytest.mark.slow
def test_distill_without_a_teacher_learns_the_labels() -> None:
    events = list[Event]()
    step = Distill(epochs=12, batch_size=16, learning_rate=1e-2)
    result = step.apply(dense_net(12, 3, "softmax"), workshop(progress=events.append))
    assert accuracy(result.model, images(seed=9)) > 0.8
    assert [(event.done, event.total) for event in events] == [(i, 12) for i in range(1, 13)]


@pytest.mark.slow
def test_distill_teaches_a_single_sigmoid_column() -> None:
    train = Split(X, (images().y == 2).astype(np.int64))
    shop = workshop(train=train)
    teacher = fit_hard(dense_net(16, 1, "sigmoid"), shop, Schedule(20, 16, 1e-2)).model
    assert np.ptp(outputs(teacher, X)) > 0.5
    step = Distill(epochs=30, batch_size=16, learning_rate=1e-2, soft=1.0, hard=0.0)
    result = step.apply(dense_net(8, 1, "sigmoid", seed=4), workshop(teacher, train=train)).model
    agree = (outputs(result, X) > 0.5) == (outputs(teacher, X) > 0.5)
    assert agree.mean() > 0.95
    assert result.layers[-1].activation.__name__ == "sigmoid"


@pytest.mark.slow
def test_distill_that_diverges_keeps_the_model_and_says_so() -> None:
    model = dense_net(6, 4, "linear")
    wild = Split(X * 1e30, np.full((len(X), 4), -1e30, np.float32))
    shop = workshop(train=wild, task=Task("regression", "mse"))
    result = Distill(epochs=3).apply(model, shop)
    assert "diverged in epoch 1" in result.skipped
    assert result.model is model


@pytest.mark.slow
def test_training_moves_frozen_layers_and_keeps_the_momentum_of_batch_norms() -> None:
    model = residual_net()
    model.trainable = False
    result = fit_hard(model, workshop(), Schedule(1, 16, 1e-2)).model
    assert not np.allclose(result.get_layer("a").kernel, model.get_layer("a").kernel)
    assert result.get_layer("stem_bn").momentum == model.get_layer("stem_bn").momentum == 0.99


def test_automatic_pairs_are_the_last_layers_of_each_resolution() -> None:
    teacher, student = residual_net(), residual_net(4, activation="linear")
    ends = [student.outputs[0]]
    assert automatic_pairs(teacher, student, ends) == (("last", "last"), ("pool", "pool"))


def test_distill_suggests_the_nearest_layer_for_an_unknown_pair() -> None:
    step = Distill(features=1.0, feature_pairs=[["lst", "last"]])
    with pytest.raises(ConfigError, match="teacher layer 'lst'") as caught:
        step.apply(residual_net(4), workshop(residual_net()))
    assert "'last'" in caught.value.hint


def test_distill_refuses_pairs_of_different_resolution() -> None:
    step = Distill(features=1.0, feature_pairs=[["last", "pool"]])
    with pytest.raises(ConfigError, match="differ in resolution"):
        step.apply(residual_net(4), workshop(residual_net()))


def test_lessons_bring_features_to_one_standard_deviation() -> None:
    shop, student = workshop(residual_net()), residual_net(4)
    view = logits_of(trainable_copy(student), X)
    lessons = _lessons.prepare(shop, (("last", "last"),), view)
    teacher = lessons.teacher.predict([X, *lessons.recorded], verbose=0)
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
        {"feature_pairs": ["ab"]},
        {"feature_pairs": [["a"]]},
    ],
)
def test_distill_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Distill(**settings)
