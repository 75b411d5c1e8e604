"""The gate's document as SARIF 2.1.0, which code hosts show beside the files it is about."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from edgehone.decide.budget_metrics import METRICS
from edgehone.documents import plain
from edgehone.report import checks as checks_
from edgehone.system.visible import visible
from edgehone.values import Plain

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
HOME = "https://pypi.org/project/edgehone/"

LEVELS: Mapping[str, str] = {"pass": "none", "fail": "error", "inconclusive": "warning"}
KINDS: Mapping[str, str] = {"pass": "pass", "fail": "fail", "inconclusive": "open"}
"""Of verdicts. SARIF has kinds for results that are no failure; their level is none."""


def sarif(value: Plain, root: Path | None = None) -> dict[str, Any]:
    """The document as one run of SARIF: a rule a metric, a result a check, placed at the file, or
    at the budgets' line if that is known. What passes is reported as such.

    root: what file names are relative to (the current folder if None).
    """
    from edgehone import __version__

    scored = checks_.scored_by(value)
    checks = list(value["checks"])
    metrics = list(dict.fromkeys(check["metric"] for check in checks))
    driver = {
        "name": "edgehone",
        "version": __version__,
        "informationUri": HOME,
        "rules": [_rule(metric) for metric in metrics],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(value)],
        "results": [_result(check, metrics, scored, root or Path.cwd()) for check in checks],
        "properties": {"decision": value["decision"]},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(metric: str) -> dict[str, Any]:
    known = METRICS.get(metric)
    text = (type(known).__doc__ or "").strip().split("\n")[0] if known else ""
    name = "".join(part.title() for part in metric.replace(":", "_").split("_"))
    return {
        "id": metric,
        "name": name,
        "shortDescription": {"text": f"The budget on {metric} is kept."},
        "fullDescription": {"text": text or f"The budget on {metric} is kept."},
        "defaultConfiguration": {"level": "error"},
    }


def _invocation(value: Plain) -> dict[str, Any]:
    lost = [{"level": "error", "message": _message(_lost(each))} for each in value["lost"]]
    warned = [{"level": "warning", "message": _message(text)} for text in value.get("warnings", ())]
    return {
        "executionSuccessful": not value["lost"],
        "toolExecutionNotifications": [*lost, *warned],
    }


def _lost(each: Plain) -> str:
    return f"{each['device']} failed: {each['message']}"


def _result(check: Plain, metrics: list[str], scored: str, root: Path) -> dict[str, Any]:
    counted, verdict = checks_.counts(check), str(check["verdict"])
    level = LEVELS[verdict]
    if not counted and verdict != "pass":
        level = "note"
    kind = KINDS[verdict]
    if level != "none":
        kind = "fail"  # only failures have another level than none
    found: dict[str, Any] = {
        "ruleId": check["metric"],
        "ruleIndex": metrics.index(check["metric"]),
        "kind": kind,
        "level": level,
        "message": _message(_text(check, scored)),
        "locations": [{"physicalLocation": {"artifactLocation": _place(str(check["file"]), root)}}],
        "partialFingerprints": {
            "check/v1": visible(f"{PurePath(check['file']).name}:{checks_.id_of(check)}")
        },
        "properties": {
            key: plain(check.get(key)) for key in ("value", "limit", "ci95", "device", "verdict")
        },
    }
    if waived := check.get("waived"):
        text = f"{waived['reason']} ({waived['owner']}, until {waived['expires']})"
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": visible(text)}
        ]
    return found


def _message(text: str) -> dict[str, str]:
    """A plain text message without links, whatever the text holds (3.11.5 and 3.11.6)."""
    return {"text": _LINKING.sub(r"\\\g<0>", visible(text))}


_LINKING = re.compile(r"[\[\]\\]")


def _text(check: Plain, scored: str) -> str:
    device = f" on {check['device']}" if check.get("device") else ""
    text = f"{checks_.named(check, scored)}{device}: {checks_.value(check, scored)}"
    text += f", {checks_.limit(check, scored)} is asked for ({checks_.verdict(check)})."
    reason = checks_.reason(check)
    return f"{text} {reason[:1].upper()}{reason[1:]}." if reason else text


def _place(file: str, root: Path) -> dict[str, Any]:
    """A file below the root by a relative address, which code hosts know; any other by its own."""
    path = Path(file)
    inside = path.absolute()
    if inside.is_relative_to(root.absolute()):
        relative = inside.relative_to(root.absolute()).as_posix()
        return {"uri": quote(os.fsencode(relative)), "uriBaseId": "%SRCROOT%"}
    return {"uri": inside.as_uri()}
