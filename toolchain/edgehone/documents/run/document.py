"""What became of a run: the value that its page, its terminal table and its release are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgehone.budgets import Budget, Outcome
from edgehone.documents.decisions import budget_from_json, budget_json, decision_json
from edgehone.documents.measurements import (
    device_from_json,
    device_json,
    measurement_from_json,
    measurement_json,
)
from edgehone.documents.plain import Json
from edgehone.documents.published import require_version, versioned
from edgehone.documents.run.bill import BillEntry
from edgehone.documents.run.candidate import CandidateEntry
from edgehone.documents.run.chosen import ChosenEntry
from edgehone.documents.run.finalist import FinalistEntry
from edgehone.documents.run.goal import (
    BindingEntry,
    LostEntry,
    NeedEntry,
    ObjectiveEntry,
    TeacherEntry,
)
from edgehone.documents.run.parent import ParentEntry
from edgehone.documents.run.project import Project
from edgehone.documents.run.robustness import Generalization
from edgehone.documents.run.rounds import RoundEntry
from edgehone.documents.run.search import SearchEntry
from edgehone.documents.run.student import StudentEntry
from edgehone.documents.shape import shaped
from edgehone.values import NOTHING, DeviceInfo, Measurement, Plain


@dataclass(frozen=True)
class RunDocument:
    """A finished run. devices: the first is the one that was searched for, the baselines are
    measured on it, and the first of those is the float32 one.

    winner: None where nothing is proven to keep the budgets; best_unproven: then, what may.
    searched_weights: the share in [0, 1] of the weights that the search could change layer by
    layer; None: not known, or nothing was searched. search: how well it predicted, and where the
    time went. parent: what a slimmable parent cost that candidates were cut out of; None: there was
    none. finalists: candidates that were trained on; bill: what all training cost.
    remarks: what to know beside the numbers; lost: devices that failed. report, artifacts: where
    the page and the files are.
    """

    run: str
    decision: Outcome
    devices: tuple[DeviceInfo, ...]
    baselines: tuple[Measurement, ...]
    budgets: tuple[Budget, ...]
    candidates: tuple[CandidateEntry, ...]
    winner: ChosenEntry | None = None
    best_unproven: ChosenEntry | None = None
    project: Project = field(default_factory=Project)
    objective: ObjectiveEntry | None = None
    name: str = ""
    created: str = ""
    status: str = "done"
    seconds: float | None = None
    teacher: TeacherEntry | None = None
    needs: tuple[NeedEntry, ...] = ()
    generalization: Generalization | None = None
    binding: tuple[BindingEntry, ...] = ()
    students: tuple[StudentEntry, ...] = ()
    rounds: tuple[RoundEntry, ...] = ()
    stopped: str = ""
    searched_weights: float | None = None
    parent: ParentEntry | None = None
    search: SearchEntry | None = None
    finalists: tuple[FinalistEntry, ...] = ()
    bill: BillEntry | None = None
    remarks: tuple[str, ...] = ()
    lost: tuple[LostEntry, ...] = ()
    report: str = ""
    artifacts: str = ""
    environment: Mapping[str, str] = NOTHING

    @property
    def device(self) -> DeviceInfo:
        """The device that was searched for."""
        return self.devices[0]

    @property
    def baseline(self) -> Measurement:
        """The float32 file of the teacher, which everything is compared with."""
        return self.baselines[0]

    @property
    def chosen(self) -> ChosenEntry | None:
        """The winner, or else the best that may keep the budgets."""
        return self.winner or self.best_unproven

    @property
    def metric(self) -> str:
        """The task's metric, which says what unit accuracy has."""
        scored = self.baseline.accuracy
        return scored.metric if scored else "accuracy"

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks, and a sentence on every device that failed."""
        return (*self.remarks, *(each.sentence for each in self.lost))

    def to_json(self) -> Json:
        """What `run --json` prints and the store keeps."""
        return versioned({**self._result(), **self._history()})

    def _result(self) -> Json:
        """What was asked for, and what came of it."""
        teacher, checked = self.teacher, self.generalization
        return {
            "run": self.run,
            "name": self.name,
            "created": self.created,
            "status": self.status,
            "seconds": self.seconds,
            "project": self.project.to_json(),
            "device": device_json(self.device),
            "devices": [device_json(each) for each in self.devices],
            "lost": [each.to_json() for each in self.lost],
            "baseline": measurement_json(self.baseline),
            "baselines": [measurement_json(each) for each in self.baselines],
            **_chosen_json("winner", self.winner),
            **_chosen_json("best_unproven", self.best_unproven),
            **_decision_json(self.best_unproven),
            "teacher": None if teacher is None else teacher.to_json(),
            "needs": [each.to_json() for each in self.needs],
            "generalization": None if checked is None else checked.to_json(),
        }

    def _history(self) -> Json:
        """How the run went, and where its files are."""
        objective = {} if self.objective is None else {"objective": self.objective.to_json()}
        return {
            "candidates": [each.to_json() for each in self.candidates],
            "budgets": [budget_json(each) for each in self.budgets],
            **objective,
            "decision": self.decision,
            "binding": [each.to_json() for each in self.binding],
            "students": [each.to_json() for each in self.students],
            "rounds": [each.to_json() for each in self.rounds],
            "stopped": self.stopped,
            "searched_weights": self.searched_weights,
            "parent": None if self.parent is None else self.parent.to_json(),
            "search": None if self.search is None else self.search.to_json(),
            "finalists": [each.to_json() for each in self.finalists],
            "bill": None if self.bill is None else self.bill.to_json(),
            "warnings": list(self.warnings),
            "report": self.report,
            "artifacts": self.artifacts,
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Plain) -> "RunDocument":
        """What `to_json` wrote, in this version or in 0.1; what older versions left out is unknown.

        Raises StorageError for a newer version's document, and for one of another shape.
        """
        where = f"The document of run {data.get('run')}"
        require_version(data, where)
        with shaped(where):
            return _with_history(_with_result(data), data)


def _with_result(data: Plain) -> RunDocument:
    found = RunDocument(
        run=str(data["run"]),
        decision=data["decision"],
        devices=tuple(device_from_json(d) for d in data.get("devices") or [data["device"]]),
        baselines=tuple(
            measurement_from_json(each)
            for each in (data["baseline"], *(data.get("baselines") or ())[1:])
        ),
        budgets=tuple(budget_from_json(each) for each in data["budgets"]),
        candidates=tuple(CandidateEntry.from_json(each) for each in data["candidates"]),
        winner=ChosenEntry.from_json(data, "winner"),
        best_unproven=ChosenEntry.from_json(data, "best_unproven"),
        project=Project.from_json(data.get("project") or NOTHING),
        objective=ObjectiveEntry.from_json(data.get("objective")),
    )
    return replace(
        found,
        name=str(data.get("name") or ""),
        created=str(data.get("created") or ""),
        status=str(data.get("status") or "done"),
        seconds=data.get("seconds"),
        teacher=TeacherEntry.from_json(data.get("teacher")),
        needs=tuple(NeedEntry.from_json(each) for each in data.get("needs") or ()),
        generalization=Generalization.from_json(data.get("generalization")),
    )


def _with_history(found: RunDocument, data: Plain) -> RunDocument:
    lost = tuple(LostEntry.from_json(each) for each in data.get("lost") or ())
    failed = {each.sentence for each in lost}
    return replace(
        found,
        binding=tuple(BindingEntry.from_json(each) for each in data.get("binding") or ()),
        students=tuple(StudentEntry.from_json(each) for each in data.get("students") or ()),
        rounds=tuple(RoundEntry.from_json(each) for each in data.get("rounds") or ()),
        stopped=str(data.get("stopped") or ""),
        searched_weights=data.get("searched_weights"),
        parent=ParentEntry.from_json(data.get("parent")),
        search=SearchEntry.from_json(data.get("search")),
        finalists=tuple(FinalistEntry.from_json(each) for each in data.get("finalists") or ()),
        bill=BillEntry.from_json(data.get("bill")),
        remarks=tuple(text for text in data.get("warnings") or () if text not in failed),
        lost=lost,
        report=str(data.get("report") or ""),
        artifacts=str(data.get("artifacts") or ""),
        environment=dict(data.get("environment") or {}),
    )


def _chosen_json(key: str, found: ChosenEntry | None) -> dict[str, Any]:
    """A chosen file under the keys that begin with its part in the run."""
    speedup = None if found is None else found.speedup
    return {
        key: None if found is None else measurement_json(found.measurement),
        f"{key}_elsewhere": [measurement_json(m) for m in found.elsewhere] if found else [],
        f"{key}_name": "" if found is None else found.name,
        f"{key}_speedup": None if speedup is None else speedup.to_json(),
    }


def _decision_json(unproven: ChosenEntry | None) -> dict[str, Any]:
    """What is reported of the best unproven file alone."""
    decision = None if unproven is None else unproven.decision
    return {
        "best_unproven_decision": None if decision is None else decision_json(decision),
        "best_unproven_file": "" if unproven is None else unproven.file,
    }
