"""Measurements as the published JSON has them, and back."""

from dataclasses import asdict

from edgehone.documents.artifacts import artifact_from_json, artifact_json
from edgehone.documents.plain import Json, optional_pair, pair, plain
from edgehone.stats import summarize
from edgehone.values import (
    NOTHING,
    Accuracy,
    Artifact,
    ConstantAnswer,
    DeviceInfo,
    Latency,
    Measurement,
    Memory,
    Plain,
    RuntimeInfo,
    Verdict,
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


def _memory_from_json(data: Plain | None) -> Memory | None:
    if data is None:
        return None
    return Memory(data["peak"], data["model"], data["process"], data.get("steady"))


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
        "classes": plain(accuracy.classes),
    }


def accuracy_from_json(data: Plain | None) -> Accuracy | None:
    """What `accuracy_json` wrote."""
    if data is None:
        return None
    return Accuracy(
        data["metric"],
        data["value"],
        data["n"],
        pair(data["ci95"]),
        data["agreement"],
        data["drop"],
        optional_pair(data["drop_ci95"]),
        data["higher_is_better"],
        optional_pair(data.get("discordant")),
        _constant_answer_from_json(data.get("guess")),
        _classes_from_json(data.get("classes")),
    )


def _classes_from_json(data: Plain | None) -> dict[str, tuple[int, float]] | None:
    if data is None:
        return None
    pairs = {str(label): pair(found) for label, found in data.items()}
    return {label: (int(n), float(score)) for label, (n, score) in pairs.items()}


def _constant_answer_from_json(data: Plain | None) -> ConstantAnswer | None:
    if data is None:
        return None
    return ConstantAnswer(data["answer"], data["value"], data["gain"], pair(data["gain_ci95"]))


def measurement_json(measurement: Measurement) -> Json:
    """One measurement, the same in `bench`, `run`, `gate` and the store."""
    runtime, memory = measurement.runtime, measurement.memory
    return {
        "artifact": artifact_json(measurement.artifact),
        "device": device_json(measurement.device),
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
    runtime = data["runtime"]
    return Measurement(
        artifact or artifact_from_json(data["artifact"]),
        device_from_json(data["device"]),
        RuntimeInfo(
            runtime["name"],
            runtime["version"],
            runtime["delegate"],
            runtime["threads"],
            runtime.get("fallback", ""),
        ),
        latency_from_json(data["latency_ms"]),
        _memory_from_json(data["memory_bytes"]),
        accuracy_from_json(data["accuracy"]),
        accuracy_from_json(data.get("validation")),
        data.get("instructions"),
        data.get("conditions") or NOTHING,
        _verdict(data),
        data.get("reason") or "",
        data.get("host_parity"),
        data.get("inputs"),
    )


def measurements_of(document: Plain) -> list[Measurement]:
    """The measurements of a document of `bench`, `compare` or `gate`."""
    return [measurement_from_json(each) for each in document["measurements"]]


def _verdict(data: Plain) -> Verdict:
    """The verdict. Only times are noisy: edgehone 0.1 said so of files that cannot be run, too."""
    found: Verdict = data["verdict"]
    return "failed" if found == "noisy" and data["latency_ms"] is None else found


def device_json(device: DeviceInfo) -> Json:
    """Which device was measured."""
    return {"name": device.name, "target": device.target, "emulated": device.emulated}


def device_from_json(data: Plain) -> DeviceInfo:
    """What `device_json` wrote."""
    return DeviceInfo(data["name"], data["target"], bool(data.get("emulated")))
