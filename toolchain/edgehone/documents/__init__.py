"""Values as the published JSON has them, and back; `run/` has those of a whole run."""

from edgehone.documents.artifacts import artifact_from_json, artifact_json
from edgehone.documents.decisions import (
    budget_from_json,
    budget_json,
    check_from_json,
    check_json,
    decision_from_json,
    decision_json,
    waiver_from_json,
    waiver_json,
)
from edgehone.documents.measurements import (
    accuracy_from_json,
    accuracy_json,
    latency_from_json,
    latency_json,
    measurement_from_json,
    measurement_json,
    measurements_of,
)
from edgehone.documents.plain import Json, plain
from edgehone.documents.published import SCHEMAS, VERSION, schema, versioned
from edgehone.documents.recipes import (
    BIT_SETTINGS,
    bits_from_json,
    bits_json,
    candidate_from_json,
    candidate_json,
    model_from_json,
    model_json,
    recipe_from_json,
    recipe_json,
    step_report_from_json,
    step_report_json,
)

__all__ = [
    "BIT_SETTINGS",
    "SCHEMAS",
    "VERSION",
    "Json",
    "accuracy_from_json",
    "accuracy_json",
    "artifact_from_json",
    "artifact_json",
    "bits_from_json",
    "bits_json",
    "budget_from_json",
    "budget_json",
    "candidate_from_json",
    "candidate_json",
    "check_from_json",
    "check_json",
    "decision_from_json",
    "decision_json",
    "latency_from_json",
    "latency_json",
    "measurement_from_json",
    "measurement_json",
    "measurements_of",
    "model_from_json",
    "model_json",
    "plain",
    "recipe_from_json",
    "recipe_json",
    "schema",
    "step_report_from_json",
    "step_report_json",
    "versioned",
    "waiver_from_json",
    "waiver_json",
]
