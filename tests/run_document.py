"""A complete run document, as `edgehone run --json` prints it, made up from plausible numbers."""

from typing import Any

import numpy as np

from edgehone.documents import measurement_from_json
from edgehone.documents.run.document import RunDocument
from edgehone.values import Measurement, Plain

LAYERS = (
    ("conv1", "Conv2D", 16),
    ("block1_conv1", "Conv2D", 16),
    ("block1_conv2", "Conv2D", 16),
    ("block2_conv1", "Conv2D", 32),
    ("block2_conv2", "Conv2D", 32),
    ("block2_shortcut", "Conv2D", 32),
    ("block3_conv1", "Conv2D", 64),
    ("block3_conv2", "Conv2D", 64),
    ("block3_shortcut", "Conv2D", 64),
    ("predictions", "Dense", 10),
)
ENVIRONMENT = {
    "edgehone": "0.1.0",
    "python": "3.11.9",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "ai-edge-litert": "2.3.0",
    "litert-quantizer": "0.11.0",
    "onnxruntime": "1.32.0",
    "system": "Linux 6.1 x86_64",
    "processor": "AMD EPYC 7B13",
}


def measurement(
    name: str,
    p50_ms: float,
    size_bytes: int,
    accuracy: float,
    *,
    precision: str = "int8",
    format_: str = "tflite",
    verdict: str = "valid",
    seed: int = 0,
    drop: float | None = None,
) -> dict[str, Any]:
    """One measurement document with five blocks of raw samples around `p50_ms`."""
    random = np.random.default_rng(seed)
    blocks = [
        np.round(
            p50_ms
            * random.normal(1, 0.012)
            * (1 + random.gamma(1.2, 0.014, 120) + (random.random(120) > 0.985) * 0.4),
            6,
        )
        for _ in range(5)
    ]
    samples = np.concatenate(blocks)
    p50, p90, p99 = (float(np.percentile(samples, q)) for q in (50, 90, 99))
    half = 1.96 * (accuracy * (1 - accuracy) / 2000) ** 0.5
    runtime = "litert" if format_ == "tflite" else "onnxruntime"
    return {
        "artifact": {
            "path": f"runs/20261123-221501-ab12/{name}.{format_}",
            "format": format_,
            "precision": precision,
            "size_bytes": size_bytes,
            "compressed_bytes": int(size_bytes * 0.87),
            "sha256": f"{seed:064x}",
        },
        "device": {"name": "local", "target": "local", "emulated": False},
        "runtime": {
            "name": runtime,
            "version": "2.3.0",
            "delegate": "xnnpack" if runtime == "litert" else "cpu",
            "threads": 1,
        },
        "latency_ms": {
            "p50": p50,
            "p90": p90,
            "p99": p99,
            "mean": float(samples.mean()),
            "min": float(samples.min()),
            "max": float(samples.max()),
            "ci95": [p50 * 0.991, p50 * 1.008],
            "samples": [block.tolist() for block in blocks],
            "cold": p50 * 4.1,
            "init": 1.9 + p50,
            "cold_samples": [p50 * 4.1] * 5,
            "init_samples": [1.9 + p50] * 5,
        },
        "memory_bytes": {
            "peak": int(900_000 + 6 * size_bytes),
            "model": int(2.5 * size_bytes),
            "process": 48_000_000,
        },
        "instructions": None,
        "accuracy": {
            "metric": "accuracy",
            "value": accuracy,
            "n": 2000,
            "ci95": [accuracy - half, min(1.0, accuracy + half)],
            "agreement": min(1.0, accuracy + 0.045),
            "higher_is_better": True,
            "drop": drop,
            "drop_ci95": None if drop is None else [drop - 0.004, drop + 0.004],
        },
        "validation": None,
        "conditions": {
            "python": "3.11.9",
            "system": "Linux-6.1.0-x86_64",
            "machine": "x86_64",
            "cpus": 2,
            "load1": [0.42, 0.44, 0.47, 0.5, 0.51 + 0.01 * seed],
            "clock_mhz": [2450.0, 2449.1, 2450.0, 2450.0, 2448.7],
            "temperature_c": [46.5, 47.0, 47.5, 47.5, 48.0],
            "governor": "performance",
            "reference_ms": [0.412, 0.415, 0.411, 0.412, 0.418],
            "waited": [0.001, 0.0, 0.002, 0.001, 0.003],
            "runs": [1520, 1511, 1533, 1517, 1509],
        },
        "verdict": verdict,
        "reason": "" if verdict == "valid" else "block medians differ by 9 %, more than 5 %",
    }


def step(technique: str, settings: dict[str, Any], before: int, after: int) -> dict[str, Any]:
    """One step report; `before` and `after` are parameters."""
    return {
        "technique": technique,
        "settings": settings,
        "params": [before, after],
        "macs": [before * 151, after * 151],
        "size_bytes": [4 * before, 4 * after],
        "skipped": "",
        "detail": {},
    }


def candidate(number: int, share: float, drop: float, outcome: str) -> dict[str, Any]:
    """A candidate that keeps about `share` of the channels and loses `drop` of the accuracy."""
    layers = [
        {
            "name": name,
            "kind": kind,
            "channels": before if kind == "Dense" else max(8, int(before * share) // 8 * 8),
            "channels_before": before,
            "rank": 8 if name == "block3_conv2" and number % 2 else None,
            "precision": "float32" if kind == "Dense" and number == 3 else "int8",
        }
        for name, kind, before in LAYERS
    ]
    params = int(78_000 * share**1.8)
    p50 = 0.081 * share**0.9
    skipped = step("factorize", {"energy": 0.98}, params, params)
    skipped["skipped"] = "no kernel has fewer weights at energy 0.98"
    name = f"candidate-{number}"
    measured = measurement(
        name,
        p50,
        int(93_056 * share**1.6) + 6000,
        0.912 - drop,
        precision="int8+float32" if number == 3 else "int8",
        verdict="noisy" if number == 5 else "valid",
        seed=number,
        drop=drop,
    )
    return {
        "name": name,
        "round": number,
        "recipe": {
            "steps": [
                {"technique": "prune_channels", "settings": {"ratio": round(1 - share, 2)}},
                {"technique": "factorize", "settings": {"energy": 0.98}},
                {"technique": "distill", "settings": {"epochs": 6, "temperature": 4.0}},
            ],
            "bits": {
                "default": "int8",
                "layers": {"predictions": "float32"} if number == 3 else {},
            },
        },
        "steps": [
            step("prune_channels", {"ratio": round(1 - share, 2)}, 78_042, params),
            skipped,
            step("distill", {"epochs": 6, "temperature": 4.0}, params, params),
        ],
        "layers": layers,
        "predicted_latency_ms": p50 * (1.09 - 0.02 * number),
        "predicted_instructions": None,
        "predicted_size_bytes": int(93_056 * share**1.6) + 5200,
        "predicted_accuracy_drop": drop * 0.8,
        "params": params,
        "macs": params * 151,
        "audit": {
            "operators": {"CONV_2D": 9, "ADD": 3, "MEAN": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1},
            "integer_only": number != 3,
            "float_layers": []
            if number != 3
            else [{"name": "predictions", "operator": "FULLY_CONNECTED"}],
        },
        "parity": {"max_error": 0.081, "mean_error": 0.004, "snr_db": 24.6, "agreement": 0.987},
        "measurement": measured,
        "decision": {
            "outcome": outcome,
            "checks": [
                {
                    "metric": "accuracy_drop",
                    "bound": "max",
                    "limit": 0.02,
                    "value": drop,
                    "ci95": [drop - 0.004, drop + 0.004],
                    "verdict": outcome,
                    "reason": "" if outcome == "pass" else "the interval reaches over the limit",
                },
                {
                    "metric": "size_bytes",
                    "bound": "max",
                    "limit": 60_000.0,
                    "value": float(measured["artifact"]["size_bytes"]),
                    "ci95": None,
                    "verdict": "pass",
                    "reason": "",
                },
                {
                    "metric": "latency_p50_ms",
                    "bound": "max",
                    "limit": 0.09,
                    "value": measured["latency_ms"]["p50"],
                    "ci95": measured["latency_ms"]["ci95"],
                    "verdict": "pass",
                    "reason": "",
                },
            ],
        },
    }


def run_document() -> dict[str, Any]:
    """A finished run of six rounds whose winner is candidate-4."""
    candidates = [
        candidate(1, 0.88, -0.001, "pass"),
        candidate(2, 0.75, 0.004, "pass"),
        candidate(3, 0.62, 0.009, "pass"),
        candidate(4, 0.5, 0.013, "pass"),
        candidate(5, 0.42, 0.018, "inconclusive"),
        candidate(6, 0.3, 0.041, "fail"),
    ]
    baseline = measurement("float32", 0.255, 316_176, 0.912, precision="float32", seed=11)
    return {
        "run": "20261123-221501-ab12",
        "created": "2026-11-23T22:15:01+00:00",
        "status": "done",
        "project": {
            "teacher": "teacher.keras",
            "data": "fashion.npz",
            "task": {"kind": "classification", "metric": "accuracy"},
            "objective": {"minimize": "latency_p50_ms"},
            "seed": 0,
        },
        "device": {"name": "local", "target": "local", "emulated": False},
        "baseline": baseline,
        "baselines": [
            baseline,
            measurement("int8", 0.078, 93_056, 0.9105, seed=12, drop=0.0015),
            measurement(
                "float32", 0.21, 314_438, 0.912, precision="float32", format_="onnx", seed=13
            ),
            measurement("int8", 0.13, 99_204, 0.9095, format_="onnx", seed=14, drop=0.0025),
        ],
        "winner": candidates[3]["measurement"],
        "winner_name": "candidate-4",
        "winner_speedup": {"ratio": 5.88, "ci95": [5.79, 5.97]},
        "seconds": 214.3,
        "warnings": [],
        "candidates": candidates,
        "budgets": [
            {"metric": "accuracy_drop", "max": 0.02},
            {"metric": "size_bytes", "max": 60_000},
            {"metric": "latency_p50_ms", "max": 0.09},
        ],
        "objective": {"minimize": "latency_p50_ms"},
        "decision": "pass",
        "binding": [{"metric": "accuracy_drop", "limit": 0.02, "best": 0.013}],
        "rounds": [
            {
                "round": n,
                "candidates": 1,
                "target": 0.09 - 0.01 * n,
                "quality_kept": n < 6,
                "refused": [],
            }
            for n in range(1, 7)
        ],
        "stopped": "two rounds brought nothing better",
        "searched_weights": 0.97,
        "search": {
            "candidates": 6,
            "rank_correlation": 0.886,
            "guessing": False,
            "errors": [
                {
                    "metric": "latency_p50_ms",
                    "candidates": 6,
                    "mean": 0.031,
                    "within_5": 5 / 6,
                    "within_10": 1.0,
                }
            ],
            "seconds": {
                "tables": 21.0,
                "training": 130.0,
                "export": 14.3,
                "measuring": 40.0,
                "waiting": 5.0,
                "other": 4.0,
            },
        },
        "finalists": [
            {
                "name": "round-5-final",
                "origin": "round-5",
                "format": "tflite",
                "quantize_aware": False,
                "epochs": 12,
                "before": 0.951,
                "after": 0.958,
                "kept": False,
            },
            {
                "name": "round-5-final-aware",
                "origin": "round-5",
                "format": "tflite",
                "quantize_aware": True,
                "epochs": 18,
                "before": 0.951,
                "after": 0.961,
                "kept": True,
            },
        ],
        "bill": {"epochs": 66, "students": 0, "parent": 0, "candidates": 48, "finalists": 18},
        "report": "runs/20261123-221501-ab12/report.html",
        "artifacts": "runs/20261123-221501-ab12",
        "environment": ENVIRONMENT,
    }


def run_value(document: Plain | None = None) -> RunDocument:
    """A document as a value; without one, that of `run_document`."""
    return RunDocument.from_json(run_document() if document is None else document)


def measured(*documents: Plain) -> list[Measurement]:
    """Measurements as values."""
    return [measurement_from_json(each) for each in documents]
