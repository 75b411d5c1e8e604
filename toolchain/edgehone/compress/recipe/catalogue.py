"""What describes every technique: its meaning, its settings, and the values worth searching."""

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from edgehone.compress._base import Technique
from edgehone.compress.recipe import PACKAGE
from edgehone.system import variants


def catalogue() -> list[dict[str, Any]]:
    """All techniques by name: {"name", "summary", "description", "trains", "settings": [{"name",
    "type", "default" (null: must be given, or nothing), "search": values worth trying}]}.
    """
    return [entry(name) for name in variants.names(PACKAGE, Technique)]


def entry(name: str) -> dict[str, Any]:
    """One technique of the catalogue. Raises UsageError that names the known ones."""
    kind = variants.load(PACKAGE, Technique, name)
    about = inspect.getdoc(kind) or ""
    summary, _, description = about.partition("\n\n")
    return {
        "name": name,
        "summary": " ".join(summary.split()),
        "description": "\n\n".join(" ".join(part.split()) for part in description.split("\n\n")),
        "trains": kind.TRAINS,
        "settings": [_setting(field, kind.SEARCH) for field in _settings(kind)],
    }


def _settings(kind: type[Technique]) -> list["Field[Any]"]:
    found: Any = kind  # every concrete technique is a dataclass; the abstract one is not
    return [field for field in fields(found) if field.init]


def _setting(field: "Field[Any]", search: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    default = None if field.default is MISSING else field.default
    if field.default_factory is not MISSING:
        default = field.default_factory()
    return {
        "name": field.name,
        "type": _type(field.type),
        "default": default,
        "search": list(search.get(field.name, ())),
    }


def _type(annotation: Any) -> str:
    """A type as a reader of a settings list wants it: "float", "list of list of str"; of several
    those that a file can hold.
    """
    if isinstance(annotation, UnionType):
        kinds = (each for each in get_args(annotation) if each is not NoneType)
        plain = [each for each in kinds if each.__module__ == "builtins"]
        return " | ".join(_type(each) for each in plain if get_origin(each) is not type)
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    text = str(annotation)
    for prefix in ("typing.", "collections.abc."):
        text = text.replace(prefix, "")
    return text
