"""Names from outside: shown in full, and acting on no terminal, page or comment that shows them."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests import bundle_files, onnx_files, tiny_models
from tests.unit.test_cli_measuring import SCRIPTED, write

from edgehone.cli.app import main
from edgehone.cli.drawing import events
from edgehone.release.manifest import Manifest
from edgehone.release.writing import Part
from edgehone.release.writing import write as write_bundle
from edgehone.store import Store
from edgehone.system.visible import in_markdown, visible

NAME = "a\nFAKED: pass\r\x1b[2J\x1b]0;x\x07\x9b1m\u202egpj\u2066\u200b|`x`@you #1 <img src=x>[y](z)"
"""A file may be called so."""

ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def acting(text: str) -> set[str]:
    """What acts in a text, but for the ends of lines."""
    return {each for each in text if unicodedata.category(each) in ACTING} - {"\n"}


def test_each_character_that_is_not_seen_is_shown_as_its_escape() -> None:
    assert visible("a\x1b[31m\n\u202eb\t\U000e0001") == r"a\x1b[31m\n\u202eb\t\U000e0001"
    assert visible("München 30 °C → 你好 ✅") == "München 30 °C → 你好 ✅"


@given(st.text())
def test_no_text_acts_once_it_is_visible(text: str) -> None:
    assert not acting(visible(text))
    assert "\n" not in visible(text)


Words = Callable[[Path, Path], list[str]]


def gate_words(at: Path, model: Path) -> list[str]:
    budgets = write(at / "b.toml", 'metric = "size_bytes"\nmax = 10')
    return ["gate", str(budgets), str(model), str(other(at)), *SCRIPTED]


def other(at: Path) -> Path:
    return tiny_models.dense(at, name="other")


def odd_onnx(at: Path, model: Path) -> list[str]:
    """A file whose layers, inputs and outputs are called so."""
    import onnx

    found = onnx.load(onnx_files.float_file(at))
    graph = found.graph
    for node in graph.node:
        node.name += NAME
        node.input[:] = [NAME if each == "x" else each for each in node.input]
        node.output[:] = [NAME + "y" if each == "y" else each for each in node.output]
    graph.input[0].name, graph.output[0].name = NAME, NAME + "y"
    onnx.save(found, at / "odd.onnx")
    del model
    return ["inspect", str(at / "odd.onnx")]


def odd_bundle(at: Path, model: Path) -> list[str]:
    about = Manifest(NAME, NAME, (), NAME, NAME, "pass")
    write_bundle(at / "b.zip", about, {"artifacts/m.tflite": Part(NAME, model.read_bytes())})
    return ["verify", str(at / "b.zip")]


def odd_member(at: Path, model: Path) -> list[str]:
    del model
    members = [*bundle_files.members_of(bundle_files.small(at / "s.zip"))]
    odd = (bundle_files.info(NAME), b"x")
    return ["verify", str(bundle_files.zipped(at / "m.zip", [members[0], odd, *members[1:]]))]


def failed_run(at: Path, model: Path) -> list[str]:
    del model
    store = Store(at / "runs")
    run = store.create_run({"model": {"teacher": NAME}, "on": [NAME]})
    store.finish_run(run, "failed", reason=NAME)
    return ["runs", "--folder", str(at / "runs")]


COMMANDS: dict[str, Words] = {
    "inspect of odd names": odd_onnx,
    "verify": odd_bundle,
    "verify of an odd member": odd_member,
    "verify of no bundle": lambda _, model: ["verify", str(model)],
    "runs": failed_run,
    "repack": lambda at, model: ["repack", str(model), "-o", str(at / f"{NAME}2.tflite")],
    "bundle": lambda at, model: ["bundle", str(model), "-o", str(at / f"{NAME}.zip")],
    "compare": lambda _, model: ["compare", str(model), str(model), *SCRIPTED],
    "gate": gate_words,
    "no device": lambda _, model: ["bench", str(model), "--on", NAME],
    "no file": lambda at, _: ["inspect", str(at / NAME / "none.tflite")],
    "no option": lambda _, model: ["inspect", str(model), f"--{NAME}"],
    "no command": lambda _, model: [NAME, str(model)],
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / NAME.replace("/", "")
    folder.mkdir()
    found = tiny_models.dense(folder)
    return found.rename(folder / f"{NAME}.tflite")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_a_name_that_acts(
    name: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = COMMANDS[name](tmp_path, model)
    main(words)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not acting(text)
        assert not [line for line in text.splitlines() if line.strip().startswith("FAKED")]
    assert "FAKED" in printed.out + printed.err  # it is shown


def test_progress_that_is_drawn_acts_on_nothing() -> None:
    (event,) = events(iter([json.dumps({"stage": NAME, "text": NAME, "who": NAME}) + "\n"]))
    assert {event.stage, event.text, event.who} == {visible(NAME)}


@pytest.mark.slow
def test_no_name_acts_in_what_a_gate_writes(model: Path, tmp_path: Path) -> None:
    words = gate_words(tmp_path, model)
    places = {kind: tmp_path / f"gate.{kind}" for kind in ("markdown", "sarif", "junit", "summary")}
    main([*words, *(word for kind, at in places.items() for word in (f"--{kind}", str(at)))])
    texts = {kind: place.read_text() for kind, place in places.items()}
    for text in texts.values():
        assert not acting(text)
    assert texts["summary"] == texts["markdown"]
    assert "FAKED" in texts["markdown"]
    assert not markup(texts["markdown"]) - ALLOWED
    for result in json.loads(texts["sarif"])["runs"][0]["results"]:
        assert "\n" not in result["message"]["text"]
    suites = ElementTree.fromstring(texts["junit"])  # noqa: S314 - our own
    assert {visible(str(model)), str(tmp_path / "other.tflite")} == {
        suite.get("name") for suite in suites
    }


ALLOWED = {"heading", "table", "bold", "details"}
KINDS = {
    "link_open": "link",
    "image": "image",
    "code_inline": "code",
    "em_open": "emphasis",
    "s_open": "strike",
    "strong_open": "bold",
    "heading_open": "heading",
    "table_open": "table",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "hr": "rule",
    "code_block": "code",
    "fence": "code",
    "blockquote_open": "quote",
}


def markup(text: str) -> set[str]:
    """The kinds of markup in a text, as a reader of GitHub's Markdown finds them."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = set()
    for token in reader.parse(text):
        for each in (token, *(token.children or ())):
            if each.type in KINDS:
                found.add(KINDS[each.type])
            if each.type in ("html_inline", "html_block") and each.content != "<!-- -->":
                details = each.content.startswith(("<details", "</details"))
                found.add("details" if details else "html")
            if each.type == "text" and _links(each.content):
                found.add("mention")
    return found


def _links(text: str) -> bool:
    starts = [text[place + 1 : place + 2] for place, each in enumerate(text) if each in "@#"]
    return any(each.isalnum() for each in starts) or "://" in text


@example("1.")
@example("1) a")
@given(st.text(alphabet="ab1 \n|`*_~[]()<>!#@&:/.-+=\\$\"'\u202e\x1b"))
def test_no_text_is_markup_in_markdown(text: str) -> None:
    shown = in_markdown(text)
    assert not markup(f"{shown}\n")
    assert markup(f"| a | b |\n| --- | --- |\n| {shown} | {shown} |\n") == {"table"}


@pytest.mark.parametrize(
    "text",
    ["size_bytes ≤ 60 KiB", "bench-pi (raspberry-pi-5)", "conv3 +18 % instructions: 24 → 26"],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert in_markdown(text) == text
