"""A run's document as a value: old ones are read, and what is written reads back as it was."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.run_document import run_document

from edgehone.documents import schema
from edgehone.documents.published import VERSION, versioned
from edgehone.documents.run.candidate import LayerEntry
from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.student import StudentEntry
from edgehone.errors import StorageError
from edgehone.measure.protocol import failed
from edgehone.report.headline import sentence
from edgehone.report.rows import rows_of_run

KEPT = Path(__file__).parents[1] / "documents"
OLD = ("run-0.1.json", "run-0.2-untyped.json")


def kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KEPT / name).read_text(encoding="utf-8"))
    return found


def through_text(document: RunDocument) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document.to_json(), allow_nan=False))
    return found


def lost_keys(old: Any, new: Any, place: str = "") -> list[str]:
    """Where a document lacks or changes what an older one says."""
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [f"{place}{key}" for key in old if key not in new]
        both = [key for key in old if key in new]
        return gone + [p for key in both for p in lost_keys(old[key], new[key], f"{place}{key}.")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [p for n, (a, b) in pairs for p in lost_keys(a, b, f"{place}{n}.")]
    return [] if old == new else [place]


@pytest.mark.parametrize("name", OLD)
def test_documents_of_older_versions_are_read_and_lose_nothing(name: str) -> None:
    old = kept(name)
    value = RunDocument.from_json(old)
    new = through_text(value)
    lines = [place for place in lost_keys(old, new) if not place.endswith(".verdict.")]
    assert lines == []
    assert new["schema"] == VERSION
    jsonschema.Draft202012Validator(schema("run")).validate(new)
    assert "keeps every budget" in sentence(value, rows_of_run(value))


def test_a_file_that_failed_in_a_document_of_0_1_is_known_by_its_verdict() -> None:
    value = RunDocument.from_json(kept("run-0.1.json"))
    runs = [each.measurement for each in value.candidates if each.measurement]
    assert [failed(each) for each in runs] == [False, True]
    assert through_text(value)["candidates"][1]["measurement"]["verdict"] == "failed"


def test_what_is_written_reads_back_as_it_was() -> None:
    value = RunDocument.from_json(run_document())
    again = RunDocument.from_json(through_text(value))
    assert again == value
    assert through_text(again) == through_text(value)


def test_the_first_documents_had_fewer_fields() -> None:
    document = run_document()
    for key in ("winner_speedup", "warnings", "seconds", "binding", "stopped", "environment"):
        del document[key]
    document["baselines"] = []
    value = RunDocument.from_json(document)
    assert value.baseline == value.baselines[0]
    assert value.devices == (value.device,)
    assert value.warnings == ()


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(StorageError, match="version 2") as caught:
        RunDocument.from_json({**run_document(), "schema": VERSION + 1})
    assert "newer edgehone" in caught.value.hint


@pytest.mark.parametrize("version", ["1", True, 0, -1, 1.5, None])
def test_a_version_that_is_none_is_refused(version: Any) -> None:
    with pytest.raises(StorageError, match="is of version"):
        RunDocument.from_json({**run_document(), "schema": version})


def test_a_misshapen_document_is_a_storage_error() -> None:
    document = run_document()
    document["candidates"][0]["recipe"] = {"steps": 3}
    with pytest.raises(StorageError, match="damaged"):
        RunDocument.from_json(document)


def test_devices_that_failed_are_warned_of_once() -> None:
    lost = {"device": "pi", "message": "gone.", "hint": "Mend it.", "exit_code": 4}
    document = {**run_document(), "lost": [lost], "warnings": ["odd data", "pi failed: gone."]}
    value = RunDocument.from_json(document)
    assert value.remarks == ("odd data",)
    assert value.warnings == ("odd data", "pi failed: gone.")
    assert through_text(value)["warnings"] == document["warnings"]


def test_what_other_techniques_decide_of_a_layer_is_kept() -> None:
    row = {"name": "conv", "kind": "conv", "precision": "int8", "sparsity": 0.5}
    layer = LayerEntry.from_json(row)
    assert layer.others == {"sparsity": 0.5}
    assert {key: layer.to_json()[key] for key in row} == row


def test_the_chosen_student_is_known_by_a_value() -> None:
    row: dict[str, Any] = {
        **dict.fromkeys(("width", "depth", "params", "macs", "latency_p50_ms", "size_bytes"), 1),
        "name": "w1-d1",
        "scores": [[1, 0.5]],
        "outcome": "the best of three",
    }
    assert StudentEntry.from_json({**row, "chosen": True}).chosen
    assert not StudentEntry.from_json(row).chosen
    assert StudentEntry.from_json({**row, "outcome": "chosen"}).chosen


def test_every_document_carries_its_version() -> None:
    assert versioned({"runs": []}) == {"schema": VERSION, "runs": []}
