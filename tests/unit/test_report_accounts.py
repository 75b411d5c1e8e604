"""A search's account of itself, on a terminal and on the page."""

from dataclasses import replace

import pytest
from tests.run_document import run_document, run_value

from edgehone.documents.run.bill import BillEntry
from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.search import SearchEntry
from edgehone.report.accounts import (
    GUESSING,
    account_sentence,
    bill_sentence,
    errors_table,
    time_words,
)
from edgehone.report.finalists import finalists_sentence
from edgehone.report.page import render


def test_one_line_tells_order_latency_and_time() -> None:
    assert account_sentence(run_value()) == (
        "Search: rank correlation of predicted and found losses 0.89 over 6 candidates; "
        "latency_p50_ms within ±5 % for 5 of 6; "
        "time: 61 % training, 19 % measuring, 10 % tables, 7 % export, 2 % waiting, 2 % other."
    )


@pytest.mark.slow
def test_a_search_that_guesses_says_so_in_the_line_and_on_the_page() -> None:
    document = run_value()
    assert document.search is not None
    guessing = replace(
        document, search=replace(document.search, rank_correlation=-0.2, guessing=True)
    )
    assert GUESSING in account_sentence(guessing)
    assert GUESSING in render(guessing)
    assert GUESSING not in render(document)


def test_the_page_has_the_errors_and_the_time() -> None:
    page = render(run_value())
    assert "How far the search can be trusted" in page
    for text in ("within ±5 %", "83 %", "3.1 %", "training", "130.0"):
        assert text in page


def test_a_document_that_does_not_tell_has_no_account() -> None:
    data = {key: value for key, value in run_document().items() if key != "search"}
    old = RunDocument.from_json(data)
    assert old.search is None
    assert account_sentence(old) == ""
    assert "How far the search can be trusted" not in render(old)
    assert old.to_json()["search"] is None


def test_what_is_not_known_is_left_out() -> None:
    nothing = SearchEntry()
    document = replace(run_value(), search=nothing)
    assert account_sentence(document) == ""
    assert errors_table(nothing).rows == ()
    assert time_words({"training": 0.0}) == ""
    assert SearchEntry.from_json(nothing.to_json()) == nothing
    render(document)


def test_one_line_tells_what_training_cost() -> None:
    assert bill_sentence(run_value()) == (
        "Bill: 66 passes over the training data: 48 for candidates, 18 for finalists."
    )
    assert "66 passes over the training data" in render(run_value())
    assert bill_sentence(replace(run_value(), bill=None)) == ""


def test_one_line_and_a_section_tell_what_became_of_finalists() -> None:
    document = run_value()
    assert finalists_sentence(document) == (
        "Trained on: round-5-final-aware takes the place of round-5 (accuracy 96.1 % instead of "
        "95.1 % on validation data)."
    )
    page = render(document)
    for text in ("Finalists", "round-5-final-aware", "trained with rounding", "another is better"):
        assert text in page
    stays = replace(document, finalists=document.finalists[:1])
    assert "round-5 stays" in finalists_sentence(stays)
    nobody = replace(document, finalists=())
    assert finalists_sentence(nobody) == ""
    assert "trained with rounding" not in render(nobody)


def test_a_bill_counts_the_trial_of_the_teacher_and_older_ones_had_none() -> None:
    entry = BillEntry(candidates=80, teacher=40)
    assert entry.to_json()["epochs"] == 120
    assert entry.sentence == (
        "120 passes over the training data: 40 for trying the teacher, 80 for candidates"
    )
    older = {key: value for key, value in entry.to_json().items() if key != "teacher"}
    assert BillEntry.from_json(older) == replace(entry, teacher=0)
