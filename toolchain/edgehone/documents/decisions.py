"""Budgets, checks and decisions as the published JSON has them, and back."""

from typing import Literal

from edgehone.documents.plain import Json, optional_pair, plain
from edgehone.values import Budget, Check, Decision, Measurement, Plain


def budget_json(budget: Budget) -> Json:
    """A budget as a `[[budget]]` table has it."""
    found: Json = {"metric": budget.metric, budget.bound: budget.limit}
    return {**found, "device": budget.device} if budget.device else found


def budget_from_json(data: Plain) -> Budget:
    """What `budget_json` wrote."""
    bound: Literal["max", "min"] = "max" if data.get("max") is not None else "min"
    return Budget(data["metric"], bound, float(data[bound]), data.get("device") or "")


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
    checks = tuple(check_from_json(check) for check in data["checks"])
    return Decision(measurement, checks, data["outcome"])


def check_from_json(data: Plain) -> Check:
    """What `check_json` wrote."""
    return Check(
        data["metric"],
        data["bound"],
        data["limit"],
        data["value"],
        optional_pair(data["ci95"]),
        data["verdict"],
        data["reason"],
        data.get("device", ""),
        data.get("further_blocks"),
    )
