"""The published JSON: values survive the way there and back, and fit their schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests.run_document import run_document

from edgehone import documents
from edgehone.budgets import Budget, Check, Decision
from edgehone.errors import DataError
from edgehone.values import (
    Accuracy,
    Artifact,
    Candidate,
    DeviceInfo,
    Latency,
    Measurement,
    Memory,
    Model,
    PrecisionPlan,
    Recipe,
    RuntimeInfo,
    Step,
    StepReport,
)

SHA = "0123456789abcdef" * 4
MODEL = Model(Path("m.keras"), SHA, 100, 2000)
STEP = StepReport("prune_channels", {"ratio": 0.5}, (100, 50), (9, 4), (400, 200), "", {"a": 1})
RECIPE = Recipe((Step("distill", {"epochs": 2}),), PrecisionPlan("int8", {"dense": "float32"}))
CANDIDATE = Candidate(MODEL, RECIPE, MODEL, (STEP,))
ARTIFACT = Artifact(
    Path("m.tflite"), "tflite", "int8", 1000, 800, SHA, CANDIDATE, {"flex": []}, {"snr_db": 40.0}
)
ACCURACY = Accuracy("accuracy", 0.9, 100, (0.83, 0.94), 0.97, 0.01, (-0.01, 0.03))
MEASUREMENT = Measurement(
    ARTIFACT,
    DeviceInfo("bench-pi", "raspberry-pi-4"),
    RuntimeInfo("litert", "2.3.0", "xnnpack", 1),
    Latency(((1.0, 1.1, 1.2), (1.0, 1.3)), (4.0, 5.0), (0.5, 0.6)),
    Memory(4096, 1024, 1 << 20, 2048),
    ACCURACY,
    ACCURACY,
    None,
    {"before": {"load1": 0.3}},
    "noisy",
    "blocks differ",
)
CHECK = Check("size_bytes", "max", 2000.0, 1000.0, None, "pass", "")


def through_text(document: Any) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


def validate(document: Any, name: str) -> None:
    jsonschema.Draft202012Validator(documents.schema(name)).validate(through_text(document))


def test_values_survive_json() -> None:
    pairs: list[tuple[Any, Any]] = [
        (MODEL, documents.model_from_json(through_text(documents.model_json(MODEL)))),
        (RECIPE, documents.recipe_from_json(through_text(documents.recipe_json(RECIPE)))),
        (STEP, documents.step_report_from_json(through_text(documents.step_report_json(STEP)))),
        (
            CANDIDATE,
            documents.candidate_from_json(through_text(documents.candidate_json(CANDIDATE))),
        ),
        (
            ARTIFACT,
            documents.artifact_from_json(
                through_text(documents.artifact_json(ARTIFACT, details=True)), CANDIDATE
            ),
        ),
    ]
    for value, back in pairs:
        assert value == back


def test_measurement_survives_json_with_its_raw_samples() -> None:
    document = through_text(documents.measurement_json(MEASUREMENT))
    assert documents.measurement_from_json(document, ARTIFACT) == MEASUREMENT
    alone = documents.measurement_from_json(document)
    assert alone.artifact.sha256 == SHA
    assert alone.artifact.candidate is None
    assert document["latency_ms"]["p50"] == pytest.approx(1.1)
    assert document["latency_ms"]["samples"] == [[1.0, 1.1, 1.2], [1.0, 1.3]]


def test_measurement_without_numbers_survives_json() -> None:
    empty = Measurement(ARTIFACT, MEASUREMENT.device, MEASUREMENT.runtime, None, None)
    document = through_text(documents.measurement_json(empty))
    assert documents.measurement_from_json(document, ARTIFACT) == empty
    validate({"measurements": [document]}, "bench")


def test_decision_survives_json() -> None:
    check = Check("accuracy", "min", 0.9, None, (0.8, 0.95), "inconclusive", "too few samples")
    decision = Decision(MEASUREMENT, (CHECK, check), "inconclusive")
    back = documents.decision_from_json(
        through_text(documents.decision_json(decision)), MEASUREMENT
    )
    assert back == decision


def test_budget_is_written_as_its_table() -> None:
    assert documents.budget_json(Budget("accuracy", "min", 0.9)) == {
        "metric": "accuracy",
        "min": 0.9,
    }
    assert documents.budget_json(Budget("size_bytes", "max", 9, "pi"))["device"] == "pi"


def test_plain_turns_numpy_and_paths_into_json() -> None:
    value = {"a": np.float32(0.5), "b": (np.arange(2), Path("x")), "c": float("inf"), 4: {2, 1}}
    assert documents.plain(value) == {"a": 0.5, "b": [[0, 1], "x"], "c": None, "4": [1, 2]}
    with pytest.raises(DataError, match="object"):
        documents.plain({"a": object()})


def test_documents_fit_their_schemas() -> None:
    measured = documents.measurement_json(MEASUREMENT)
    check = documents.check_json(CHECK)
    recipe = documents.recipe_json(RECIPE)
    decision = documents.decision_json(Decision(MEASUREMENT, (CHECK,), "pass"))
    validate({"measurements": [measured]}, "bench")
    validate({"decision": "pass", "checks": [check], "measurements": [measured]}, "gate")
    validate(
        {
            "ratio": 0.5,
            "ci95": [0.4, None],
            "pairs": 20,
            "verdict": "faster",
            "measurements": [measured, measured],
        },
        "compare",
    )
    validate({"artifacts": [documents.artifact_json(ARTIFACT, details=True)]}, "export")
    candidate = {
        "recipe": recipe,
        "predicted_latency_ms": None,
        "predicted_instructions": None,
        "measurement": measured,
        "decision": decision,
    }
    run = {
        "run": "20261123-221501-ab12",
        "baseline": measured,
        "winner": None,
        "candidates": [candidate],
        "budgets": [documents.budget_json(Budget("accuracy", "min", 0.9))],
        "decision": "fail",
        "report": "report.html",
        "artifacts": "runs/x",
    }
    validate(run, "run")


def test_a_complete_run_fits_its_schema() -> None:
    validate(run_document(), "run")


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("bench", {}),
        ("bench", {"measurements": [{"artifact": {}}]}),
        ("gate", {"decision": "maybe", "checks": [], "measurements": []}),
        ("run", {**run_document(), "decision": None}),
        ("run", {**run_document(), "baseline": None}),
        ("run", {**run_document(), "budgets": [{"metric": "accuracy"}]}),
        ("export", {"artifacts": [documents.artifact_json(ARTIFACT)]}),
        ("inspect", {"params": 3}),
    ],
)
def test_schemas_refuse_what_breaks_the_contract(name: str, document: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(document, name)


@pytest.mark.parametrize("name", documents.SCHEMAS)
def test_schemas_are_valid_and_complete(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(documents.schema(name))


def test_unknown_schema_names_the_known_ones() -> None:
    with pytest.raises(DataError, match="Unknown schema 'benches'"):
        documents.schema("benches")
