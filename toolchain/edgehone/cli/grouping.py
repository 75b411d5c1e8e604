"""Lets a command take options in groups: frozen dataclasses whose fields are the options."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature
from typing import Any, get_type_hints


def ungrouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command with a parameter for each field of its groups, as Typer reads commands."""
    declared = inspect.signature(command, eval_str=True).parameters.values()
    groups = {each.name: each.annotation for each in declared if is_dataclass(each.annotation)}
    if not groups:
        return command
    parameters = [
        inner
        for each in declared
        for inner in (_options(groups[each.name]) if each.name in groups else [_named(each)])
    ]

    @functools.wraps(command)
    def grouped(**given: Any) -> Any:
        made = {name: _taken(kind, given) for name, kind in groups.items()}
        return command(**given, **made)

    # Both are what Typer looks at; wraps() gave the command's own.
    grouped.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    grouped.__annotations__ = {each.name: each.annotation for each in parameters}
    return grouped


def _options(group: Any) -> list[Parameter]:
    """A parameter for each field of a group."""
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            each.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if each.default is MISSING else each.default,
            annotation=hints[each.name],
        )
        for each in fields(group)
    ]


def _named(parameter: Parameter) -> Parameter:
    return parameter.replace(kind=Parameter.KEYWORD_ONLY)


def _taken(group: Any, given: dict[str, Any]) -> Any:
    """The group of these values, which are taken out of what was given."""
    values: Mapping[str, Any] = {each.name: given.pop(each.name) for each in fields(group)}
    return group(**values)
