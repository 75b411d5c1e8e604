"""What came out, as plain data: every contestant, predictions, and the loop against each width."""

from collections.abc import Sequence
from typing import Any

from contest import Arena, Result

from edgehone.decide.decision import decide
from edgehone.export.execution import outputs
from edgehone.stats import percentile, ratio_ci, summarize
from edgehone.tasks.evaluate import evaluate
from edgehone.values import Accuracy, Latency, Plain

TOLERANCE = 0.005
"""Accuracy that may be lost, at most, where two models are called equally accurate."""

LOOP_WINS = "loop wins: faster, not less accurate"
WIDTH_WINS = "width wins: faster, not less accurate"

Json = dict[str, Any]


def row(result: Result, start: Result, arena: Arena) -> Json:
    """One contestant; times faster: than `start`, the float teacher of the same batch."""
    who, measured = result.contestant, result.measurement
    accuracy, latency = _accuracy(result), _latency(result)
    blocks, summary = _typical(latency), summarize(latency)
    faster, interval = ratio_ci(list(zip(_typical(_latency(start)), blocks, strict=True)))
    return {
        "name": who.name,
        "method": who.method,
        "precision": who.artifact.precision,
        "params": who.params,
        "macs": who.macs,
        "accuracy": accuracy.value,
        "accuracy_ci95": accuracy.ci95,
        "drop": accuracy.drop,
        "drop_ci95": accuracy.drop_ci95,
        "size_bytes": who.artifact.size_bytes,
        "compressed_bytes": who.artifact.compressed_bytes,
        "p50_ms": summary["p50"],
        "p50_ci95": summary["ci95"],
        "blocks_p50_ms": blocks,
        "times_faster": faster,
        "times_faster_ci95": interval,
        "verdict": measured.verdict,
        "reason": measured.reason,
        "budgets": decide(measured, arena.context.config.budgets).outcome,
    }


def against(width: Result, candidates: Sequence[Result], arena: Arena) -> Json | None:
    """The loop against one uniform width: its fastest candidate that is at least as accurate on
    the validation split; its most accurate one where there is none. Compared on the test split:
    latency block by block, accuracy image by image.
    """
    if not candidates:
        return None
    able = [each for each in candidates if _validation(each) >= _validation(width)]
    chosen = min(able, key=_p50) if able else max(candidates, key=_validation)
    pairs = zip(_typical(_latency(chosen)), _typical(_latency(width)), strict=True)
    ratio, ratio_ci95 = ratio_ci(list(pairs))
    test = arena.context.data.test
    mine, theirs = (outputs(each.contestant.artifact.path, test.x) for each in (chosen, width))
    found = evaluate(arena.context.task, test.y, mine, reference=theirs)
    low, high = found.drop_ci95 or (0.0, 0.0)
    gain, gain_ci95 = -(found.drop or 0.0), (-high, -low)
    return {
        "width": width.contestant.name,
        "candidate": chosen.contestant.name,
        "latency_ratio": ratio,
        "latency_ratio_ci95": ratio_ci95,
        "bytes_ratio": chosen.contestant.artifact.size_bytes / width.contestant.artifact.size_bytes,
        "accuracy_gain": gain,
        "accuracy_gain_ci95": gain_ci95,
        "outcome": outcome(ratio_ci95, gain_ci95),
    }


def outcome(ratio: tuple[float, float], gain: tuple[float, float]) -> str:
    """Who wins, by the intervals of the latency ratio (loop / width) and the accuracy gained."""
    if ratio[1] < 1 and gain[0] >= -TOLERANCE:
        return LOOP_WINS
    if ratio[0] > 1 and gain[1] <= TOLERANCE:
        return WIDTH_WINS
    faster = "loop faster" if ratio[1] < 1 else "width faster" if ratio[0] > 1 else "as fast"
    better = "loop better" if gain[0] > 0 else "width better" if gain[1] < 0 else "as accurate"
    return f"{faster}, {better}"


def rounds(document: Plain) -> list[Json]:
    """Predicted and measured of every round. steady_ms: what the round measured, at the speed the
    machine had when the baselines were measured, which is the speed that predictions are for.
    """
    start = document["baseline"]["latency_ms"]["p50"]
    found = []
    for each in document["candidates"]:
        steady = start / each["speedup"]["ratio"]
        predicted = each["predicted_latency_ms"]
        found.append(
            {
                "round": each["round"],
                "name": each["name"],
                "predicted_ms": predicted,
                "measured_ms": each["measurement"]["latency_ms"]["p50"],
                "steady_ms": steady,
                "error": predicted / steady - 1 if predicted else None,
                "predicted_bytes": each["predicted_size_bytes"],
                "size_bytes": each["measurement"]["artifact"]["size_bytes"],
                "predicted_drop": each["predicted_accuracy_drop"],
                "drop": each["measurement"]["validation"]["drop"],
                "outcome": each["decision"]["outcome"],
                "layers": each["layers"],
            }
        )
    return found


def _accuracy(result: Result) -> Accuracy:
    assert result.measurement.accuracy is not None  # noqa: S101 - the test split was given
    return result.measurement.accuracy


def _validation(result: Result) -> float:
    assert result.measurement.validation is not None  # noqa: S101 - the split was given
    return result.measurement.validation.value


def _latency(result: Result) -> Latency:
    assert result.measurement.latency is not None, result.measurement.reason  # noqa: S101
    return result.measurement.latency


def _p50(result: Result) -> float:
    return percentile(_typical(_latency(result)), 50)


def _typical(latency: Latency) -> list[float]:
    """The median of every block."""
    return [percentile(block, 50) for block in latency.blocks_ms]
