"""Which model files may be opened: what they name is on the list, registered, or consented to.

Every file of every format passes here, in this process and again in a child that is to open it,
before a library that imports classes by their names sees any of it.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph import allowed, backend
from edgehone.graph.parts import Config, Part, kind_at, named, parts, unknown_to_keras
from edgehone.system.settings import CUSTOM, TRUST

Registry = Mapping[str, Any]


@dataclass(frozen=True)
class Keras:
    """The Keras that is to open a file. registry: what the user has registered with it, by name;
    is_operation: whether a module has a class of this name for an operation on tensors.
    """

    registry: Callable[[], Registry]
    is_operation: Callable[[str, str], bool]


_NAMED = ("initializer", "regularizer", "constraint", "activation")
"""Kinds of objects that a layer of Keras may also name by a mere text."""
_FILES = ("vocabulary", "vocabulary_file")
"""Settings whose text is the name of a file, which its layer reads."""


def _registered() -> Registry:
    found: Registry = backend.keras().saving.get_custom_objects()
    return found


def _is_operation(module: str, name: str) -> bool:
    if not allowed.OPERATIONS.fullmatch(module):
        return False
    operation = backend.keras().Operation
    try:
        found = vars(importlib.import_module(module)).get(name)
    except ImportError:  # of another version of Keras
        return False
    return isinstance(found, type) and issubclass(found, operation)


KERAS_3 = Keras(_registered, _is_operation)


def name_custom() -> str:
    """What to do about layers that Keras does not know."""
    return (
        f"Name the module that registers them, {CUSTOM.set('python:module')}, or their classes, "
        f'{CUSTOM.set("python:module:Class")}; or give "python:module:function", a function that '
        "returns the model."
    )


def _trust(instead: str) -> str:
    return f"If you trust whoever made the file: {TRUST.set(True)}; better, {instead}"


def require_consent(config: Config, path: Path, *, trust: bool, keras: Keras = KERAS_3) -> None:
    """Refuse a description that names anything but what is Keras's own or registered: ModelError.

    trust: whether code in the file may run; then only its form is checked.
    """
    _require_names(config, path)
    if trust:
        return
    if runs_code(config):
        raise ModelError(
            f"{path} has layers that run code of their own: {', '.join(with_code(config))}.",
            _trust("replace these layers by Keras's own."),
        )
    if files := list(dict.fromkeys(_files(config))):
        raise ModelError(
            f"{path} has layers that read other files: {', '.join(files)}.",
            _trust("save the model with its vocabulary as a list."),
        )
    if unknown := list(_unknown_parts(config, keras)):
        raise ModelError(f"{path} {unknown_to_keras(unknown)}.", name_custom())


def _require_names(value: Any, path: Path) -> None:
    for found in _objects(value):
        if not isinstance(found["class_name"], str):
            raise ModelError(
                f"{path} describes an object whose class is {str(found['class_name'])[:40]!r}, "
                "not a name.",
                "Copy the file again, or save the model again with model.save().",
            )


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "class_name" in value:
            yield value
        for part in value.values():
            yield from _objects(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _objects(part)


def _settings(part: Config) -> Mapping[str, Any]:
    found = part.get("config")
    return found if isinstance(found, Mapping) else {}


def runs_code(value: Any) -> bool:
    """Whether code lies in a description or in a part of one."""
    return any(part["class_name"] in allowed.CODE for part in _objects(value))


def with_code(config: Config) -> list[str]:
    """The layers that code lies in, as themselves or as an activation of theirs."""
    named_ones = [
        named(part)
        for part in _objects(config)
        if _settings(part).get("name") and "layers" not in _settings(part) and runs_code(part)
    ]
    return list(dict.fromkeys(named_ones)) or ["without a name"]


def _files(config: Config) -> Iterator[str]:
    for part in _objects(config):
        for key, value in _settings(part).items():
            if key in _FILES and isinstance(value, str):
                yield f"{named(part)[:-1]}: {value[:100]!r})"


def _unknown_parts(config: Config, keras: Keras) -> Iterator[Part]:
    for part in parts(config):
        if not _is_allowed(part, keras):
            yield _with_module(part)
        elif part.kind == "layer" and allowed.is_listed(part.class_name, "layer", None):
            yield from _unknown_names(part, keras)


def _is_allowed(part: Part, keras: Keras) -> bool:
    """Whether every library makes something harmless of an object, however it looks for it.

    tf_keras and Keras 3 look for "registered_name" among what is registered, then for "class_name"
    in "module", then there for "registered_name"; for files without modules both look for
    "class_name" among what is registered, then among their own classes.
    """
    config, name = part.config, part.class_name
    module, label = config.get("module"), config.get("registered_name")
    if name == "function":
        return _is_function(config, module, label, keras)
    plain = label is None or label == name
    if name in allowed.MARKS or (name in allowed.SIZES and "config" not in config):
        return plain and module is None
    if plain and allowed.is_listed(name, part.kind, module):
        return True
    if plain and isinstance(module, str) and keras.is_operation(module, name):
        return True
    known = keras.registry()
    if label is None and (module is None or "registered_name" not in config):
        return name in known
    found = known.get(label) if isinstance(label, str) else None
    return found is not None and (name in known or getattr(found, "__name__", None) == name)


def _is_function(config: Config, module: object, label: object, keras: Keras) -> bool:
    name = config.get("config")
    if not isinstance(name, str):
        return False
    if label in (None, "function", name) and allowed.is_activation(name, module):
        return True
    return _is_registered(name, keras.registry())


def _is_registered(name: str, known: Registry) -> bool:
    """Whether a function is registered; Keras up to 3.6 left its package out of the name."""
    return name in known or any(each.endswith(f">{name}") for each in known)


def _unknown_names(part: Part, keras: Keras) -> Iterator[Part]:
    """What a layer of Keras names by a mere text, and nobody knows."""
    for key, value in _settings(part.config).items():
        kind = kind_at(key)
        if (
            kind in _NAMED
            and isinstance(value, str)
            and not allowed.is_listed(value, kind, None)
            and not _is_registered(value, keras.registry())
        ):
            yield Part({"class_name": value, "config": {}}, kind, part.config)


def _with_module(part: Part) -> Part:
    """The part under a name that tells it from what it poses as."""
    name, module = part.class_name, part.config.get("module")
    if module is None or not allowed.is_listed(name, part.kind, None):
        return part
    return Part({**part.config, "class_name": f"{module}.{name}"}, part.kind, part.owner)
