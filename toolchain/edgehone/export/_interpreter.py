"""How a LiteRT interpreter is opened on a .tflite file's content, without its chatter."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
