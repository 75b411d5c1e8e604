"""The page about a run: one HTML file that needs no network, no server and no script to be read."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import PurePath

from markupsafe import Markup

from edgehone.documents.run.document import RunDocument
from edgehone.errors import ConfigError, EdgehoneError
from edgehone.report.claims import claims
from edgehone.report.headline import headline, winner_among
from edgehone.report.markup import filled
from edgehone.report.rows import Row, rows_of_run
from edgehone.report.sections._base import Section
from edgehone.report.warnings import warnings
from edgehone.system import user_code, variants

SECTIONS = "edgehone.report.sections"


@dataclass(frozen=True)
class _Shown:
    """A section as the page has it."""

    anchor: str
    title: str
    note: str
    body: str


def render(document: RunDocument, sections: Iterable[Section] = ()) -> str:
    """The page about one run, with further sections among the page's own, by their order."""
    rows = rows_of_run(document)
    winner = winner_among(rows)
    speedup = document.winner.speedup if document.winner else None
    values = {
        "title": title_of(document),
        "decision": document.decision,
        "about": _about(document),
        "headline": headline(document, rows),
        "claims": claims(rows[0], winner, speedup) if winner else [],
        "warnings": warnings(document, rows),
        "sections": _shown(document, rows, [*own_sections(), *sections]),
        "style": _asset("page.css"),
        "script": _asset("page.js"),
    }
    return str(filled("page.html", values))


def own_sections() -> list[Section]:
    """The sections that every page may have: one of each file of `sections/`."""
    return sections_named(variants.names(SECTIONS, Section))


def sections_named(names: Iterable[str]) -> list[Section]:
    """Sections by their files' names, or the user's by "python:module:Class".

    Raises UsageError for an unknown name, ConfigError for what is not a section.
    """
    return [variants.built(SECTIONS, Section, name) for name in names]


GENERIC = ("teacher", "model", "best", "final", "keras", "saved_model")
"""Names of files that name no project; the folder they lie in does."""


def title_of(document: RunDocument) -> str:
    """What the page is called: the run's name, or the project's by its teacher, and the device."""
    teacher = PurePath(document.project.teacher.rpartition(":")[2])
    project = teacher.stem
    if project in GENERIC and teacher.parent.name:
        project = teacher.parent.name
    return f"{document.name or project or document.run} on {document.device.name}"


def _about(document: RunDocument) -> list[str]:
    """The line below the title."""
    device, objective = document.device, document.objective
    where = device.name if device.name == device.target else f"{device.name} ({device.target})"
    parts = [
        PurePath(document.project.teacher).name,
        PurePath(document.project.data).name,
        f"measured on {where}",
        f"objective: {objective.verb} {objective.metric}" if objective else "",
        document.created[:16].replace("T", " "),
        f"took {document.seconds:.0f} s" if document.seconds else "",
        f"run {document.run}",
    ]
    return [part for part in parts if part]


def _shown(document: RunDocument, rows: Sequence[Row], sections: Iterable[Section]) -> list[_Shown]:
    """The sections that have something to show, in order."""
    found: list[_Shown] = []
    for each in sorted(sections, key=lambda section: section.order):
        shown = _filled(each, document, rows)
        if shown is not None:
            anchor = f"{_slug(shown.title)}-{len(found) + 1}"
            found.append(replace(shown, anchor=anchor))
    return found


def _filled(each: Section, document: RunDocument, rows: Sequence[Row]) -> _Shown | None:
    """A section with its content; None: it has nothing to show.

    One of a user's that fails says so in its place, so that the rest of the page can be read.
    """
    if type(each).__module__.startswith(f"{SECTIONS}."):
        return _content(each, document, rows)
    name = f"Section {type(each).__module__}:{type(each).__qualname__}"
    try:
        with user_code.running(name, ConfigError):
            return _content(each, document, rows)
    except EdgehoneError as error:
        title = str(getattr(each, "title", "") or name)
        return _Shown("", title, "", filled("failed.html", {"message": error.message}))


def _content(each: Section, document: RunDocument, rows: Sequence[Row]) -> _Shown | None:
    if not each.applies(document):
        return None
    body = each.render(document, rows)
    return _Shown("", str(each.title), each.note(document), body) if body else None


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"


def _asset(name: str) -> Markup:
    text = files("edgehone.report").joinpath(name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package
