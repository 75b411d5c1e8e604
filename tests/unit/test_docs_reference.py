"""The pages of the reference that are made from the code hold everything that the code has."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from edgehone.cli.app import build
from edgehone.config.loading import Config
from edgehone.documents import schemas as schema_package

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted(Path(next(iter(schema_package.__path__))).glob("*.json"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages by name, as the program in docs writes them."""
    folder = tmp_path_factory.mktemp("reference")
    call = [sys.executable, str(ROOT / "docs" / "reference_pages.py"), str(folder)]
    subprocess.run(call, check=True, capture_output=True)
    return {path.stem: path.read_text() for path in folder.glob("*.md")}


def test_each_page_of_the_reference_is_in_the_contents(pages: dict[str, str]) -> None:
    contents = (ROOT / "docs" / "index.md").read_text().splitlines()
    assert {f"reference/generated/{name}" for name in pages} <= set(contents)
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "docs/reference/generated/" in ignored  # never a second truth in git


def below(name: str, command: Any) -> dict[str, Any]:
    """A command and all below it, by how they are called."""
    found = {name: command}
    for word, each in getattr(command, "commands", {}).items():
        found |= below(f"{name} {word}", each)
    return found


def test_every_command_has_its_options_there(pages: dict[str, str]) -> None:
    page = pages["commands"]
    program = typer.main.get_command(build())
    for name, command in below("edgehone", program).items():
        _, found, part = page.partition(f"# {name}\n" if " " in name else "# Commands\n")
        assert found, name
        part = part.partition("\n##")[0]
        shown = [each for each in command.params if not getattr(each, "hidden", False)]
        names = [each.opts[-1] for each in shown if each.param_type_name == "option"]
        assert [each for each in names if each != "--json" and each not in part] == []


def test_every_key_of_the_configuration_is_there(pages: dict[str, str]) -> None:
    sections = pages["configuration"].split("\n## ")[1:]
    heads = [section.partition("\n")[0].strip("`[]") for section in sections]
    expected = ["devices.NAME" if name == "devices" else name for name in Config.model_fields]
    assert heads == expected
    texts = dict(zip(Config.model_fields, sections, strict=True))
    schema = Config.model_json_schema()
    for name in Config.model_fields:
        reference = json.dumps(schema["properties"][name])
        kind = reference.partition("#/$defs/")[2].partition('"')[0]
        keys = schema["$defs"][kind]["properties"]
        assert [key for key in keys if f"\n`{key}` (" not in texts[name]] == []
        assert ": ...\n" not in texts[name], "a key without a description"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_field_of_a_document_is_there(path: Path, pages: dict[str, str]) -> None:
    part = pages["documents"].partition(f"## {path.stem}.json\n")[2].partition("\n## ")[0]
    schema = json.loads(path.read_text())
    forms = [schema, *schema.get("oneOf", ())]
    fields = [name for form in forms for name in form.get("properties", {})]
    assert fields
    assert [name for name in fields if f"| `{name}` |" not in part] == []
