"""How users' code is named: "python:module:name", a class also with its settings in parentheses."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from edgehone.errors import ConfigError

PREFIX = "python:"

MAIN = "__main__"
"""The module of the script or notebook that runs: in every other process it is another one."""


def is_reference(source: str) -> bool:
    """Whether `source` names users' code rather than a file or a known word."""
    return source.startswith(PREFIX)


def bare(source: str) -> str:
    """The name without its settings."""
    return source.partition("(")[0]


def settings_in(source: str) -> dict[str, Any]:
    """The settings that a name holds: {"depth": 3} of "python:module:Class(depth=3)".

    Raises ConfigError for anything but plain values by name.
    """
    _, opened, inside = source.partition("(")
    if not opened:
        return {}
    try:
        call = ast.parse(f"_({inside}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or not isinstance(call.func, ast.Name):
            raise ValueError
        found = {_keyword(each): ast.literal_eval(each.value) for each in call.keywords}
        if len(found) < len(call.keywords):
            raise ValueError
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ConfigError(
            f"The settings of {bare(source)!r} cannot be read: ({inside[:80]}.",
            "Write plain values by name: \"python:module:Class(depth=3, mode='fast')\".",
        ) from error
    return found


def _keyword(found: ast.keyword) -> str:
    if found.arg is None:
        raise ValueError
    return found.arg


def with_settings(name: str, settings: Mapping[str, Any]) -> str:
    """The name of a class with settings. Raises ValueError for what is not a plain value."""
    for key, value in settings.items():
        try:
            same = ast.literal_eval(repr(value)) == value
        except (ValueError, SyntaxError) as error:
            raise ValueError(key) from error
        if not same:
            raise ValueError(key)
    text = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f"{name}({text})" if text else name


def changed_fields(instance: Any) -> dict[str, Any]:
    """The fields of a dataclass's instance that are not its defaults."""
    found: dict[str, Any] = {}
    for field in fields(instance) if is_dataclass(instance) else ():
        value, default = getattr(instance, field.name), field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        if field.init and (default is MISSING or value != default):
            found[field.name] = value
    return found


def fields_of(instance: Any) -> set[str]:
    """The names of a dataclass's fields; none of anything else."""
    return {field.name for field in fields(instance)} if is_dataclass(instance) else set()


def in_main(value: Any) -> list[str]:
    """The names in plain data of code that stands in the running script or notebook itself."""
    found = (bare(name).removeprefix(PREFIX).partition(":") for name in named_in(value))
    return sorted({name for module, _, name in found if module == MAIN})


def _settings_of(text: str) -> dict[str, Any]:
    """The settings in a text, none where it is no name with settings."""
    try:
        return settings_in(text)
    except ConfigError:  # any other text with a parenthesis
        return {}


def split(text: str) -> list[str]:
    """What stands between commas, those inside parentheses, brackets and quotes left alone."""
    parts, depth, quote = [""], 0, ""
    for mark in text:
        if quote:
            quote = "" if mark == quote else quote
        elif depth and mark in "'\"":
            quote = mark
        else:
            depth += (mark in "([{") - (mark in ")]}")
        if mark == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += mark
    return [part.strip() for part in parts if part.strip()]


def named_in(value: Any) -> Iterable[str]:
    """Every name of users' code in plain data, keys of tables left out, also where it is a setting
    in a name: "detection(decoder='python:module:function')".
    """
    if isinstance(value, str):
        if is_reference(value):
            yield value
        if "(" in value and PREFIX in value.partition("(")[2]:
            yield from named_in(_settings_of(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from named_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from named_in(each)
