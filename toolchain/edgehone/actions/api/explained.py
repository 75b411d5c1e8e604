"""What parameters of public functions mean: those that several functions share, each once."""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

WIDTH = 96

SHARED: Mapping[str, str] = {
    "on": "devices by name, as `edgehone devices` lists them, "
    '"local" (the default) or "TARGET@ADDRESS"; one or a list.',
    "data": "samples (n, *shape) with targets (n, ...) that accuracy is measured on: arrays, "
    "pairs, tf.data or a path; of data with splits, the test split. None: no accuracy is measured.",
    "task": "a kind, or a `Task` with its metric.",
    "scale": "samples become x * scale + offset.",
    "offset": "see scale.",
    "threads": "of the runtime, from 1. None: as the device's target says.",
    "config": "a project file whose [devices], [task], [data] and [measure] tables hold where no "
    "argument says otherwise.",
    "folder": "where runs are kept.",
    "trust": "whether code inside the model file (Lambda layers) may run.",
    "custom": "where layers of your own come from: python:module, a module that registers them, or "
    "python:module:Class; one or a list.",
    "seed": "of everything that is drawn at random, from 0 to 2**32 - 1.",
    "progress": "a function that is called with an `Event` for every stage, note and warning.",
}


def explained(own: Mapping[str, str]) -> Callable[[F], F]:
    """Add to a function's documentation, behind its first paragraph, a sentence or more on each of
    its parameters: its own, else the shared one. Raises KeyError for a parameter without any.
    """

    def with_words(function: F) -> F:
        first, _, rest = (inspect.getdoc(function) or "").partition("\n\n")
        words = [
            textwrap.fill(f"{name}: {own[name] if name in own else SHARED[name]}", WIDTH)
            for name in inspect.signature(function).parameters
        ]
        function.__doc__ = "\n\n".join(part for part in (first, "\n".join(words), rest) if part)
        return function

    return with_words
