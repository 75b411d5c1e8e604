"""A folder of variants: one public module each, holding one concrete class of the folder's base."""

import importlib
import inspect
import pkgutil
from difflib import get_close_matches
from typing import TypeVar

from edgehone.errors import UsageError

T = TypeVar("T")


def load(package: str, base: type[T], name: str) -> type[T]:
    """The variant class in module `name` of `package`; only that module is imported.

    Raises UsageError that names the known variants when there is none.
    """
    known = module_names(package)
    if name in known:
        found = _variant_in(f"{package}.{name}", base)
        if found is not None:
            return found
    known = names(package, base)
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
    raise UsageError(f"{name!r} is no {base.__name__.lower()}.", hint)


def names(package: str, base: type[T]) -> list[str]:
    """Names of all variants in `package`, sorted."""
    found = module_names(package)
    return [name for name in found if _variant_in(f"{package}.{name}", base) is not None]


def module_names(package: str) -> list[str]:
    """Public module names in `package`, sorted, without importing them."""
    folder = importlib.import_module(package)
    found = pkgutil.iter_modules(folder.__path__)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def _variant_in(module_name: str, base: type[T]) -> type[T] | None:
    module = importlib.import_module(module_name)
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, base)
        and member.__module__ == module_name
        and not inspect.isabstract(member)
    ]
    return found[0] if len(found) == 1 else None
