"""What a slimmable parent cost that candidates of a run were cut out of."""

from dataclasses import dataclass

from edgehone.documents.plain import Json
from edgehone.values import Plain


@dataclass(frozen=True)
class ParentEntry:
    """epochs: passes of a network over the training data, four for each of its own; seconds: of its
    training, when that was done; candidates: how many were cut out of it.
    """

    epochs: int
    seconds: float
    candidates: int

    @property
    def sentence(self) -> str:
        """The bill in words."""
        several = f"{self.candidates} candidate{'s' if self.candidates > 1 else ''}"
        return (
            f"{several} cut out of one slimmable parent, which cost {self.epochs} passes over the "
            f"training data ({self.seconds:.0f} s)"
        )

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"epochs": self.epochs, "seconds": self.seconds, "candidates": self.candidates}

    @classmethod
    def from_json(cls, data: Plain | None) -> "ParentEntry | None":
        """What `to_json` wrote."""
        if data is None:
            return None
        return cls(int(data["epochs"]), float(data["seconds"]), int(data["candidates"]))
