"""Prints techniques and their settings."""

from typing import TYPE_CHECKING, Any

from edgehone.values import Plain

if TYPE_CHECKING:
    from rich.console import Console


def show_all(value: Plain, console: "Console") -> None:
    """Print a row a technique."""
    from edgehone.report.tables import Column, from_columns, print_table

    found = value["techniques"]
    settings = [", ".join(setting["name"] for setting in each["settings"]) for each in found]
    table = from_columns(
        [
            (Column("technique", numeric=False), [each["name"] for each in found]),
            (Column("what it does", numeric=False), [each["summary"] for each in found]),
            (Column("settings", numeric=False, rank=1), settings),
        ]
    )
    print_table(console, table)
    console.print("One of them in full: edgehone techniques NAME", style="dim")


def show_one(value: Plain, console: "Console") -> None:
    """Print one technique with all its settings."""
    from edgehone.report.tables import Column, from_columns, print_table

    (found,) = value["techniques"]
    console.print(found["name"], style="bold")
    for text in (found["summary"], found["description"]):
        if text:
            for line in str(text).split("\n"):
                console.print(line, markup=False)
    settings: list[dict[str, Any]] = found["settings"]
    table = from_columns(
        [
            (Column("setting", numeric=False), [each["name"] for each in settings]),
            (Column("type", numeric=False), [each["type"] for each in settings]),
            (Column("default", numeric=False), [_shown(each["default"]) for each in settings]),
            (
                Column("worth trying", numeric=False, rank=1),
                [", ".join(map(_shown, each["search"])) for each in settings],
            ),
        ]
    )
    print_table(console, table)


def _shown(setting: Any) -> str:
    """A value as TOML would have it; nothing for what is left out."""
    match setting:
        case None:
            return ""
        case bool():
            return "true" if setting else "false"
        case str():
            return f'"{setting}"'
    return str(setting)
