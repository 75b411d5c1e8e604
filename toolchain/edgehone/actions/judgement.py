"""What a gate decided: decisions on files, the measurements they rest on, and what was lost."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.actions import notebook
from edgehone.decide.decision import combine
from edgehone.documents import check_json, measurement_json
from edgehone.measure.fleet import Lost, lost_json
from edgehone.system.files import write_whole
from edgehone.units import plural
from edgehone.values import Check, Decision, Measurement, Outcome, Plain


@dataclass(frozen=True, repr=False)
class Judgement:
    """One decision a file, the measurements they rest on, the devices that failed, and what to
    know besides.
    """

    decisions: tuple[Decision, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[Lost, ...] = ()
    warnings: tuple[str, ...] = ()

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
                {**check_json(check), "file": str(each.measurement.artifact.path)}
                for each in self.decisions
                for check in each.checks
            ],
            "measurements": [measurement_json(each) for each in self.measurements],
            "lost": lost_json(self.lost),
            "warnings": list(self.warnings),
        }

    def write(self, *, junit: Path | None = None, markdown: Path | None = None) -> None:
        """Write the checks as JUnit XML, as Markdown, or both. Raises StorageError."""
        from edgehone.report import summaries

        if junit is not None:
            write_whole(junit, summaries.junit(self.document))
        if markdown is not None:
            write_whole(markdown, summaries.markdown(self.document))

    def __repr__(self) -> str:
        return f"<Judgement: {self.decision}, {plural(len(self.checks), 'check')}>"

    def _repr_html_(self) -> str:
        return notebook.checks(self.document)


def passes(document: Plain) -> bool:
    """Whether a gate's document has checks, and all of them pass."""
    passed = document["decision"] == "pass" and bool(document["checks"])
    return passed and all(each["verdict"] == "pass" for each in document["checks"])
