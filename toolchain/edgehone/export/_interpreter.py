"""How a LiteRT interpreter is opened on a .tflite file's content and fed, without its chatter."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgehone.export._base import Array


def open_interpreter(
    content: bytes, *, keep_activations: bool = False, allocate: bool = True
) -> Any:
    """An interpreter with one thread, ready to run.

    keep_activations: intermediate results can be read after a run. Raises ValueError, as LiteRT
    does, when the content is no model, and RuntimeError when an operator is not known.
    """
    from ai_edge_litert.interpreter import Interpreter

    with quietly():
        interpreter = Interpreter(
            model_content=content,
            num_threads=1,
            experimental_preserve_all_tensors=keep_activations,
        )
        if allocate:
            interpreter.allocate_tensors()
    return interpreter


def invoke(interpreter: Any, batch: Sequence[Array]) -> None:
    """Run once. batch: an array (batch, *input_shape) for each input, in the file's order.

    Raises ValueError when arrays and inputs differ in number or shape.
    """
    details = interpreter.get_input_details()
    require_count(len(details), len(batch))
    for array, detail in zip(batch, details, strict=True):
        interpreter.set_tensor(detail["index"], quantized(array, detail))
    interpreter.invoke()


def require_count(inputs: int, arrays: int) -> None:
    """Raise ValueError unless there is an array for each input."""
    if inputs != arrays:
        raise ValueError(f"it has {inputs} inputs, and samples for {arrays} were given")


def quantized(x: Array, detail: Any) -> Array:
    """Values as a tensor holds them: q = round(x / scale) + zero_point, clipped to the type's
    range, when the tensor is an integer one with a scale; else cast, so that identifiers stay
    what they are.
    """
    scale, zero_point = detail["quantization"]
    if scale and np.issubdtype(detail["dtype"], np.integer):
        limits = np.iinfo(detail["dtype"])
        x = np.clip(np.round(x / scale) + zero_point, limits.min, limits.max)
    return np.asarray(x, detail["dtype"])


def read(interpreter: Any, detail: Any) -> Array:
    """What a tensor's values stand for: (q - zero_point) * scale when it has a scale."""
    y = interpreter.get_tensor(detail["index"])
    scale, zero_point = detail["quantization"]
    if scale and np.issubdtype(detail["dtype"], np.integer):
        return np.asarray((y.astype(np.float32) - zero_point) * np.float32(scale))
    return np.asarray(y)


@contextmanager
def quietly() -> Iterator[None]:
    """Drop what LiteRT warns of, and what its C++ side writes to file descriptor 2."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
