"""Functions, classes and objects of callers, by the names that files and runs know them by."""

import importlib
import inspect
from functools import cached_property
from typing import Any

from edgehone.errors import ConfigError, UsageError
from edgehone.system import references
from edgehone.system.references import PREFIX


def reference(given: Any, what: str) -> str:
    """The name "python:module:name" of a function or class of the caller's. Raises UsageError where
    it would lead elsewhere: for a lambda, or what is made inside a function.
    """
    module, name = getattr(given, "__module__", ""), getattr(given, "__qualname__", "")
    found = getattr(importlib.import_module(module), name, None) if module and name else None
    if found is not given:
        raise UsageError(
            f"{what} is {name or type(given).__name__!r}, which cannot be found by its name in "
            f"{module!r}.",
            "Define it with def or class at the top level of a module.",
        )
    return f"{PREFIX}{module}:{name}"


def variant(given: Any, base: type, package: str, what: str) -> str:
    """The name of a variant: a text as it is, a file's name for a class of the package's, and for
    one of the caller's, or an object of it, "python:module:Class" with the settings it was made
    with. Raises UsageError and ConfigError that say what such a class needs.
    """
    if isinstance(given, str):
        return given
    found = given if isinstance(given, type) else type(given)
    if not issubclass(found, base):
        raise UsageError(
            f"{what} is {kind(given)}, and not derived from {base.__name__}.",
            f"Give a name, or a class derived from edgehone.{base.__name__} (or an object of it).",
        )
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise ConfigError(f"{what} {found.__name__} is abstract.", f"Define in it: {missing}.")
    settings = {} if given is found else settings_of(given, what)
    folder, _, module = found.__module__.rpartition(".")
    if folder == package and not settings:
        return module
    return references.with_settings(reference(found, what), settings)


def metric_name(given: Any) -> str:
    """The name of a task's metric: a text as it is, or a function or class of the caller's, or an
    object that can be called. Raises UsageError, ConfigError.
    """
    if isinstance(given, str):
        return given
    if not callable(given):
        raise UsageError(
            f"metric is {kind(given)}, and cannot be called.",
            "Give a function of (targets, outputs), or a class with __call__(targets, outputs).",
        )
    if isinstance(given, type) or hasattr(given, "__qualname__"):
        return reference(given, "metric")
    name = reference(type(given), "metric")
    return references.with_settings(name, settings_of(given, "metric"))


def settings_of(given: Any, what: str) -> dict[str, Any]:
    """The settings an object was made with, which its name holds. Raises ConfigError where they
    are not known: for an object that is none of a dataclass and holds something, and for settings
    that are not plain values.
    """
    name, found = type(given).__name__, references.changed_fields(given)
    known = references.fields_of(given)
    kept = [key for key, value in vars(type(given)).items() if isinstance(value, cached_property)]
    hidden = [key for key in getattr(given, "__dict__", {}) if key not in {*known, *kept}]
    if hidden:
        raise ConfigError(
            f"{what} {name} holds {', '.join(hidden)}, and settings are the fields of a dataclass.",
            "Put @dataclass(frozen=True) above the class, and write its settings as fields.",
        )
    try:
        references.with_settings("", found)
    except ValueError as error:
        raise ConfigError(
            f"{what} {name} has the setting {error} = {found[str(error)]!r:.80}, which a file "
            "cannot hold.",
            "Keep settings to numbers, texts, true, false, None, and lists and tables of them.",
        ) from error
    return found


def kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"of type {type(value).__name__}"
