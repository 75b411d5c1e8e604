"""What the training of a run cost."""

from dataclasses import asdict, dataclass, fields

from edgehone.documents.plain import Json
from edgehone.values import Plain


@dataclass(frozen=True)
class BillEntry:
    """Passes over the training data by what they were for; `run.bill.TrainingBill` says more."""

    students: int = 0
    parent: int = 0
    candidates: int = 0
    finalists: int = 0
    teacher: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.students + self.parent + self.candidates + self.finalists + self.teacher

    @property
    def sentence(self) -> str:
        """The bill in words; "": nothing was trained."""
        if not self.total:
            return ""
        parts = [
            f"{count} for {what}"
            for count, what in (
                (self.students, "students"),
                (self.parent, "the slimmable parent"),
                (self.teacher, "trying the teacher"),
                (self.candidates, "candidates"),
                (self.finalists, "finalists"),
            )
            if count
        ]
        passes = f"{self.total} {'pass' if self.total == 1 else 'passes'} over the training data"
        return f"{passes}: {', '.join(parts)}"

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {"epochs": self.total, **asdict(self)}

    @classmethod
    def from_json(cls, data: Plain | None) -> "BillEntry | None":
        """What `to_json` wrote; None: not known."""
        if data is None:
            return None
        return cls(**{each.name: int(data.get(each.name, 0)) for each in fields(cls)})
