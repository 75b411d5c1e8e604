"""How commands explain themselves: plain text, the same on a terminal and in a pipe."""

from collections.abc import Mapping
from typing import Any

NUMBER = "N"
"""What stands for a number with bounds where nothing else is written for it."""


def usage_of(command: Any, context: Any) -> list[str]:
    """The words of the usage line: [OPTIONS] FILE... [DIR], as manuals have them."""
    arguments = [each for each in command.get_params(context) if _is_argument(each)]
    return ["[OPTIONS]", *(_name(argument) for argument in arguments)]


def write_parameters(command: Any, context: Any, formatter: Any) -> None:
    """The sections on arguments and options."""
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for each in command.get_params(context):
        if not getattr(each, "hidden", False):
            rows = arguments if _is_argument(each) else options
            rows.append((_name(each), _explained(each)))
    for title, rows in (("Arguments", arguments), ("Options", options)):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def write_commands(commands: Mapping[str, Any], formatter: Any) -> None:
    """Write one section a panel; each command's summary is whole."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for name, command in commands.items():
        panel = getattr(command, "rich_help_panel", None)
        title = panel if isinstance(panel, str) else "Commands"
        summary = (command.help or "").partition("\n\n")[0]
        sections.setdefault(title, []).append((name, " ".join(summary.split())))
    width = max(len(name) for name in commands)
    for title, rows in sections.items():
        with formatter.section(title):
            formatter.write_dl([(name.ljust(width), summary) for name, summary in rows])


def _is_argument(parameter: Any) -> bool:
    return str(parameter.param_type_name) == "argument"


def _name(parameter: Any) -> str:
    """A parameter as a manual writes it: FILE..., [DIR], -o, --output DIR."""
    metavar = parameter.metavar or (NUMBER if _limits(parameter) else parameter.name.upper())
    if _is_argument(parameter):
        return str(metavar)
    names = ", ".join(sorted(parameter.opts, key=len))
    if parameter.secondary_opts:
        return f"{names} / {', '.join(parameter.secondary_opts)}"
    takes_none = parameter.is_flag or parameter.count
    return names if takes_none else f"{names} {metavar}"


def _explained(parameter: Any) -> str:
    """Its help, default and bounds."""
    facts = ["required"] if parameter.required and not _is_argument(parameter) else []
    if variable := getattr(parameter, "envvar", None):
        facts.append(f"environment: {variable}")
    default = parameter.default
    if not _is_argument(parameter) and default is not None and not isinstance(default, bool):
        facts.append(f"default: {default}")
    if limits := _limits(parameter):
        facts.append(limits)
    return f"{parameter.help or ''} [{'; '.join(facts)}]".strip() if facts else parameter.help or ""


def _limits(parameter: Any) -> str:
    """The bounds of a number: 1 to 64; those of a library's own number type count too."""
    least, most = (
        getattr(parameter, name, None) or getattr(getattr(parameter, "type", None), name, None)
        for name in ("min", "max")
    )
    if most is None:
        return "" if least is None else f"at least {least}"
    return f"{0 if least is None else least} to {most}"
