"""A teacher that guesses is refused, with what to check."""

from typing import Any

import numpy as np
import pytest

from edgehone.data import Split
from edgehone.errors import DataError
from edgehone.graph import backend
from edgehone.run.teacher_check import ValidationData, check_teacher
from edgehone.values import Task

pytestmark = pytest.mark.slow

Y = np.random.default_rng(0).integers(0, 4, 200)
X = np.random.default_rng(1).random((200, 5)).astype(np.float32) / 255


@pytest.fixture(scope="module")
def model() -> Any:
    keras = backend.keras()
    layers = [keras.Input((5,)), keras.layers.Rescaling(1 / 255, name="bytes")]
    return keras.Sequential([*layers, keras.layers.Dense(4)])


def validation(task: Task = Task()) -> ValidationData:  # noqa: B008 - a value that never changes
    return ValidationData(task, Split(X, Y), 1 / 255, 0.5)


def test_a_guessing_teacher_is_refused_with_all_that_scales(model: Any) -> None:
    found = check_teacher(validation(), model, np.eye(4)[np.zeros(200, int)])
    with pytest.raises(DataError, match="no better than a constant answer") as caught:
        found.require(force=False)
    text, hint = caught.value.message, caught.value.hint
    assert "accuracy" in text
    assert "200 samples" in text
    for part in (
        "scale and offset",
        "(here 0.00392157 and 0.5)",
        "Rescaling 'bytes'",
        "expect 0 to 255",
    ):
        assert part in hint
    assert f"hold {X.min():.4g} to {X.max():.4g}" in hint
    assert "--force" in hint
    found.require(force=True)
    assert found.warning.startswith("The teacher is no better")
    assert "--force" not in found.warning


def test_a_good_teacher_is_left_in_peace(model: Any) -> None:
    found = check_teacher(validation(), model, np.eye(4)[Y])
    found.require(force=False)
    assert found.warning == ""
    assert found.accuracy.guess is not None
    assert found.accuracy.guess.beaten


def test_a_model_that_scales_nothing_is_told_as_such() -> None:
    keras = backend.keras()
    plain = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4)])
    found = check_teacher(validation(), plain, np.eye(4)[np.zeros(200, int)])
    assert "holds no Rescaling or Normalization" in found.hint
    assert "nothing in it says which values it expects" in found.hint
