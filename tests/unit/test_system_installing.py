"""Messages say how to install what is missing as README does: from a checkout."""

from pathlib import Path

import edgehone
from edgehone.system import installing


def test_the_command_is_one_of_readme() -> None:
    assert installing.command() == 'pip install "." in the folder of edgehone\'s checkout'
    assert installing.command("devices").startswith('pip install ".[devices]"')


def test_no_message_names_a_package_of_an_index() -> None:
    for file in Path(edgehone.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "pip install edgehone" not in text
        assert "edgehone[" not in text, file
