"""What a gate decided: decisions on files, the measurements they rest on, and what was lost."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehone.actions import notebook
from edgehone.budgets import Check, Decision, Outcome
from edgehone.decide.budget_metrics import metric_of
from edgehone.decide.decision import combine
from edgehone.documents import check_json, measurement_json
from edgehone.measure.fleet import Lost, lost_json
from edgehone.system import interruption
from edgehone.system.files import append, write_whole
from edgehone.units import plural
from edgehone.values import NOTHING, Measurement, Plain


@dataclass(frozen=True)
class LookedUp:
    """A device whose measurements are those of an earlier gate, and when that was (ISO 8601)."""

    device: str
    created: str


@dataclass(frozen=True, repr=False)
class Judgement:
    """One decision a file, the measurements they rest on, the devices that failed, and what to
    know besides. looked_up: devices that were not measured now. baselines: what relative budgets
    were compared with, by device. took_s: seconds by device, "" for what files alone say.
    why: by file, what differs from the baseline's layers (`why`). ratcheted: limits that were
    tightened (`ratchet`).
    """

    decisions: tuple[Decision, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()
    looked_up: tuple[LookedUp, ...] = ()
    baselines: Mapping[str, Measurement] = NOTHING
    took_s: Mapping[str, float] = NOTHING
    why: tuple[Plain, ...] = ()
    ratcheted: tuple[Plain, ...] = ()

    @property
    def decision(self) -> Outcome:
        """One of "pass", "fail", "inconclusive", over all files; nothing checked is not a pass."""
        return combine(each.outcome for each in self.decisions)

    @property
    def passed(self) -> bool:
        """Whether the files may be released: every check passes, on every device, and every file
        runs. What is inconclusive does not pass.
        """
        return passes(self.document) and not self.lost

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check on every file and device."""
        return tuple(check for each in self.decisions for check in each.checks)

    @property
    def document(self) -> dict[str, Any]:
        """What `edgehone gate --json` prints (schema "gate"); every check names the file and the
        device it is about.
        """
        return {
            "decision": self.decision,
            "checks": [
                {
                    **check_json(check),
                    "file": str(each.measurement.artifact.path),
                    "tier": metric_of(check.metric).tier,
                }
                for each in self.decisions
                for check in each.checks
            ],
            "measurements": [measurement_json(each) for each in self.measurements],
            "lost": lost_json(self.lost),
            "warnings": list(self.warnings),
            "baselines": [measurement_json(each) for each in self.baselines.values()],
            "looked_up": [asdict(each) for each in self.looked_up],
            "took_s": {name: round(seconds, 3) for name, seconds in self.took_s.items()},
            "why": [dict(each) for each in self.why],
            "ratcheted": [dict(each) for each in self.ratcheted],
        }

    def write(
        self,
        *,
        junit: Path | None = None,
        markdown: Path | None = None,
        sarif: Path | None = None,
        summary: Path | None = None,
    ) -> None:
        """Write the checks as JUnit XML, Markdown, SARIF 2.1.0, and add the Markdown to the end of
        `summary`, which a CI server may show; no more of it than a step's summary on GitHub may
        have. Raises StorageError.
        """
        write(self.document, junit=junit, markdown=markdown, sarif=sarif, summary=summary)

    def __repr__(self) -> str:
        return f"<Judgement: {self.decision}, {plural(len(self.checks), 'check')}>"

    def _repr_html_(self) -> str:
        return notebook.checks(self.document)


def write(
    document: Plain,
    *,
    junit: Path | None = None,
    markdown: Path | None = None,
    sarif: Path | None = None,
    summary: Path | None = None,
) -> None:
    """Write a gate's document (`Judgement.write`)."""
    from edgehone.report import summaries
    from edgehone.report.sarif import sarif as sarif_of
    from edgehone.report.shortened import SUMMARY_BYTES, shortened

    texts: dict[Path, str] = {}
    if junit is not None:
        texts[junit] = _encodable(summaries.junit(document))
    if markdown is not None:
        texts[markdown] = _encodable(summaries.markdown(document))
    if sarif is not None:
        texts[sarif] = json.dumps(sarif_of(document), indent=2) + "\n"
    added = ""
    if summary is not None:
        room = SUMMARY_BYTES - (summary.stat().st_size if summary.exists() else 0)
        added = _encodable(summaries.markdown(document))
        added = shortened(added, room) if room > 0 else ""
    places = [*texts, *([summary] if summary is not None and added else [])]
    with interruption.delivery(*places, last=True) if places else nullcontext():
        for place, text in texts.items():
            write_whole(place, text)
        if summary is not None and added:
            append(summary, added)


def _encodable(text: str) -> str:
    """The text with a question mark for each byte of a file's name that is no UTF-8."""
    return text.encode(errors="replace").decode()


def passes(document: Plain) -> bool:
    """Whether a gate's document has checks, and all that are required and not waived pass."""
    passed = document["decision"] == "pass" and bool(document["checks"])
    return passed and all(
        each["verdict"] == "pass" or _is_excused(each) for each in document["checks"]
    )


def _is_excused(check: Plain) -> bool:
    """Whether the gate passes although the check does not: it is advisory, or waived."""
    return check.get("required") is False or bool(check.get("waived"))
