"""How well a run's search predicted, and where its time went."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from edgehone.documents.plain import Json, plain
from edgehone.values import NOTHING, Plain


@dataclass(frozen=True)
class ErrorEntry:
    """How far off one metric was predicted over so many candidates. mean: of |predicted / measured
    - 1|; within_5, within_10: shares in [0, 1] that were off by at most 5 and 10 %.
    """

    metric: str
    candidates: int
    mean: float
    within_5: float
    within_10: float


@dataclass(frozen=True)
class SearchEntry:
    """A search's account of itself. candidates: those measured that something was predicted of;
    rank_correlation: Spearman's in [-1, 1], of predicted losses and found drops; None: too few.

    guessing: whether that is too low to trust; seconds: of the run, by kind of work.
    """

    candidates: int = 0
    rank_correlation: float | None = None
    guessing: bool = False
    errors: tuple[ErrorEntry, ...] = ()
    seconds: Mapping[str, float] = NOTHING

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "candidates": self.candidates,
            "rank_correlation": plain(self.rank_correlation),
            "guessing": self.guessing,
            "errors": [plain(asdict(each)) for each in self.errors],
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_json(cls, data: Plain | None) -> "SearchEntry | None":
        """What `to_json` wrote; None: not known."""
        if data is None:
            return None
        ranked = data.get("rank_correlation")
        return cls(
            int(data["candidates"]),
            None if ranked is None else float(ranked),
            bool(data["guessing"]),
            tuple(
                ErrorEntry(
                    str(each["metric"]),
                    int(each["candidates"]),
                    *(float(each[name]) for name in ("mean", "within_5", "within_10")),
                )
                for each in data["errors"]
            ),
            {str(kind): float(value) for kind, value in data["seconds"].items()},
        )
