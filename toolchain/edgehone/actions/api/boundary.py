"""The edge of every public function: arguments checked, settings kept, every error one of ours."""

import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from edgehone.actions.foreign_errors import translated
from edgehone.errors import EdgehoneError, UsageError
from edgehone.graph import backend, randomness, registry
from edgehone.system import interface, scratch
from edgehone.system.interface import Interface
from edgehone.values import Event, Progress

P = ParamSpec("P")
R = TypeVar("R")

_COPY = re.compile(
    r"/[^\s'\"]*/edgehone-[a-z0-9_]{8}/(?:[\w-]+/)*([\w-]+?)(?:-[0-9a-f]{16})?\.(?:keras|h5|npz)\b"
)
"""Where models and arrays of callers lie while they are worked on; their name."""

_REPORT = "Report it, with the traceback of the error that this one was raised from."


def public(function: Callable[P, R]) -> Callable[P, R]:
    """The function as callers get it: it raises EdgehoneError alone (beside KeyboardInterrupt and
    the like) whose words are the function's arguments, and leaves the process's settings as they
    were (`unchanged`).
    """
    signature = inspect.signature(function)
    own = Interface("python", frozenset(signature.parameters))

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            known = ", ".join(signature.parameters)
            raise UsageError(f"{function.__name__}(): {error}.", f"It takes: {known}.") from error
        if "progress" in kwargs:
            kwargs["progress"] = _guarded(kwargs["progress"])
        try:
            with unchanged(), interface.used(own):
                return function(*args, **kwargs)
        except EdgehoneError as error:
            error.message, error.hint = map(_without_copies, (error.message, error.hint))
            error.args = (error.message,)
            raise
        except Exception as error:
            raise translated(error, _REPORT) from error

    return called


def _without_copies(text: str) -> str:
    """A sentence about an object that was written to a temporary file, without that file's path:
    callers do not know of it.
    """
    return _COPY.sub(r"\1", text)


def _guarded(progress: Any) -> Progress:
    """A caller's progress, whose own failures are errors of ours, as is what cannot be called:
    UsageError.
    """
    if not callable(progress):
        raise UsageError(
            f"progress is of type {type(progress).__name__}, and must be a function.",
            "Give a function that takes one edgehone.Event, or leave it out.",
        )

    def report(event: Event, /) -> None:
        try:
            progress(event)
        except EdgehoneError:
            raise
        except Exception as error:
            raise UsageError(
                f"progress failed ({type(error).__name__}: {error}).",
                "Give a function that takes one edgehone.Event.",
            ) from error

    return report


@contextmanager
def unchanged() -> Iterator[None]:
    """Leave the process as it was: random numbers, environment, levels of loggers, the folder for
    temporary files, and what is registered with Keras. Raises UsageError where Keras already runs
    on another backend than TensorFlow.
    """
    _require_tensorflow()
    with ExitStack() as stack:
        for keeper in (_environment, _quiet_tensorflow, scratch.opened, registry.command):
            stack.enter_context(keeper())
        stack.enter_context(randomness.kept())
        yield


def _require_tensorflow() -> None:
    keras = sys.modules.get("keras")
    config = getattr(keras, "config", None)
    name = config.backend() if config is not None else "tensorflow"
    if name != "tensorflow":
        raise UsageError(
            f"Keras runs on {name} in this process, and models are exported with TensorFlow.",
            'Set os.environ["KERAS_BACKEND"] = "tensorflow" before Keras is first imported.',
        )


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in backend.ENVIRONMENT}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _quiet_tensorflow() -> Iterator[None]:
    """Keep TensorFlow's warnings on what it is used for here to itself."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    try:
        logger.setLevel(logging.ERROR)
        yield
    finally:
        logger.setLevel(before)
