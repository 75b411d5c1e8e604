"""The file that a run chose: its winner, or the best that may keep the budgets."""

from dataclasses import dataclass

from edgehone.budgets import Decision
from edgehone.documents.decisions import decision_from_json
from edgehone.documents.measurements import measurement_from_json
from edgehone.documents.plain import Json, pair
from edgehone.values import Measurement, Plain


@dataclass(frozen=True)
class Speedup:
    """How many times faster than the float32 baseline of the same batch, with its 95 % interval;
    a bound that is not known is None.
    """

    ratio: float
    ci95: tuple[float | None, float | None]

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"ratio": self.ratio, "ci95": list(self.ci95)}

    @classmethod
    def from_json(cls, data: Plain | None) -> "Speedup | None":
        """What `to_json` wrote; None: not known."""
        return None if data is None else cls(float(data["ratio"]), pair(data["ci95"]))


@dataclass(frozen=True)
class ChosenEntry:
    """A chosen file: its candidate's name, its measurement on the first device and on the others.

    decision, file: of the best unproven one alone; the checks, and where its file is.
    """

    name: str
    measurement: Measurement
    elsewhere: tuple[Measurement, ...] = ()
    speedup: Speedup | None = None
    decision: Decision | None = None
    file: str = ""

    @classmethod
    def from_json(cls, document: Plain, key: str) -> "ChosenEntry | None":
        """A document's "winner" or "best_unproven", whose keys begin so; None: there is none."""
        if not document.get(key):
            return None
        measured = measurement_from_json(document[key])
        decision = document.get(f"{key}_decision")
        return cls(
            str(document.get(f"{key}_name") or ""),
            measured,
            tuple(measurement_from_json(m) for m in document.get(f"{key}_elsewhere") or ()),
            Speedup.from_json(document.get(f"{key}_speedup")),
            None if decision is None else decision_from_json(decision, measured),
            str(document.get(f"{key}_file") or ""),
        )
