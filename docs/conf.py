"""How Sphinx builds the documentation: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "toolchain"))

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


def setup(app):
    """Docstrings are plain text with `code`; Sphinx would read their stars and bars as markup."""
    app.connect("autodoc-process-docstring", _as_text)


def _as_text(app, what, name, obj, options, lines):
    lines[:] = [_escaped(line.strip()) for line in lines]


def _escaped(line):
    parts = line.split("`")
    marks = str.maketrans({mark: "\\" + mark for mark in "*|_\\"})
    return "".join(
        f"``{part}``" if number % 2 and part else part.translate(marks)
        for number, part in enumerate(parts)
    )
