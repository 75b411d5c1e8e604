"""How Sphinx builds the documentation: `make docs`."""

import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "toolchain"))

import reference_pages

import edgehone

project = "edgehone"
version = release = edgehone.__version__
copyright = "the edgehone developers"  # noqa: A001  Sphinx reads this name
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "images"]
html_theme = "furo"
html_title = f"edgehone {version}"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"


def setup(app: Sphinx) -> None:
    """Write the pages made from the code. Docstrings are plain text with `code`; Sphinx would read
    their stars and bars as markup.
    """
    reference_pages.write(reference_pages.FOLDER)
    app.connect("autodoc-process-docstring", _as_text)


def _as_text(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [_escaped(line.strip()) for line in lines]


def _escaped(line: str) -> str:
    parts = line.split("`")
    marks = str.maketrans({mark: "\\" + mark for mark in "*|_\\"})
    return "".join(
        f"``{part}``" if number % 2 and part else part.translate(marks)
        for number, part in enumerate(parts)
    )
