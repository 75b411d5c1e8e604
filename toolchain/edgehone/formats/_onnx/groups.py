"""How grouped convolutions are traced for a converter that does not know compiled functions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class _Uncompiled:
    """TensorFlow, but that what is to be compiled by XLA is left as it is."""

    def __init__(self, tensorflow: Any) -> None:
        self._tensorflow = tensorflow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensorflow, name)

    def function(self, *, jit_compile: bool = False) -> Callable[[Any], Any]:
        """Leaves a function a function."""
        return lambda function: function


@contextmanager
def plain_convolutions() -> Iterator[None]:
    """Inside the block Keras traces grouped convolutions as the operators they are.

    Otherwise it has XLA compile them, as TensorFlow runs them on no CPU; tf2onnx only reads the
    graph, in which a compiled function is an operator that ONNX does not have.
    """
    keras_nn: Any = import_module("keras.src.backend.tensorflow.nn")
    tensorflow = keras_nn.tf
    keras_nn.tf = _Uncompiled(tensorflow)
    try:
        yield
    finally:
        keras_nn.tf = tensorflow
