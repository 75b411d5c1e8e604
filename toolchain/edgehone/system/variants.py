"""A folder of variants: one public module each, holding one concrete class of the folder's base.

Folders inside it hold what variants share. A user's own variant is named "python:module:Class".
"""

import importlib
import inspect
import pkgutil
import re
from difflib import get_close_matches
from typing import TypeVar

from edgehone.errors import ConfigError, UsageError
from edgehone.system import references, user_code
from edgehone.values import NOTHING, Plain

T = TypeVar("T")


def load(package: str, base: type[T], name: str) -> type[T]:
    """The variant class in module `name` of `package`, only that module imported, or the user's
    own class that "python:module:Class" names.

    Raises UsageError that names the known variants when there is none, ConfigError for a class
    that is not a variant.
    """
    if user_code.is_reference(name):
        return checked(user_code.function(name), base, name)
    known = module_names(package)
    if name in known:
        return _variant_in(f"{package}.{name}", base)
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
    raise UsageError(f"Unknown {_words(base)} {name!r}.", hint)


def built(package: str, base: type[T], name: str, given: Plain = NOTHING) -> T:
    """A variant, made with `given` and with the settings that its name holds, "topk(k=3)" or
    "python:module:Class(depth=3)". Raises what `load` raises, ConfigError for wrong settings.
    """
    own, plain = references.is_reference(name), references.bare(name)
    kind = load(package, base, name if own else plain)
    return instance(kind, name, given) if own or name != plain else kind(**given)


def instance(kind: type[T], name: str, given: Plain = NOTHING) -> T:
    """An object of a user's class, made with `given` and the settings that its name holds. Raises
    ConfigError for wrong ones.
    """
    settings = {**given, **references.settings_in(name)}
    try:
        signature = inspect.signature(kind)
    except ValueError as error:
        raise ConfigError(
            f"{references.bare(name)} is a built-in type, which has no settings.",
            "Give a class of your own.",
        ) from error
    try:
        signature.bind(**settings)
    except TypeError as error:
        known = ", ".join(signature.parameters) or "none"
        raise ConfigError(
            f"{references.bare(name)} cannot be built: {error}.", f"Settings it takes: {known}."
        ) from error
    with user_code.running(f"Building {name}", ConfigError):
        return kind(**settings)


def names(package: str, base: type[T]) -> list[str]:
    """Names of all variants in `package`, sorted; every one is imported, so that a file without a
    variant, or with two, is an error and does not vanish.
    """
    found = module_names(package)
    for name in found:
        _variant_in(f"{package}.{name}", base)
    return found


def module_names(package: str) -> list[str]:
    """Public module names in `package`, sorted, without importing them."""
    folder = importlib.import_module(package)
    found = pkgutil.iter_modules(folder.__path__)
    return sorted(m.name for m in found if not m.name.startswith("_") and not m.ispkg)


def checked(found: object, base: type[T], name: str) -> type[T]:
    """`found`, which is a concrete class of this base. Raises ConfigError otherwise."""
    kind = base.__name__
    if not (inspect.isclass(found) and issubclass(found, base)):
        article = "an" if kind[0] in "AEIOU" else "a"
        message = f"{name} is not {article} {kind}."
        raise ConfigError(message, f"Derive the class from {_path(base)}.")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise ConfigError(f"{name} is an abstract {kind}.", f"Define in it: {missing}.")
    return found


def _words(base: type) -> str:
    """A base's name as people say it: task kind."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", base.__name__).lower()


def _path(base: type) -> str:
    return f"{base.__module__}.{base.__qualname__}"


def _variant_in(module_name: str, base: type[T]) -> type[T]:
    module = importlib.import_module(module_name)
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, base)
        and member.__module__ == module_name
        and not inspect.isabstract(member)
    ]
    if len(found) == 1:
        return found[0]
    kind = base.__name__
    names = ", ".join(each.__name__ for each in found) or "none"
    raise ConfigError(
        f"{module.__file__} must define one concrete {kind}, but defines {len(found)} ({names}).",
        "Keep one class a file; a file that only helps others begins with an underscore.",
    )
