"""How a LiteRT interpreter is opened on a .tflite file's content and fed, without its chatter."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

import numpy as np

from edgehone.formats._base import Array


class Kernels(Enum):
    """What runs a file: XNNPACK where it can and LiteRT's own kernels for the rest, these kernels
    alone, or the first and, where a file cannot be prepared so, the second.
    """

    DELEGATED = "delegated"
    PLAIN = "plain"
    ANY = "any"


def open_interpreter(
    content: bytes,
    *,
    keep_activations: bool = False,
    allocate: bool = True,
    kernels: Kernels = Kernels.ANY,
) -> Any:
    """An interpreter with one thread, ready to run.

    keep_activations: intermediate results can be read after a run. Raises ValueError, as LiteRT
    does, when the content is not a model, and RuntimeError when it cannot be prepared.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = {"experimental_op_resolver_type": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
    with quietly():
        interpreter = Interpreter(
            model_content=content,
            num_threads=1,
            experimental_preserve_all_tensors=keep_activations,
            **(plain if kernels is Kernels.PLAIN else {}),
        )
        if not allocate:
            return interpreter
        try:
            interpreter.allocate_tensors()
        except RuntimeError as error:
            if kernels is not Kernels.ANY:
                raise
            return _plain_or(error, content, keep_activations=keep_activations)
    return interpreter


def _plain_or(error: RuntimeError, content: bytes, *, keep_activations: bool) -> Any:
    """An interpreter with plain kernels; raises the delegate's error when they fail as well."""
    try:
        return open_interpreter(content, keep_activations=keep_activations, kernels=Kernels.PLAIN)
    except RuntimeError:
        raise error from None


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
