"""Ranges that quantization-aware training learned are those of the exported file."""

from pathlib import Path

import numpy as np
import pytest

import edgehone as eh

pytestmark = pytest.mark.slow


def test_a_candidate_is_exported_with_the_ranges_it_learned(tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,), name="x")
    hidden = keras.layers.Dense(8, activation="relu", name="hidden")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, name="end")(hidden))
    random = np.random.default_rng(1)
    x = random.normal(size=(400, 4)).astype(np.float32)
    y = x.sum(1, keepdims=True)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=20, verbose=0)
    task = eh.Task("regression", "mse")
    candidate = eh.compress(model, [eh.QuantizeAware(epochs=1)], (x, y), task=task)
    assert candidate.reports[0].detail["ranges"]

    def scale(given: object, name: str) -> float:
        made = eh.export(given, tmp_path / name, precision="int8", calibration=10 * x)
        audit = made[0].audit
        assert audit is not None
        return float(audit["quantization"]["activations"]["scale"][1])

    assert scale(candidate.model, "calibrated") > 4 * scale(candidate, "learned")
