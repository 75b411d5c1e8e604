from typing import Any
from xml.etree import ElementTree

import pytest
from tests.run_document import measurement

from edgehone.report import summaries
from edgehone.system.visible import in_markdown


def gate(*verdicts: str, decision: str = "fail") -> dict[str, Any]:
    measured = measurement("m", 0.05, 61_440, 0.9)
    path = measured["artifact"]["path"] = 'out/"odd" <name>.tflite'
    checks = [
        {
            "metric": "size_bytes",
            "bound": "max",
            "limit": 51_200.0,
            "value": 61_440.0,
            "ci95": None,
            "verdict": verdict,
            "reason": "" if verdict == "pass" else "61440 > 51200 & more",
            "file": path,
            "device": "local",
        }
        for verdict in verdicts
    ]
    return {"decision": decision, "checks": checks, "measurements": [measured], "lost": []}


def test_junit_counts_failures_and_does_not_pass_the_inconclusive() -> None:
    # The text was made by the code under test, not by a stranger.
    root = ElementTree.fromstring(summaries.junit(gate("pass", "fail", "inconclusive")))  # noqa: S314
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    (suite,) = root
    assert suite.get("name") == 'out/"odd" <name>.tflite'
    assert [child.tag for case in suite for child in case] == ["system-out", "failure", "error"]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "61440 > 51200 & more"


@pytest.mark.parametrize("decision", ["pass", "fail", "inconclusive"])
def test_markdown_begins_with_the_decision_and_holds_every_check(decision: str) -> None:
    text = summaries.markdown(gate("pass", decision, decision=decision))
    assert text.startswith("## ")
    assert decision in text.splitlines()[0]
    assert text.count("| size_bytes | ≤ 50.0 KiB |") == 2


def test_the_conclusion_counts_kept_missed_and_unknown() -> None:
    text = summaries.conclusion(gate("pass", "fail", "inconclusive"))
    assert text == "fail: 1 of 3 budgets are kept, 1 missed, 1 inconclusive."


def test_one_budget_is_a_budget() -> None:
    assert summaries.conclusion(gate("pass", decision="pass")) == "pass: 1 of 1 budget is kept."


def test_a_required_budget_that_is_waived_is_still_required() -> None:
    value = gate("fail", decision="pass")
    value["checks"][0]["waived"] = {"reason": "r", "owner": "o", "expires": "2999-01-01"}
    assert summaries.conclusion(value) == "pass: every required budget is waived; 1 waived."


def test_warnings_stand_in_the_markdown_and_beside_the_files_cases() -> None:
    value = gate("pass", decision="pass")
    file = value["checks"][0]["file"]
    value["warnings"] = [f"{file} is no better than a constant answer.", "another.tflite is odd."]
    text = summaries.markdown(value)
    assert f"{in_markdown(file)} is no better than a constant answer." in text
    root = ElementTree.fromstring(summaries.junit(value))  # noqa: S314 - as above
    assert [suite.get("errors") for suite in root] == ["0"]
    sentence = root.findtext(".//system-err")
    assert sentence is not None
    assert sentence.startswith(file)


def test_a_warning_stands_once_beside_the_file_that_it_names() -> None:
    value = gate("pass", "pass", "pass", decision="pass")
    for check, file in zip(value["checks"], ("a.tflite", "b.tflite", "b.tflite.old"), strict=True):
        check["file"] = file
    value["warnings"] = ["b.tflite.old is old.", "The device is warm.", "b.tflite guesses."]
    root = ElementTree.fromstring(summaries.junit(value))  # noqa: S314 - as above
    detail = {suite.get("name"): suite.findtext("system-err") for suite in root}
    assert detail == {
        "a.tflite": "The device is warm.",
        "b.tflite": "b.tflite guesses.",
        "b.tflite.old": "b.tflite.old is old.",
    }


def test_a_pass_with_a_remark_keeps_it() -> None:
    value = gate("pass", decision="pass")
    value["checks"][0]["reason"] = "it keeps the limit although contended"
    root = ElementTree.fromstring(summaries.junit(value))  # noqa: S314 - as above
    assert "although contended" in (root.findtext(".//system-out") or "")
    assert "although contended" in summaries.markdown(value)


def test_names_that_xml_cannot_hold_still_make_a_document_that_parses() -> None:
    value = gate("pass", "fail")
    for check in value["checks"]:
        check["file"] = "odd\x00\x1b[1m\ufffe.tflite"
    root = ElementTree.fromstring(summaries.junit(value))  # noqa: S314 - as above
    (suite,) = root
    assert suite.get("name") == r"odd\x00\x1b[1m\ufffe.tflite"
    assert {case.get("classname") for case in suite} == {suite.get("name")}
