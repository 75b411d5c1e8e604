"""Budgets, checks and decisions as the published JSON has them, and back."""

from datetime import date
from typing import Literal

from edgehone.budgets import Budget, Check, Decision, Waiver
from edgehone.documents.plain import Json, optional_pair, plain
from edgehone.values import Measurement, Plain


def budget_json(budget: Budget) -> Json:
    """A budget as a `[[budget]]` table has it; what is the default is left out."""
    found: Json = {"metric": budget.metric, budget.bound: budget.limit}
    extra = {
        "device": budget.device,
        "relative_to": budget.relative_to,
        "allowed": list(budget.allowed),
        "banned": list(budget.banned),
        "classes": list(budget.classes),
        "implied": budget.implied,
    }
    found |= {key: value for key, value in extra.items() if value}
    return found if budget.required else {**found, "required": False}


def budget_from_json(data: Plain) -> Budget:
    """What `budget_json` wrote."""
    bound: Literal["max", "min"] = "max" if data.get("max") is not None else "min"
    return Budget(
        data["metric"],
        bound,
        float(data[bound]),
        data.get("device") or "",
        relative_to="baseline" if data.get("relative_to") else "",
        required=data.get("required") is not False,
        allowed=tuple(data.get("allowed") or ()),
        banned=tuple(data.get("banned") or ()),
        classes=tuple(data.get("classes") or ()),
        implied=data.get("implied") is True,
    )


def waiver_json(waiver: Waiver) -> Json:
    """A waiver as a `[[waiver]]` table has it; what is the default is left out."""
    found: Json = {
        "metric": waiver.metric,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }
    extra = {"device": waiver.device, "file": waiver.file}
    return {**found, **{key: value for key, value in extra.items() if value}}


def waiver_from_json(data: Plain) -> Waiver:
    """What `waiver_json` wrote."""
    return Waiver(
        data["metric"],
        data["reason"],
        data["owner"],
        date.fromisoformat(data["expires"]),
        data.get("device") or "",
        data.get("file") or "",
    )


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
        "id": check.id,
        "required": check.budget is None or check.budget.required,
        "relative_to": check.budget.relative_to if check.budget else "",
        "against": plain(check.against),
        "waived": None if check.waived is None else waiver_json(check.waived),
        "budget": None if check.budget is None else budget_json(check.budget),
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
        budget_from_json(data["budget"]) if data.get("budget") else None,
        waiver_from_json(data["waived"]) if data.get("waived") else None,
        data.get("against"),
    )
