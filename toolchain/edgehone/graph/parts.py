"""What the objects in a model's description are, layers or what layers are made with, and whose."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgehone.graph import backend

Config = Mapping[str, Any]

_KINDS: Mapping[str, tuple[str, ...]] = {
    "initializer": ("initializers",),
    "regularizer": ("regularizers",),
    "constraint": ("constraints",),
    "activation": ("activations", "layers"),
    "dtype policy": ("dtype_policies",),
    "layer": ("layers", "models"),
    "object": (
        *("layers", "models", "initializers", "regularizers", "constraints"),
        *("dtype_policies", "activations", "losses"),
    ),
}
"""Kind of object -> the modules of Keras that may have its class."""

_HOLDERS = ("layers", "layer", "cell", "cells", "forward_layer", "backward_layer")
"""Settings that hold layers."""
_MODELS = ("Functional", "Model", "Sequential")
"""Models, which are layers inside another one; Keras keeps the first from its public modules."""
_KERAS = ("keras", "tf_keras", "builtins")


@dataclass(frozen=True)
class Part:
    """A described object: config as the file has it, the kind of object its place is for, and the
    described layer that it belongs to (None: itself one).
    """

    config: Config
    kind: str
    owner: Config | None = None

    @property
    def class_name(self) -> str:
        """The name of its class."""
        return str(self.config["class_name"])

    @property
    def text(self) -> str:
        """'name' (Class) of a layer; else kind, class and layer: regularizer L3 of 'dense'."""
        if self.kind == "layer" or self.owner is None:
            return named(self.config)
        name = named(self.owner).rpartition(" ")[0]
        function = self.config.get("config")
        called = function if self.class_name == "function" else self.class_name
        return f"{self.kind} {called} of {name}"


def named(config: Config) -> str:
    """'name' (Class) of a described layer."""
    settings = config.get("config")
    name = settings.get("name", "") if isinstance(settings, Mapping) else ""
    return f"{name or config.get('name', '')!r} ({config['class_name']})"


def parts(value: Any, key: str = "layers", owner: Config | None = None) -> Iterator[Part]:
    """Every described object that has a class name, however deep, with what its place is for."""
    if isinstance(value, Mapping):
        inside = owner
        if isinstance(value.get("class_name"), str):
            kind = kind_at(key)
            yield Part(value, kind, owner)
            inside = value if kind == "layer" else owner
        for name, part in value.items():
            yield from parts(part, key if name == "config" else name, inside)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from parts(part, key, owner)


def kind_at(key: str) -> str:
    """What the setting of a layer is for, by its name."""
    if key in _HOLDERS:
        return "layer"
    if key.startswith("dtype"):
        return "dtype policy"
    endings = (kind for kind in _KINDS if key.endswith(kind))
    return next(endings, "object")


def class_of(config: Config, kind: str = "object") -> tuple[str, Any] | None:
    """The module that Keras 3 gives a described object's class, and that class; None for classes
    that Keras has not, or not for this kind of object.
    """
    name = config["class_name"]
    if not is_from_keras(config):
        return None
    keras = backend.keras()
    if kind in ("layer", "object") and name in _MODELS:
        return str(keras.models.__name__), getattr(keras.models, name, keras.Model)
    for space in (getattr(keras, module) for module in _KINDS[kind]):
        if hasattr(space, name):
            return str(space.__name__), getattr(space, name)
    return _private(str(config.get("module") or ""), name)


def _private(module: str, name: str) -> tuple[str, Any] | None:
    """A class that is where the file says, in a module of Keras that is not public: operations."""
    if not module.startswith(("keras.src.ops.", "keras.ops")):
        return None
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:  # of another version of Keras
        return None
    return None if found is None else (module, found)


def is_from_keras(config: Config) -> bool:
    """Whether a file says of an object's class that it is Keras's own, or does not say."""
    return str(config.get("module") or "keras").partition(".")[0] in _KERAS


def is_known(part: Part) -> bool:
    """Whether Keras, or what the user has registered, has an object's class or function; names in
    underscores are Keras's marks for tensors and numbers.
    """
    if part.class_name.startswith("__"):
        return True
    if part.class_name == "function":
        name = str(part.config.get("config"))
        return hasattr(backend.keras().activations, name) or _found(name)
    return is_registered(part.config) or class_of(part.config, part.kind) is not None


def is_registered(config: Config) -> bool:
    """Whether the user has registered an object's class."""
    return any(_found(name) for name in (config.get("registered_name"), config["class_name"]))


def _found(name: str | None) -> bool:
    return bool(name) and backend.keras().saving.get_registered_object(name) is not None


def unknown_to_keras(found: list[Part]) -> str:
    """The sentence about objects that Keras does not know, without its full stop."""
    lines = list(dict.fromkeys(part.text for part in found))
    if all(part.kind == "layer" for part in found):
        return f"has layers that Keras does not know: {', '.join(lines)}"
    named_ones = (f"layer {each}" if each.startswith("'") else each for each in lines)
    return f"has parts that Keras does not know: {', '.join(named_ones)}"
