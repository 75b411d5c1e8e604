"""Functions and classes of callers, by the names that files and runs know them by."""

import importlib
from typing import Any

from edgehone.errors import UsageError
from edgehone.system.user_code import PREFIX


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
