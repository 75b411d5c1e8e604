"""A candidate of a run that was trained on once the search had ended."""

from dataclasses import dataclass

from edgehone.documents.plain import Json, plain
from edgehone.values import Plain


@dataclass(frozen=True)
class FinalistEntry:
    """name: of the candidate; origin: of the one whose training it goes on from. quantize_aware:
    whether it was trained with its file's rounding; epochs: the passes over the training data that
    it took beyond its origin's. before, after: the task's metric on validation samples, of both
    files; None: not known. kept: whether its file is the best of its network.
    """

    name: str
    origin: str
    format: str
    quantize_aware: bool
    epochs: int
    before: float | None
    after: float | None
    kept: bool

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "name": self.name,
            "origin": self.origin,
            "format": self.format,
            "quantize_aware": self.quantize_aware,
            "epochs": self.epochs,
            "before": plain(self.before),
            "after": plain(self.after),
            "kept": self.kept,
        }

    @classmethod
    def from_json(cls, data: Plain) -> "FinalistEntry":
        """What `to_json` wrote."""
        return cls(
            str(data["name"]),
            str(data["origin"]),
            str(data["format"]),
            bool(data["quantize_aware"]),
            int(data["epochs"]),
            data["before"],
            data["after"],
            bool(data["kept"]),
        )
