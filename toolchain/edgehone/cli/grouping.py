"""Lets a command take options in groups: frozen dataclasses whose fields are the options."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any, get_type_hints

import typer

DEBUG = Parameter(
    "debug",
    Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--debug", hidden=True)],
)
"""Known to every command, as an `Invocation` reads it; the help of the program tells of it."""


def ungrouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command with a parameter for each field of its groups, as Typer reads commands, and
    with --debug.
    """
    declared = inspect.signature(command, eval_str=True).parameters.values()
    groups = {each.name: each.annotation for each in declared if is_dataclass(each.annotation)}
    parameters = [
        inner
        for each in declared
        for inner in (_options(groups[each.name]) if each.name in groups else [_named(each)])
    ]
    parameters.append(DEBUG)

    @functools.wraps(command)
    def flat(**given: Any) -> Any:
        given.pop(DEBUG.name)
        made = {name: _taken(group, given) for name, group in groups.items()}
        return command(**given, **made)

    # Both are what Typer looks at; wraps() gave the command's own.
    flat.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {each.name: each.annotation for each in parameters}
    return flat


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
    return group(**{each.name: given.pop(each.name) for each in fields(group)})
