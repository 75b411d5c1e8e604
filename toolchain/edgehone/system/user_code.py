"""What "python:module:function" means, wherever a user may name a function of theirs."""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

from edgehone.errors import ConfigError, EdgehoneError
from edgehone.system.references import MAIN, PREFIX, bare, is_reference

__all__ = ["PREFIX", "call", "custom_objects", "function", "is_reference", "module", "running"]


def function(source: str, error: type[EdgehoneError] = ConfigError) -> Callable[..., Any]:
    """The function that "python:module:function" names, or a class, whose settings are left out;
    the working folder counts as a place to import from, as it does for `python -m`.

    Raises `error` when the text, the module or the function is wrong.
    """
    parts = bare(source).removeprefix(PREFIX).split(":")
    if not is_reference(source) or len(parts) != 2 or not all(parts):
        raise error(f"{source!r} names no function.", 'Write it as "python:module:function".')
    module_name, name = parts
    found = getattr(_module(module_name, source, error), name, None)
    if not callable(found):
        raise _not_there(module_name, name, error, "function ")
    return found  # type: ignore[no-any-return]  # callable() is all that is known of it


def _not_there(
    module_name: str, name: str, error: type[EdgehoneError], what: str = ""
) -> EdgehoneError:
    if module_name == MAIN:
        return error(
            f"{name!r} was defined in a script or notebook itself, and this process is another.",
            f"Move {name} to a module, a file of its own, import it from there, and start again; "
            "or run that script or notebook again: finished stages are looked up.",
        )
    return error(f"Module {module_name!r} has no {what}{name!r}.", "Check the spelling.")


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
                raise _not_there(parts[0], name, ConfigError)
            found[name] = getattr(module, name)
    return found


@contextmanager
def _at_home() -> Iterator[None]:
    """Inside the block the working folder counts as a place to import from, if it did not before;
    standard output is for results alone, not for what a user's code prints.
    """
    home = os.getcwd()  # noqa: PTH109  sys.path holds texts
    added = not {"", home} & set(sys.path)
    if added:
        sys.path.insert(0, home)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if added and home in sys.path:  # a user's code may have changed it too
            sys.path.remove(home)


MOVED = {"edgehone.demo": "edgehone.actions.demo"}
"""Modules that projects of 0.1 name, and where they are now."""


def module(name: str) -> ModuleType:
    """A module of the user's. Raises ConfigError when it cannot be imported."""
    return _module(name, f"{PREFIX}{name}", ConfigError)


def _module(name: str, source: str, error: type[EdgehoneError]) -> ModuleType:
    try:
        with _at_home():
            return importlib.import_module(MOVED.get(name, name))
    except (Exception, SystemExit) as cause:  # a user's module may fail or even exit in any way
        raise error(
            f"The module of {source!r} cannot be imported ({type(cause).__name__}: {cause}).",
            "Run from the folder the module lies in, or install it.",
        ) from cause


def call(source: str, arguments: tuple[Any, ...], error: type[EdgehoneError]) -> Any:
    """What the named function returns for `arguments`; its own failures become `error`."""
    called = function(source, error)
    with running(repr(source), error):
        return called(*arguments)


@contextmanager
def running(what: str, error: type[EdgehoneError]) -> Iterator[None]:
    """Run code of a user's in the block; its own failures become `error`, which calls it `what`."""
    try:
        with _at_home():
            yield
    except EdgehoneError:
        raise
    except (Exception, SystemExit) as cause:  # a user's function may fail or even exit in any way
        raise error(
            f"{what} failed ({type(cause).__name__}: {cause}).",
            "Call it by itself to see why.",
        ) from cause
