"""Writes the pages of the reference that are made from the code: commands, settings, documents.

Sphinx calls it before it reads the pages (see conf.py); alone: `python docs/reference_pages.py`.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import typer

from edgehone.cli import help as words
from edgehone.cli.app import build
from edgehone.config.loading import Config
from edgehone.documents import published

FOLDER = Path(__file__).parent / "reference" / "generated"
TABLES = {"budget": "[[budget]]", "waiver": "[[waiver]]", "recipe": "[[recipe]]"}
DEVICES = "[devices.NAME]"
MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\*_[]<|{}$~"})
DEPTH = 4
"""Levels of a document's fields that get a row."""


def main() -> None:
    """Write every page into the folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where the pages go")
    write(parser.parse_args().folder)


def write(folder: Path) -> None:
    """Write the pages; one that is as it should be is left alone, so that Sphinx need not read it
    again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in pages().items():
        path, text = folder / f"{name}.md", "\n".join(lines) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def pages() -> dict[str, list[str]]:
    """Each page's lines, by its name."""
    return {
        "commands": list(commands()),
        "configuration": list(configuration()),
        "documents": list(documents()),
    }


def commands() -> Iterator[str]:
    """Every command with its arguments and options, as `--help` has them."""
    program: Any = typer.main.get_command(build())
    yield from ("# Commands", "", _plain(program.epilog or ""), "")
    yield from ("Every command takes `--help` and `--json` ([documents](documents.md)).", "")
    yield from _parameters(program, click.Context(program, info_name="edgehone"))
    panel = ""
    for name, command in program.commands.items():
        found = getattr(command, "rich_help_panel", "")
        if found != panel:
            panel = found
            yield from (f"## {panel}", "")
        yield from _command(f"edgehone {name}", command, 3)


def _command(name: str, command: Any, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    yield from (f"{'#' * level} {name}", "", "```text")
    yield f"{name} {' '.join(command.collect_usage_pieces(context))}"
    yield from ("```", "", _plain(command.help or ""), "")
    yield from _parameters(command, context)
    for below, each in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {below}", each, level + 1)


class _Terms:
    """What the command line's help is written to instead of a terminal."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def section(self, title: str) -> "_Terms":
        """The same list: a page names no sections."""
        return self

    def write_dl(self, rows: list[tuple[str, str]]) -> None:
        """Take rows of a parameter and what it means."""
        self.rows += rows

    def __enter__(self) -> None: ...

    def __exit__(self, *raised: object) -> None: ...


def _parameters(command: Any, context: click.Context) -> Iterator[str]:
    terms = _Terms()
    words.write_parameters(command, context, terms)
    for name, meaning in terms.rows:
        if name not in ("--json", "--help"):
            yield from (f"`{name}`", f": {_plain(meaning) or '...'}", "")


def configuration() -> Iterator[str]:
    """Every section of `edgehone.toml` with its keys."""
    schema = Config.model_json_schema()
    yield from (
        "# edgehone.toml",
        "",
        "Every section and key of a project file. `edgehone init DIR` writes them into a commented "
        "file. Names of files count from the project file's folder.",
        "",
    )
    for name in Config.model_fields:
        title = DEVICES if name == "devices" else TABLES.get(name, f"[{name}]")
        section = schema["$defs"][_section(schema["properties"][name])]
        yield from (f"## `{title}`", "", _plain(section.get("description", "")), "")
        required = section.get("required", ())
        for key, field in section["properties"].items():
            facts = [_kind(field), *_bounds(field)]
            facts += ["required"] if key in required else _default(field)
            yield f"`{key}` ({_plain(', '.join(facts))})"
            yield from (f": {_plain(field.get('description', '')) or '...'}", "")


def _section(field: Mapping[str, Any]) -> str:
    """The name of the section that a field of the configuration holds, one or many of it."""
    for place in (field, field.get("items", {}), field.get("additionalProperties", {})):
        if isinstance(place, dict) and "$ref" in place:
            return str(place["$ref"]).rpartition("/")[2]
    raise ValueError(f"no section in {field}")


def _kind(field: Mapping[str, Any]) -> str:
    """What a value may be: string, integer or null, one of "a", "b"."""
    if "const" in field:
        return f'"{field["const"]}"'
    if "enum" in field:
        return "one of " + ", ".join(f'"{each}"' for each in field["enum"])
    for together in ("anyOf", "oneOf"):
        if together in field:
            kinds = [_kind(each) for each in field[together]]
            return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2].rpartition(":")[2]
    kind = field.get("type", "any value")
    if kind == "array":
        return f"list of {_kind(field.get('items', {}))}"
    if isinstance(kind, list):
        return " or ".join(kind)
    return {"object": "table", "number": "number"}.get(kind, str(kind))


def _bounds(field: Mapping[str, Any]) -> list[str]:
    narrow = [field, *field.get("anyOf", ())]
    names = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    return [f"{names[key]} {each[key]:,}" for each in narrow for key in names if key in each]


def _default(field: Mapping[str, Any]) -> list[str]:
    default = field.get("default")
    if default is None or default in ("", [], {}):
        return []
    if isinstance(default, bool):
        return [f"default: {str(default).lower()}"]
    return [f"default: {default!r}".replace("'", '"')]


def documents() -> Iterator[str]:
    """Every published schema with its fields."""
    yield from (
        "# JSON documents",
        "",
        "What commands print with `--json`, and the JSON files that they write. Fields may be "
        "added, never renamed or removed. The schemas are files of the package, in "
        "`edgehone/documents/schemas`.",
        "",
    )
    shared = [path.stem for path in sorted(published._SCHEMA_FOLDER.glob("*.json"))]
    for name in dict.fromkeys((*published.SCHEMAS, *shared)):
        schema = published.schema(name)
        yield from (f"## {name}.json", "", _plain(schema.get("title", "")) + ".", "")
        variants = schema.get("oneOf", [schema]) if "properties" not in schema else [schema]
        for number, each in enumerate(variants, 1):
            if len(variants) > 1:
                yield from (_plain(each.get("title", f"Form {number}")) + ":", "")
            yield from ("| field | type | meaning |", "|---|---|---|", *_fields(each, "", DEPTH))
            yield ""


def _fields(schema: Mapping[str, Any], above: str, depth: int) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        if not isinstance(field, dict):
            continue
        place = f"{above}{name}"
        optional = "" if name in required else ", optional"
        yield f"| `{place}` | {_plain(_kind(field))}{optional} | {_plain(_meaning(field))} |"
        if depth > 1:
            yield from _fields(field, f"{place}.", depth - 1)
            if isinstance(items := field.get("items"), dict):
                yield from _fields(items, f"{place}[].", depth - 1)


def _meaning(field: Mapping[str, Any]) -> str:
    return " ".join(str(field.get("description", field.get("title", ""))).split())


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line a paragraph; what is in backquotes is code."""
    paragraphs = (" ".join(each.split()) for each in text.split("\n\n"))
    return "\n\n".join(
        "`".join(part if n % 2 else part.translate(MARKS) for n, part in enumerate(p.split("`")))
        for p in paragraphs
    )


if __name__ == "__main__":
    main()
