"""A layer that computes in half precision, whatever its dtype policy."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("troubles")
class Stubborn(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """x in float16."""

    def call(self, x: Any) -> Any:
        return keras.ops.cast(x, "float16")
