"""A user's own function of (x, y, seed) that changes training batches."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from edgehone.data import Array
from edgehone.errors import ConfigError, EdgehoneError
from edgehone.system import user_code

FEW = 2
"""Samples that a function is tried on before training begins."""


@dataclass(frozen=True)
class OwnFunction:
    """The function that `name` refers to, called with arrays and another seed for every batch.
    failures: what it raised; TensorFlow hands on no exception of Python's as it was.
    """

    name: str
    seed: int
    failures: list[EdgehoneError] = field(default_factory=list)

    def tried(self, x: Array, y: Array) -> tuple[Array, Array]:
        """A batch as the function changes it. Raises ConfigError when it fails, or returns
        something else than a batch of the same shape.
        """
        return self._called(x, y, self.seed)

    def __call__(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The same for symbolic tensors."""
        import tensorflow as tf

        draws = count(self.seed)

        def work(samples: Array, targets: Array) -> tuple[Array, Array]:
            try:
                return self._called(samples, targets, next(draws))
            except EdgehoneError as error:
                self.failures.append(error)
                raise

        found = tf.numpy_function(work, [x, y], [x.dtype, y.dtype])
        for tensor, before in zip(found, (x, y), strict=True):
            tensor.set_shape(before.shape)
        return found[0], found[1]

    def _called(self, x: Array, y: Array, seed: int) -> tuple[Array, Array]:
        function = user_code.function(self.name)
        with user_code.running(f"Augmentation {self.name}", ConfigError):
            found: Any = function(x.copy(), y.copy(), seed)
            if not isinstance(found, tuple | list) or len(found) != 2:
                raise ConfigError(
                    f"Augmentation {self.name} returned {type(found).__name__}.", "Return (x, y)."
                )
            samples, targets = map(np.asarray, found)
        if (samples.shape, targets.shape) != (x.shape, y.shape):
            raise ConfigError(
                f"Augmentation {self.name} returned arrays of shapes {samples.shape} and "
                f"{targets.shape}, not {x.shape} and {y.shape}.",
                "Return (x, y), both in the shape that they came in.",
            )
        return samples.astype(x.dtype), targets.astype(y.dtype)
