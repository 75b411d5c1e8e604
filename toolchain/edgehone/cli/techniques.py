"""`edgehone techniques`: what recipes are made of, with all settings."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgehone.cli import completing, options, output
from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="One technique, with its settings.",
            autocompletion=completing.techniques,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the compression techniques, or one technique's settings and values worth trying."""
    from edgehone.compress.recipe.catalogue import catalogue, entry
    from edgehone.documents import plain

    found = catalogue() if name is None else [entry(name)]
    value = {"techniques": plain(found)}
    output.emit(value, _show_all if name is None else _show_one, as_json=as_json)


def _show_all(value: Plain, console: "Console") -> None:
    from edgehone.report.tables import Column, from_columns, print_table

    found = value["techniques"]
    settings = [", ".join(setting["name"] for setting in each["settings"]) for each in found]
    table = from_columns(
        [
            (Column("technique", numeric=False), [each["name"] for each in found]),
            (Column("what it does", numeric=False), [each["summary"] for each in found]),
            (Column("settings", numeric=False), settings),
        ]
    )
    print_table(console, table)
    console.print("One of them in full: edgehone techniques NAME", style="dim")


def _show_one(value: Plain, console: "Console") -> None:
    from edgehone.report.tables import Column, from_columns, print_table

    (found,) = value["techniques"]
    console.print(found["name"], style="bold")
    for text in (found["summary"], found["description"]):
        if text:
            console.print(text, markup=False)
    settings: list[dict[str, Any]] = found["settings"]
    table = from_columns(
        [
            (Column("setting", numeric=False), [each["name"] for each in settings]),
            (Column("type", numeric=False), [each["type"] for each in settings]),
            (Column("default", numeric=False), [_told(each["default"]) for each in settings]),
            (
                Column("worth trying", numeric=False),
                [", ".join(map(_told, each["search"])) for each in settings],
            ),
        ]
    )
    print_table(console, table)


def _told(setting: Any) -> str:
    """A value as TOML would have it; nothing for what is left out."""
    match setting:
        case None:
            return ""
        case bool():
            return "true" if setting else "false"
        case str():
            return f'"{setting}"'
    return str(setting)
