"""How layers are copied with all that Keras writes to a file and reads back: settings, weights,
and state that is derived from weights or kept beside them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.compilation import without_compilation

Settings = dict[str, Any]


@dataclass(frozen=True)
class State:
    """All that a layer keeps: what a copy of it is given, in the place of arrays."""

    layer: Any


def _unchanged(settings: Settings) -> Settings:
    return settings


def copied(operation: Any, change: Callable[[Settings], Settings] = _unchanged) -> Any:
    """A new operation of the same class and settings, or changed ones; without its state yet.

    What a layer says in `get_build_config` it is built from, as when it is read from a file.
    Raises ModelError for operations that cannot be made from their own settings.
    """
    try:
        settings = change(without_compilation(operation.get_config()))
        copy = backend.remade(type(operation), settings)
        if _builds_itself(operation) and (build := operation.get_build_config()) and not copy.built:
            copy.build_from_config(build)
            copy.built = True
    except Exception as error:  # layers raise whatever they raise
        raise _uncopied(operation, error) from error
    return copy


def carry_state(source: Any, copy: Any) -> None:
    """Give a built copy of a layer the state of its source, part by part, by the methods with
    which Keras writes and reads files, so that what is derived from weights is derived anew.

    Seeds of random layers stay the copy's own, as they do for a file that is read. Raises
    ModelError when the copy does not take the state.
    """
    try:
        for before, after in _pairs(source, copy):
            if before.trainable != after.trainable:
                after.trainable = before.trainable
            store: dict[str, Any] = {}
            before.save_own_variables(store)
            after.load_own_variables({name: np.asarray(value) for name, value in store.items()})
            if hasattr(before, "save_assets"):
                with TemporaryDirectory(prefix="edgehone-") as folder:
                    before.save_assets(folder)
                    if any(Path(folder).iterdir()):
                        after.load_assets(folder)
    except Exception as error:  # layers raise whatever they raise
        raise _uncopied(source, error) from error


def _builds_itself(operation: Any) -> bool:
    """Whether a layer's class says itself what it is built from, beyond the shape of its input."""
    usual, own = backend.keras().Layer, type(operation)
    names = ("get_build_config", "build_from_config")
    return isinstance(operation, usual) and any(
        getattr(own, name) is not getattr(usual, name) for name in names
    )


def _pairs(source: Any, copy: Any) -> Iterator[tuple[Any, Any]]:
    """A layer and its copy, then those inside them; by name where these are the same."""
    yield source, copy
    parts, others = list(source._layers), list(copy._layers)
    by_name = {part.name: part for part in others}
    if {part.name for part in parts} == set(by_name) and len(by_name) == len(parts):
        others = [by_name[part.name] for part in parts]
    for part, other in zip(parts, others, strict=True):
        yield from _pairs(part, other)


def _uncopied(operation: Any, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return ModelError(
        f"Layer {operation.name!r} ({type(operation).__name__}) cannot be copied "
        f"({reason[0][:300]}).",
        "Give the layer a get_config method that returns all its settings.",
    )
