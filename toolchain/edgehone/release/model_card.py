"""The model card: what was recorded and measured, in Markdown, and nothing that was not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from edgehone.budgets import Budget, Check
from edgehone.release import facts
from edgehone.release.evidence import Evidence
from edgehone.release.facts import Fact
from edgehone.system.visible import in_markdown
from edgehone.units import interval, named, quantity
from edgehone.values import Measurement

if TYPE_CHECKING:
    from jinja2 import Environment

NAME = "MODEL_CARD.md"


@dataclass(frozen=True)
class _Row:
    metric: str
    value: str
    ci95: str


@dataclass(frozen=True)
class _Measured:
    """What was measured of one file in one place."""

    file: str
    where: str
    rows: tuple[_Row, ...]
    samples: str


def model_card(evidence: Evidence) -> bytes:
    """The card of a release as a Markdown file."""
    origin = evidence.origin
    values = {
        "evidence": evidence,
        "origin": origin,
        "project": None if origin is None else origin.project,
        "measured": [_measured(each) for each in evidence.measurements],
        "baselines": [_measured(each) for each in origin.baselines] if origin else [],
        "checks": [_check(each) for each in origin.checks] if origin else [],
        "budgets": [_budget(each) for each in origin.budgets] if origin else [],
        "files": [[_row(fact) for fact in facts.of_file(each)] for each in evidence.artifacts],
    }
    found = str(_environment().get_template("model_card.md").render(values))
    return (re.sub(r"\n{3,}", "\n\n", found).strip() + "\n").encode()


def _measured(measurement: Measurement) -> _Measured:
    latency, score = measurement.latency, measurement.accuracy
    counted = []
    if latency is not None:
        times = sum(len(block) for block in latency.blocks_ms)
        counted.append(f"{times:,} inferences in {len(latency.blocks_ms)} processes")
    if score is not None:
        counted.append(f"{score.n:,} test samples")
    rows = tuple(_row(fact) for fact in facts.measured(measurement))
    file = measurement.artifact.path.as_posix()
    return _Measured(file, facts.where(measurement), rows, ", ".join(counted))


def _row(fact: Fact) -> _Row:
    bounds = interval(fact.metric, fact.ci95, fact.scored) if fact.ci95 else ""
    value = quantity(fact.metric, fact.value, fact.scored)
    return _Row(named(fact.metric, fact.scored), value, bounds)


def _check(check: Check) -> Sequence[str]:
    word = "at most" if check.bound == "max" else "at least"
    limit = f"{word} {quantity(check.metric, check.limit)}"
    found = quantity(check.metric, check.value)
    return (check.metric, check.device, limit, found, check.verdict, check.reason)


def _budget(budget: Budget) -> str:
    word = "at most" if budget.bound == "max" else "at least"
    device = f" on {budget.device}" if budget.device else ""
    return f"{budget.metric} {word} {quantity(budget.metric, budget.limit)}{device}"


def _plain(value: Any) -> str:
    """A value inside Markdown: on one line, and no markup whatever it holds."""
    return "" if value is None else in_markdown(str(value))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("edgehone.release"),
        autoescape=False,  # noqa: S701 - Markdown; `finalize` escapes what it gives a meaning
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
