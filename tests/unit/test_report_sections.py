"""The page is made of sections: one a file, and a user's own by name or as values."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.run_document import run_value

from edgehone.cli.app import main
from edgehone.config import load
from edgehone.documents.run.document import RunDocument
from edgehone.errors import ConfigError, UsageError
from edgehone.report.page import SECTIONS, own_sections, render, sections_named
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section
from edgehone.store import Store
from edgehone.system import variants

OWN = '''
from markupsafe import Markup
from edgehone.report.sections._base import Section

class Footprint(Section):
    """The energy of the winner."""

    title = "Footprint <of the winner>"
    order = 15

    def applies(self, document):
        return document.winner is not None

    def render(self, document, rows):
        print("a user's print")
        return Markup("<p>{} models</p>").format(len(rows))

class Crashing(Section):
    title = "Crashing"

    def render(self, document, rows):
        return 1 / 0
'''


class Plain(Section):
    """A section that returns text, and no HTML."""

    title = "Plain"

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """What looks like HTML, and is none."""
        return "<b>5 < 6</b>"


class Empty(Section):
    """A section without content."""

    title = "Empty"

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """Nothing."""
        return ""


@pytest.fixture(scope="module")
def bare() -> RunDocument:
    """A run without candidates and times, whose page has no charts to wait for."""
    value = run_value()
    baseline = replace(value.baseline, latency=None, accuracy=None)
    return replace(value, candidates=(), baselines=(baseline,), winner=None)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module of a user's sections, which is the working folder."""
    (tmp_path / "house.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("house", None)


def test_every_file_of_the_folder_is_a_section_with_a_title_and_a_place_of_its_own() -> None:
    found = own_sections()
    assert len(found) == len(variants.module_names(SECTIONS)) >= 12
    assert len({each.title for each in found}) == len(found)
    assert len({each.order for each in found}) == len(found)


def test_a_section_in_a_new_file_appears_without_editing_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: RunDocument
) -> None:
    import edgehone.report.sections as package

    (tmp_path / "footprint.py").write_text(OWN.partition("class Crashing")[0])
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    try:
        assert "footprint" in variants.names(SECTIONS, Section)
        page = render(replace(bare, winner=run_value().winner))
    finally:
        sys.modules.pop(f"{SECTIONS}.footprint", None)
    assert "Footprint &lt;of the winner&gt;</h2>" in page
    assert "<p>1 models</p>" in page


def test_a_users_class_by_name_stands_where_its_order_says(module: Path, bare: RunDocument) -> None:
    (section,) = sections_named(["python:house:Footprint"])
    page = render(replace(bare, winner=run_value().winner), [section])
    places = [page.index(f"{title}</h2>") for title in ("Budgets", "winner&gt;", "Trade-off")]
    assert places == sorted(places)


def test_a_section_that_does_not_apply_or_is_empty_is_left_out(
    module: Path, bare: RunDocument
) -> None:
    page = render(bare, [*sections_named(["python:house:Footprint"]), Empty()])
    assert "Footprint" not in page
    assert "Empty" not in page


def test_text_of_a_section_is_escaped_unless_it_says_that_it_is_html(bare: RunDocument) -> None:
    page = render(bare, [Plain()])
    assert "&lt;b&gt;5 &lt; 6&lt;/b&gt;" in page
    assert "<b>5" not in page


def test_a_failing_section_says_so_and_spoils_no_other(module: Path, bare: RunDocument) -> None:
    page = render(bare, sections_named(["python:house:Crashing"]))
    assert "Section house:Crashing failed (ZeroDivisionError: division by zero)." in page
    assert "Conditions</h2>" in page


def test_what_is_no_section_is_refused(module: Path) -> None:
    with pytest.raises(ConfigError, match="is not a Section"):
        sections_named(["python:house:Markup"])
    with pytest.raises(UsageError, match="budget"):
        sections_named(["budget"])


def test_a_project_names_classes_and_nothing_else(tmp_path: Path) -> None:
    text = (
        '[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n'
        '[[budget]]\nmetric = "size_bytes"\nmax = "9 KiB"\n[report]\nsections = ["{}"]\n'
    )
    path = tmp_path / "edgehone.toml"
    path.write_text(text.format("python:house:Footprint"))
    assert load(path).report.sections == ("python:house:Footprint",)
    path.write_text(text.format("budgets"))
    with pytest.raises(ConfigError, match="names no class of yours"):
        load(path)


def test_report_has_the_sections_that_the_run_was_begun_with(
    module: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bare: RunDocument,
) -> None:
    store = Store(tmp_path / "runs")
    asked = {"report": {"sections": ["python:house:Footprint"]}, "begun_in": str(tmp_path)}
    run = store.create_run(asked)
    won = replace(bare, run=run, winner=run_value().winner)
    store.finish_run(run, "done", won.to_json())
    monkeypatch.chdir("/")
    assert main(["report", "--folder", str(tmp_path / "runs")]) == 0
    assert "Footprint" in (tmp_path / "runs" / run / "report.html").read_text(encoding="utf-8")
    assert "a user's print" not in capsys.readouterr().out
