"""Layers that keep more than weights and settings, each in its own way."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edgehone.graph import backend


@cache
def layers() -> Any:
    """The classes: Table and Shift keep their state in files, Gain loses it."""
    keras = backend.keras()
    register: Any = keras.saving.register_keras_serializable("stateful")

    @register
    class Table(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        """x times a factor that is an own variable of its file, though no weight."""

        factor = np.float32(1)

        def call(self, x: Any) -> Any:
            return x * float(self.factor)

        def save_own_variables(self, store: Any) -> None:
            store["factor"] = self.factor

        def load_own_variables(self, store: Any) -> None:
            self.factor = np.float32(store["factor"][()])

    @register
    class Shift(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        """x plus what an asset says, times what its build was told."""

        amount, times = 0.0, 1

        def call(self, x: Any) -> Any:
            return x * self.times + self.amount

        def get_build_config(self) -> Any:
            return {"input_shape": [None, 4], "times": self.times}

        def build_from_config(self, config: Any) -> None:
            self.times = config["times"]
            self.build(config["input_shape"])

        def save_assets(self, folder: str) -> None:
            Path(folder, "amount.txt").write_text(str(self.amount))

        def load_assets(self, folder: str) -> None:
            self.amount = float(Path(folder, "amount.txt").read_text())

    @register
    class Gain(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        """x times a factor that nothing keeps; a training moves it where it is told to."""

        factor, moved = 1.0, None

        def call(self, x: Any, training: bool = False) -> Any:
            if training and self.moved is not None:
                self.factor = self.moved
            return x * self.factor

    return SimpleNamespace(Table=Table, Shift=Shift, Gain=Gain)


def gained(factor: float = 3.0) -> Any:
    """Dense layers with a factor between them that no file keeps."""
    keras = backend.keras()
    parts = [keras.layers.Dense(4, name="before"), layers().Gain(name="gain")]
    model = keras.Sequential([keras.Input((4,)), *parts, keras.layers.Dense(2, name="after")])
    model.get_layer("gain").factor = factor
    return model


def scales(features: int = 4, count: int = 90, seed: int = 0) -> Any:
    """(x, y): columns of unlike and large means, of which the first two decide the class."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(count, features))
    powers = 10.0 ** np.arange(features)
    x = (z * powers + 40 * powers).astype(np.float32)
    return x, (z[:, 0] + z[:, 1] > 0).astype(np.int64)
