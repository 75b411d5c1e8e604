"""What users' modules register with Keras: known for as long as the command that names them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from edgehone.graph.legacy.activations import PACKAGE

T = TypeVar("T")

_registered: dict[str, dict[str, Any]] = {}
"""What a module has registered by being imported, which happens once a process, by its name."""


@contextmanager
def command() -> Iterator[None]:
    """What is registered with Keras inside the block is forgotten after it: consent to a module is
    consent for one command. Keras is not loaded for this.
    """
    before = dict(_known() or {})
    try:
        yield
    finally:
        known = _known()
        for name in list(known or ()):
            own = name.startswith(f"{PACKAGE}>")
            if known is not None and not own and known[name] is not before.get(name):
                del known[name]
        if known is not None:
            known.update(before)


def used(source: str, act: Callable[[], T]) -> T:
    """What a function returns that imports and uses the module of "python:module…"; whatever that
    module registers is known from now on, also if it was imported before.
    """
    before = dict(_known() or {})
    result = act()
    known = _known()
    if known is None:
        return result
    found = {name: each for name, each in known.items() if before.get(name) is not each}
    kept = _registered.setdefault(source.split(":")[1], {})
    kept.update(found)
    known.update(kept)
    return result


def _known() -> dict[str, Any] | None:
    """The classes and functions that are registered, by name; None before Keras is loaded."""
    keras = sys.modules.get("keras")
    if keras is None or not hasattr(keras, "saving"):
        return None
    found: dict[str, Any] = keras.saving.get_custom_objects()
    return found
