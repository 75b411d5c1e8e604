"""Values as the published JSON has them, and back."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import DataError
from edgehone.stats import summarize
from edgehone.system.files import reading
from edgehone.values import (
    Accuracy,
    Artifact,
    BitPlan,
    Budget,
    Candidate,
    Check,
    Decision,
    DeviceInfo,
    Guess,
    Latency,
    Measurement,
    Memory,
    Model,
    Plain,
    Recipe,
    RuntimeInfo,
    Step,
    StepReport,
)

Json = dict[str, Any]

SCHEMAS = ("bench", "compare", "gate", "calibration", "run", "inspect", "export", "compress")
"""Documents of the command line with a published schema."""

BIT_SETTINGS = ("algorithm", "percentile", "io", "block", "symmetric")
"""Settings of a bit plan that recipes leave out where they are the default."""

_SHARED = ("measurement", "artifact", "decision", "recipe")
_SCHEMA_FOLDER = Path(__file__).parent / "schemas"


def schema(name: str) -> Json:
    """The JSON schema (draft 2020-12) of a command's document, with all it refers to inside."""
    if name not in (*SCHEMAS, *_SHARED):
        raise DataError(f"There is no schema {name!r}.", f"Known: {', '.join(SCHEMAS)}.")
    found = _schema_file(name)
    found["$defs"] = {part: _schema_file(part) for part in _SHARED if part != name}
    return found


def _schema_file(name: str) -> Json:
    path = _SCHEMA_FOLDER / f"{name}.json"
    with reading(path):
        return dict(json.loads(path.read_text(encoding="utf-8")))


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: mappings as dicts, sequences as lists, paths as texts, NumPy's
    numbers as Python's, numbers that are not finite as None. Raises DataError for anything else.
    """
    match value:
        case None | bool() | str() | int():
            return value
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case Path():
            return str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Sequence() | set() | frozenset():
            items = sorted(value) if isinstance(value, set | frozenset) else value
            return [plain(item) for item in items]
    raise DataError(f"{type(value).__name__} cannot be written as JSON.")


def model_json(model: Model) -> Json:
    """A Keras model on disk."""
    return {
        "path": str(model.path),
        "sha256": model.sha256,
        "params": model.params,
        "macs": model.macs,
    }


def model_from_json(data: Plain) -> Model:
    """What `model_json` wrote."""
    return Model(Path(data["path"]), data["sha256"], data["params"], data["macs"])


def recipe_json(recipe: Recipe) -> Json:
    """A recipe's steps and bits."""
    return {
        "steps": [
            {"technique": step.technique, "settings": plain(step.settings)} for step in recipe.steps
        ],
        "bits": bits_json(recipe.bits),
    }


def bits_json(bits: BitPlan) -> Json:
    """Precisions by layer, and those settings that differ from their defaults."""
    found: Json = {"default": bits.default, "layers": dict(bits.layers)}
    usual = BitPlan()
    for name in BIT_SETTINGS:
        if getattr(bits, name) != getattr(usual, name):
            found[name] = getattr(bits, name)
    return found


def bits_from_json(data: Plain) -> BitPlan:
    """What `bits_json` wrote."""
    settings = {name: data[name] for name in BIT_SETTINGS if name in data}
    return BitPlan(data["default"], dict(data["layers"]), **settings)


def recipe_from_json(data: Plain) -> Recipe:
    """What `recipe_json` wrote."""
    steps = tuple(Step(step["technique"], dict(step["settings"])) for step in data["steps"])
    return Recipe(steps, bits_from_json(data["bits"]))


def step_report_json(report: StepReport) -> Json:
    """What one step did; pairs are before and after."""
    return {
        "technique": report.technique,
        "settings": plain(report.settings),
        "params": list(report.params),
        "macs": list(report.macs),
        "size_bytes": list(report.size_bytes),
        "skipped": report.skipped,
        "detail": plain(report.detail),
    }


def step_report_from_json(data: Plain) -> StepReport:
    """What `step_report_json` wrote."""
    return StepReport(
        data["technique"],
        data["settings"],
        _pair(data["params"]),
        _pair(data["macs"]),
        _pair(data["size_bytes"]),
        data["skipped"],
        data["detail"],
    )


def candidate_json(candidate: Candidate) -> Json:
    """A compressed model with the recipe that made it, its origin and its steps."""
    return {
        "model": model_json(candidate.model),
        "recipe": recipe_json(candidate.recipe),
        "origin": None if candidate.origin is None else model_json(candidate.origin),
        "steps": [step_report_json(step) for step in candidate.steps],
    }


def candidate_from_json(data: Plain) -> Candidate:
    """What `candidate_json` wrote."""
    return Candidate(
        model_from_json(data["model"]),
        recipe_from_json(data["recipe"]),
        None if data["origin"] is None else model_from_json(data["origin"]),
        tuple(step_report_from_json(step) for step in data["steps"]),
    )


def artifact_json(artifact: Artifact, *, details: bool = False) -> Json:
    """A deployable file; with `details` also what is in it ("audit") and how close it is to its
    Keras model ("parity"). The candidate it came from is not part of it.
    """
    found = {
        "path": str(artifact.path),
        "format": artifact.format,
        "precision": artifact.precision,
        "size_bytes": artifact.size_bytes,
        "compressed_bytes": artifact.compressed_bytes,
        "sha256": artifact.sha256,
    }
    if details:
        found |= {"audit": plain(artifact.audit), "parity": plain(artifact.parity)}
    return found


def artifact_from_json(data: Plain, candidate: Candidate | None = None) -> Artifact:
    """What `artifact_json` wrote, and the candidate it came from, if known."""
    return Artifact(
        Path(data["path"]),
        data["format"],
        data["precision"],
        data["size_bytes"],
        data["compressed_bytes"],
        data["sha256"],
        candidate,
        data.get("audit"),
        data.get("parity"),
    )


def latency_json(latency: Latency | None) -> Json | None:
    """Statistics and raw samples in milliseconds; cold_samples and init_samples one per block."""
    if latency is None:
        return None
    return {
        **summarize(latency),
        "cold_samples": list(latency.cold_ms),
        "init_samples": list(latency.init_ms),
    }


def latency_from_json(data: Plain | None) -> Latency | None:
    """The raw samples that `latency_json` wrote."""
    if data is None:
        return None
    blocks = tuple(tuple(block) for block in data["samples"])
    return Latency(blocks, tuple(data["cold_samples"]), tuple(data["init_samples"]))


def accuracy_json(accuracy: Accuracy | None) -> Json | None:
    """The metric of one file over one split; None when it is not known."""
    if accuracy is None:
        return None
    return {
        "metric": accuracy.metric,
        "value": accuracy.value,
        "n": accuracy.n,
        "ci95": list(accuracy.ci95),
        "agreement": accuracy.agreement,
        "drop": accuracy.drop,
        "drop_ci95": None if accuracy.drop_ci95 is None else list(accuracy.drop_ci95),
        "higher_is_better": accuracy.higher_is_better,
        "discordant": plain(accuracy.discordant),
        "guess": None if accuracy.guess is None else plain(asdict(accuracy.guess)),
    }


def accuracy_from_json(data: Plain | None) -> Accuracy | None:
    """What `accuracy_json` wrote."""
    if data is None:
        return None
    return Accuracy(
        data["metric"],
        data["value"],
        data["n"],
        _pair(data["ci95"]),
        data["agreement"],
        data["drop"],
        None if data["drop_ci95"] is None else _pair(data["drop_ci95"]),
        data["higher_is_better"],
        None if data.get("discordant") is None else _pair(data["discordant"]),
        _guess_from_json(data.get("guess")),
    )


def _guess_from_json(data: Plain | None) -> Guess | None:
    if data is None:
        return None
    return Guess(data["answer"], data["value"], data["gain"], _pair(data["gain_ci95"]))


def measurement_json(measurement: Measurement) -> Json:
    """One measurement, the same in `bench`, `run`, `gate` and the store."""
    device, runtime, memory = measurement.device, measurement.runtime, measurement.memory
    return {
        "artifact": artifact_json(measurement.artifact),
        "device": {"name": device.name, "target": device.target, "emulated": device.emulated},
        "runtime": {
            "name": runtime.name,
            "version": runtime.version,
            "delegate": runtime.delegate,
            "threads": runtime.threads,
            "fallback": runtime.fallback,
        },
        "latency_ms": latency_json(measurement.latency),
        "memory_bytes": None if memory is None else asdict(memory),
        "instructions": measurement.instructions,
        "accuracy": accuracy_json(measurement.accuracy),
        "validation": accuracy_json(measurement.validation),
        "host_parity": plain(measurement.host_parity),
        "inputs": plain(measurement.inputs),
        "conditions": plain(measurement.conditions),
        "verdict": measurement.verdict,
        "reason": measurement.reason,
    }


def measurement_from_json(data: Plain, artifact: Artifact | None = None) -> Measurement:
    """What `measurement_json` wrote; `artifact` takes the place of the one in it, to keep the
    candidate, audit and parity that the document leaves out.
    """
    device, runtime, memory = data["device"], data["runtime"], data["memory_bytes"]
    return Measurement(
        artifact or artifact_from_json(data["artifact"]),
        DeviceInfo(device["name"], device["target"], device["emulated"]),
        RuntimeInfo(
            runtime["name"],
            runtime["version"],
            runtime["delegate"],
            runtime["threads"],
            runtime.get("fallback", ""),
        ),
        latency_from_json(data["latency_ms"]),
        None if memory is None else Memory(**memory),
        accuracy_from_json(data["accuracy"]),
        accuracy_from_json(data["validation"]),
        data["instructions"],
        data["conditions"],
        data["verdict"],
        data["reason"],
        data.get("host_parity"),
        data.get("inputs"),
    )


def budget_json(budget: Budget) -> Json:
    """A wish as a `[[budget]]` table has it."""
    found: Json = {"metric": budget.metric, budget.bound: budget.limit}
    return {**found, "device": budget.device} if budget.device else found


def check_json(check: Check) -> Json:
    """One budget held against one measurement."""
    return {
        "metric": check.metric,
        "bound": check.bound,
        "limit": check.limit,
        "value": plain(check.value),
        "ci95": plain(check.ci95),
        "verdict": check.verdict,
        "reason": check.reason,
        "device": check.device,
        "further_blocks": check.further_blocks,
    }


def decision_json(decision: Decision) -> Json:
    """The outcome and every check; the measurement stands beside it in documents, not inside."""
    return {
        "outcome": decision.outcome,
        "checks": [check_json(check) for check in decision.checks],
    }


def decision_from_json(data: Plain, measurement: Measurement) -> Decision:
    """What `decision_json` wrote, about that measurement."""
    checks = tuple(
        Check(
            check["metric"],
            check["bound"],
            check["limit"],
            check["value"],
            None if check["ci95"] is None else _pair(check["ci95"]),
            check["verdict"],
            check["reason"],
            check.get("device", ""),
            check.get("further_blocks"),
        )
        for check in data["checks"]
    )
    return Decision(measurement, checks, data["outcome"])


def _pair(values: Sequence[Any]) -> tuple[Any, Any]:
    first, second = values
    return first, second
