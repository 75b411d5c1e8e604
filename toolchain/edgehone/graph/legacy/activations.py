"""Activations that Keras 3 computes otherwise than Keras 2, as Keras 2 computes them."""

from typing import Any

PACKAGE = "edgehone"
KEPT = {
    "hard_sigmoid": {
        "module": "builtins",
        "class_name": "function",
        "config": f"{PACKAGE}>keras2_hard_sigmoid",
        "registered_name": "function",
    }
}
"""Names in files of Keras 2, and how Keras 3 describes the functions that compute the same."""


def register(keras: Any) -> None:
    """Make these activations known to Keras 3, so that files which name them can be read."""

    @keras.saving.register_keras_serializable(PACKAGE)  # type: ignore[untyped-decorator]
    def keras2_hard_sigmoid(x: Any) -> Any:
        """clip(x / 5 + 1 / 2, 0, 1); Keras 3 has x / 6."""
        return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
