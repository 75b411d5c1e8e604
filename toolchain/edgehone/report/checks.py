"""How one check of a gate's document is written: its budget, limit, value, interval, verdict."""

from edgehone import units
from edgehone.decide.budget_metrics import METRICS
from edgehone.documents import measurements_of
from edgehone.values import Plain

SIGNS = {"max": "\u2264", "min": "\u2265"}


def scored_by(value: Plain) -> str:
    """The task's metric, which says what unit accuracy has."""
    found = [each.accuracy for each in measurements_of(value)]
    return next((each.metric for each in found if each), "accuracy")


def id_of(check: Plain) -> str:
    """What the check is called; documents of earlier versions do not say."""
    return str(check.get("id") or f"{check['metric']}.{check.get('bound', 'max')}")


def named(check: Plain, scored: str) -> str:
    """The budget: its metric, and what of it, where it is about a part."""
    budget = check.get("budget") or {}
    about = [*(f"class {each}" for each in budget.get("classes", ()))]
    about += [f"only {', '.join(budget['allowed'])}"] if budget.get("allowed") else []
    about += [f"no {', '.join(budget['banned'])}"] if budget.get("banned") else []
    if check.get("relative_to") and not is_ratio(check):
        about += ["as released" if budget.get("implied") else "as the baseline"]
    name = units.named(check["metric"], scored)
    return f"{name} ({'; '.join(about)})" if about else name


def is_ratio(check: Plain) -> bool:
    """Whether limit and value are ratios to the baseline's value."""
    counted = check["metric"] in METRICS and METRICS[check["metric"]].NAMES
    return bool(check.get("relative_to")) and not counted


def limit(check: Plain, scored: str = "accuracy") -> str:
    """A check's limit with its sign: \u2264 60 KiB, \u2264 +2 %. scored: the task's metric."""
    return f"{SIGNS[check['bound']]} {_shown(check, check['limit'], scored)}"


def value(check: Plain, scored: str) -> str:
    """The value, and of a relative budget what it is more or less than."""
    found = _shown(check, check["value"], scored)
    if not is_ratio(check) or check["value"] is None or check.get("against") is None:
        return found
    against = units.quantity(check["metric"], check["against"], scored)
    absolute = units.quantity(check["metric"], check["value"] * check["against"], scored)
    return f"{found} ({against} \u2192 {absolute})"


def interval(check: Plain, scored: str) -> str:
    """The 95 % interval, or a dash."""
    if not check["ci95"] or not is_ratio(check):
        return units.interval(check["metric"], check["ci95"], scored)
    low, high = check["ci95"]
    return f"{units.change(low)} to {units.change(high)}"


def verdict(check: Plain) -> str:
    """The verdict, and why it does not count where it does not."""
    if check["verdict"] == "pass":
        return "pass"
    if check.get("waived"):
        return f"{check['verdict']}, waived until {check['waived']['expires']}"
    return f"{check['verdict']}, advisory" if check.get("required") is False else check["verdict"]


def reason(check: Plain) -> str:
    """Why, and who waived it."""
    text = str(check["reason"])
    if waived := check.get("waived"):
        text += f"{'; ' if text else ''}waived by {waived['owner']}: {waived['reason']}"
    return text


def counts(check: Plain) -> bool:
    """Whether the gate's decision depends on it."""
    return check.get("required") is not False and not check.get("waived")


def _shown(check: Plain, number: float | None, scored: str) -> str:
    if is_ratio(check):
        return units.change(number)
    return units.quantity(check["metric"], number, scored)
