"""A student that a run tried before it chose one to compress."""

from dataclasses import dataclass

from edgehone.documents.plain import Json
from edgehone.values import Plain

CHOSEN = "chosen"
"""The outcome of the student that was taken, in documents of edgehone 0.1."""


@dataclass(frozen=True)
class StudentEntry:
    """A student of some width and depth: its size, its scores after so many epochs, what its file
    does on the device (None: not measured), and in words why it was taken or left.
    """

    name: str
    width: float
    depth: float
    params: int
    macs: int
    scores: tuple[tuple[int, float | None], ...]
    latency_p50_ms: float | None
    size_bytes: int | None
    outcome: str
    chosen: bool

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "name": self.name,
            "width": self.width,
            "depth": self.depth,
            "params": self.params,
            "macs": self.macs,
            "scores": [[epochs, score] for epochs, score in self.scores],
            "latency_p50_ms": self.latency_p50_ms,
            "size_bytes": self.size_bytes,
            "outcome": self.outcome,
            "chosen": self.chosen,
        }

    @classmethod
    def from_json(cls, data: Plain) -> "StudentEntry":
        """What `to_json` wrote; edgehone 0.1 marked the chosen one by its outcome."""
        return cls(
            str(data["name"]),
            data["width"],
            data["depth"],
            data["params"],
            data["macs"],
            tuple((int(epochs), score) for epochs, score in data["scores"]),
            data["latency_p50_ms"],
            data["size_bytes"],
            str(data["outcome"]),
            bool(data.get("chosen", data["outcome"] == CHOSEN)),
        )
