"""Budgets that may be missed for a while: which checks a waiver is about, and whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import PurePath

from edgehone.budgets import Check, Decision, Waiver
from edgehone.decide.decision import outcome_of


@dataclass(frozen=True)
class Waived:
    """Decisions after waivers, and warnings about those that have expired or no effect."""

    decisions: tuple[Decision, ...]
    warnings: tuple[str, ...] = ()


def waive(decisions: Sequence[Decision], waivers: Sequence[Waiver], today: date) -> Waived:
    """Let the checks that waivers are about be missed, until they expire (that day included).

    What passes needs no waiver. A check that an expired one is about fails, and says so.
    """
    found = []
    for decision in decisions:
        checks = tuple(
            _checked(check, [w for w in waivers if _is_about(w, check, decision)], today)
            for check in decision.checks
        )
        found.append(replace(decision, checks=checks, outcome=outcome_of(checks)))
    used = {
        waiver
        for decision in decisions
        for check in decision.checks
        for waiver in waivers
        if _is_missed(check) and _is_about(waiver, check, decision)
    }
    warnings = [_warning(each, today) for each in waivers if each not in used]
    return Waived(tuple(found), tuple(dict.fromkeys(warnings)))


def _is_missed(check: Check) -> bool:
    return check.required and check.verdict != "pass"


def _checked(check: Check, waivers: Sequence[Waiver], today: date) -> Check:
    """The check after those waivers that are about it."""
    if not waivers or not _is_missed(check):
        return check
    latest = max(waivers, key=lambda each: each.expires)
    if today <= latest.expires:
        return replace(check, waived=latest)
    expired = f"the waiver of {latest.owner} ({latest.reason}) expired on {latest.expires}"
    reason = f"{check.reason}; {expired}" if check.reason else expired
    return replace(check, verdict="fail", reason=reason, further_blocks=None)


def _is_about(waiver: Waiver, check: Check, decision: Decision) -> bool:
    path = PurePath(decision.measurement.artifact.path)
    named = not waiver.file or any(
        fnmatchcase(text, waiver.file) for text in (path.name, path.as_posix())
    )
    device = waiver.device in ("", check.device)
    return waiver.metric == check.metric and device and named


def _warning(waiver: Waiver, today: date) -> str:
    about = f"{waiver.metric}" + (f" on {waiver.device}" if waiver.device else "")
    about += f" of {waiver.file}" if waiver.file else ""
    if waiver.expires < today:
        return f"the waiver on {about} expired on {waiver.expires}, and nothing needs it: remove it"
    return f"the waiver on {about} has no effect: no such budget is missed; remove it"
