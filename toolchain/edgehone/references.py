"""What "python:module:function" means, wherever a user may name a function of theirs."""

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

from edgehone.errors import ConfigError, EdgehoneError

PREFIX = "python:"


def is_reference(source: str) -> bool:
    """Whether `source` names a function rather than a file or a known word."""
    return source.startswith(PREFIX)


def function(source: str, error: type[EdgehoneError] = ConfigError) -> Callable[..., Any]:
    """The function that "python:module:function" names; the working folder counts as a place
    to import from, as it does for `python -m`.

    Raises `error` when the text, the module or the function is wrong.
    """
    parts = source.removeprefix(PREFIX).split(":")
    if not is_reference(source) or len(parts) != 2 or not all(parts):
        raise error(f"{source!r} names no function.", 'Write it as "python:module:function".')
    module_name, name = parts
    found = getattr(_module(module_name, source, error), name, None)
    if not callable(found):
        raise error(f"Module {module_name!r} has no function {name!r}.", "Check the spelling.")
    return found  # type: ignore[no-any-return]  # callable() is all that is known of it


def custom_objects(sources: Iterable[str]) -> dict[str, Any]:
    """Import what registers a user's own layers: each source is "python:module", or
    "python:module:Class" for a class that does not register itself; those classes by name.

    Raises ConfigError when a text, a module or a class is wrong.
    """
    found = {}
    for source in sources:
        parts = source.removeprefix(PREFIX).split(":")
        if not is_reference(source) or len(parts) > 2 or not all(parts):
            raise ConfigError(
                f"{source!r} names no module with layers of your own.",
                'Write it as "python:module", or "python:module:Class".',
            )
        module = _module(parts[0], source, ConfigError)
        for name in parts[1:]:
            if not callable(getattr(module, name, None)):
                raise ConfigError(f"Module {parts[0]!r} has no {name!r}.", "Check the spelling.")
            found[name] = getattr(module, name)
    return found


def _module(name: str, source: str, error: type[EdgehoneError]) -> ModuleType:
    if not {"", os.getcwd()} & set(sys.path):  # noqa: PTH109  sys.path holds texts
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        with redirect_stdout(sys.stderr):  # standard output is for results alone
            return importlib.import_module(name)
    except (Exception, SystemExit) as cause:  # a user's module may fail or even exit in any way
        raise error(
            f"The module of {source!r} cannot be imported ({type(cause).__name__}: {cause}).",
            "Run from the folder the module lies in, or install it.",
        ) from cause


def call(source: str, arguments: tuple[Any, ...], error: type[EdgehoneError]) -> Any:
    """What the named function returns for `arguments`; its own failures become `error`."""
    called = function(source, error)
    try:
        with redirect_stdout(sys.stderr):
            return called(*arguments)
    except EdgehoneError:
        raise
    except (Exception, SystemExit) as cause:  # a user's function may fail or even exit in any way
        raise error(
            f"{source!r} failed ({type(cause).__name__}: {cause}).",
            "Call the function by itself to see why.",
        ) from cause
