import copy
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.run_document import run_document, run_value

from edgehone.documents import recipe_from_json
from edgehone.report import drawing, predictions, spreads, tradeoff
from edgehone.report.budgets import limits
from edgehone.report.page import render, title_of
from edgehone.report.recipes import recipe_words
from edgehone.report.rows import one_each, rows_of_run
from edgehone.report.tradeoff import pareto, trade_off

VOID = {"meta", "link", "br", "img", "input"}


class Balance(HTMLParser):
    """Tags that are closed without being open, those that stay open, and scripts in attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def page() -> str:
    return render(run_value())


@pytest.mark.slow
def test_the_page_needs_nothing_from_anywhere(page: str) -> None:
    links = re.findall(r'(?:src|href|url\()=?["\']?([^"\')\s>]+)', page)
    assert [link for link in links if not link.startswith("#")] == []
    addresses = set(re.findall(r"https?://[^\"' <)]+", page))
    assert all(address.startswith("http://www.w3.org/") for address in addresses)


def test_the_page_is_well_formed(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert balance.wrong == []
    assert balance.open == []


def test_the_page_shows_every_section_and_model(page: str) -> None:
    for title in (
        "Budgets",
        "Trade-off",
        "What was decided, layer by layer",
        "Predicted against measured",
        "Latency distributions",
        "Recipes and their steps",
        "Exported files",
        "Conditions",
        "Project and environment",
    ):
        assert f">{title}</h2>" in page
    for row in rows_of_run(run_value()):
        assert row.name in page


def test_charts_take_their_colours_from_the_page(page: str) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "var(--winner)" in drawn
    assert not any(f'"{colour}"' in drawn for colour in drawing.LIGHT.values())


def test_bubbles_tell_their_recipe_when_pointed_at(page: str) -> None:
    titles = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    assert any("prune_channels(ratio=0.5)" in title for title in titles)


SAFE = {"metric", "bound", "verdict", "outcome", "decision", "status", "kind", "sha256"}
"""Keys of a document whose texts are words of a fixed list."""
EVIL = "<script>alert('1')</script>\" onload='x()' onload=\"x()\" &"


def poisoned(value: Any, key: str = "") -> Any:
    """A document whose every free text, and every free key, ends in HTML."""
    if isinstance(value, dict):
        free = key in ("settings", "environment", "samples", "conditions", "layers", "operators")
        return {
            f"{name}{EVIL}" if free else name: poisoned(each, name) for name, each in value.items()
        }
    if isinstance(value, list):
        return [poisoned(each, "" if isinstance(each, dict) else key) for each in value]
    return f"{value}{EVIL}" if isinstance(value, str) and key not in SAFE else value


def test_no_text_of_a_document_becomes_html() -> None:
    document = run_document()
    document["candidates"] = document["candidates"][3:5]
    document["warnings"] = ["odd data"]
    document["stopped"] = "enough"
    document["generalization"] = None
    objective = document.pop("objective")
    text = render(run_value({**poisoned(document), "objective": objective}))
    assert text.count("<script") == 1
    assert "&lt;script&gt;alert" in text
    balance = Balance()
    balance.feed(text)
    assert (balance.wrong, balance.open, balance.handlers) == ([], [], [])


def test_charts_have_accessible_names(page: str) -> None:
    drawn = re.findall(r"<svg[^>]*>", page)
    assert len(drawn) == 4
    assert all('role="img"' in each for each in drawn)
    names = [re.findall(r'aria-label="([^"]+)"', each)[0] for each in drawn]
    assert len(set(names)) == len(names)
    assert "accuracy of 10 models" in names[0]


def test_ids_are_unique_and_links_lead_to_them(page: str) -> None:
    parts = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    ids = re.findall(r'\bid="([^"]+)"', parts)
    assert len(set(ids)) == len(ids)
    targets = re.findall(r'href="#([^"]+)"', parts)
    assert len(targets) >= 9
    assert set(targets) <= set(ids)


def test_every_heading_of_a_table_says_what_it_heads(page: str) -> None:
    assert re.findall(r"<th(?![^>]*scope=)(?:ead)?[^>]*>", page.replace("<thead>", "")) == []


@pytest.mark.parametrize(
    ("teacher", "name", "title"),
    [
        ("/home/ann/kws/teacher.keras", "", "kws on local"),
        ("/home/ann/nets/kws-small.keras", "", "kws-small on local"),
        ("python:nets:keyword_spotter", "", "keyword_spotter on local"),
        ("teacher.keras", "", "teacher on local"),
        ("teacher.keras", "tuesday", "tuesday on local"),
        ("", "", "20261123-221501-ab12 on local"),
    ],
)
def test_the_page_is_called_by_the_project(teacher: str, name: str, title: str) -> None:
    value = run_value()
    project = replace(value.project, teacher=teacher)
    assert title_of(replace(value, project=project, name=name)) == title


def test_a_page_without_a_winner_tells_the_budgets_and_what_stops_the_candidates() -> None:
    document = {
        **run_document(),
        "candidates": run_document()["candidates"][:1],
        "winner": None,
        "winner_name": "",
        "decision": "fail",
    }
    text = render(run_value(document))
    budgets = text[text.index(">Budgets</h2>") : text.index(">Trade-off</h2>")]
    for words in ("accuracy_drop ≤ 2 points", "closest that any file came", "what stops the"):
        assert words in budgets
    assert "winner" not in re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    chart = trade_off(rows_of_run(run_value(document)))
    assert chart is not None
    assert '"winner"' not in chart.to_json()


def test_a_page_whose_winner_is_the_model_itself_compares_it_with_nothing() -> None:
    document = {**run_document(), "candidates": [], "winner_name": "teacher float32 (tflite)"}
    document["winner"] = document["baseline"]
    text = render(run_value(document))
    assert "It is the model as it was: no candidate that keeps the budgets is better." in text
    assert "smaller" not in text


def without(*keys: str) -> dict[str, Any]:
    document = copy.deepcopy(run_document())
    for measurement in [
        *document["baselines"],
        *(candidate["measurement"] for candidate in document["candidates"]),
    ]:
        for key in keys:
            measurement[key] = None
    return document


@pytest.mark.parametrize("keys", [("accuracy",), ("latency_ms", "memory_bytes")])
def test_the_page_is_written_whatever_was_not_measured(keys: tuple[str, ...]) -> None:
    document = without(*keys)
    document.update(winner=None, decision="inconclusive", binding=[])
    assert "inconclusive" in render(run_value(document))


@pytest.mark.slow
def test_the_page_of_counts_compares_by_instructions() -> None:
    document = run_document()
    document["budgets"] = [{"metric": "instructions", "max": 900_000}]
    for number, each in enumerate([*document["baselines"], document["winner"]]):
        each["instructions"] = 1_000_000 - number
    for number, candidate in enumerate(document["candidates"]):
        candidate["measurement"]["instructions"] = 900_000 - 100_000 * number
        candidate.update(predicted_instructions=890_000.0, predicted_latency_ms=None)
    page = render(run_value(document))
    assert "fewer instructions" in page
    assert "instructions predicted" in page
    assert "900,000" in page
    rows = rows_of_run(run_value(document))
    chart = tradeoff.trade_off(rows, limits(run_value(document), rows[0]))
    assert chart is not None
    assert "instructions (M)" in chart.to_json()
    assert predictions.predicted(rows, "instructions") is not None
    assert predictions.predicted(rows, "latency") is None


def test_a_run_without_candidates_has_a_page() -> None:
    document = {**run_document(), "candidates": [], "winner": None, "rounds": [], "binding": []}
    assert "teacher float32 (tflite)" in render(run_value(document))


def test_the_pareto_front_leaves_out_what_another_beats_in_both() -> None:
    costs, gains = [1, 2, 3, 4], [0.5, 0.4, 0.9, 0.8]
    assert pareto(costs, gains) == [(1, 0.5), (3, 0.9)]
    assert pareto(costs, gains, rising=False) == [(1, 0.5), (2, 0.4)]


def test_charts_of_nothing_are_none() -> None:
    rows = rows_of_run(run_value(without("accuracy", "latency_ms")))
    assert tradeoff.trade_off(rows) is None
    assert spreads.latencies(rows) is None
    assert predictions.predicted(rows, "latency") is None


def test_a_chart_can_be_a_picture() -> None:
    chart = predictions.predicted(rows_of_run(run_value()), "size")
    assert drawing.png(chart).startswith(b"\x89PNG")


def test_formats_of_one_candidate_share_one_column_of_decisions() -> None:
    document = run_document()
    first, second = document["candidates"][:2]
    second.update(name=first["name"], layers=first["layers"])
    second["measurement"]["artifact"]["format"] = "onnx"
    made = one_each(rows_of_run(run_value(document)))
    assert len(made) == 5


def test_a_recipe_is_one_line_whatever_its_settings() -> None:
    many = {f"layer{n}": n for n in range(9)}
    recipe = {
        "steps": [
            {"technique": "prune_channels", "settings": {"channels": many}},
            {"technique": "distill", "settings": {"epochs": 6, "soft": 0.7, "hard": 0.3}},
        ],
        "bits": {"default": "int8", "layers": {"head": "float32"}},
    }
    text = recipe_words(recipe_from_json(recipe))
    assert text == (
        "prune_channels(channels=9 layers) → distill(epochs=6, soft=0.7, …) → int8 + float32"
    )
