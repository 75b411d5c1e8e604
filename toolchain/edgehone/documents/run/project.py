"""What a run began with: the teacher, the data and the task."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgehone.documents.plain import Json, plain
from edgehone.values import NOTHING, Plain


@dataclass(frozen=True)
class Project:
    """Teacher, student and data as the project file names them, the teacher's size, samples by
    split, the classes' names, and remarks on the data.

    teacher_sha256, data_file_sha256: of the files that were read, "" where a function made them;
    data_sha256: of all samples and targets as they were used. split: how samples came into splits;
    None: not known. preprocess: the function of batches that the model needs before it, by name;
    training: how models were trained, where that is not the default.
    """

    teacher: str = ""
    student: str = ""
    params: int | None = None
    macs: int | None = None
    data: str = ""
    samples: Mapping[str, int] = NOTHING
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kind: str = ""
    metric: str = ""
    seed: int | None = None
    teacher_sha256: str = ""
    data_sha256: str = ""
    data_file_sha256: str = ""
    split: Plain | None = None
    preprocess: str = ""
    training: Plain = NOTHING

    def to_json(self) -> Json:
        """As a run's document has it."""
        return {
            "teacher": self.teacher,
            "student": self.student,
            "params": self.params,
            "macs": self.macs,
            "data": self.data,
            "samples": dict(self.samples),
            "classes": list(self.classes),
            "notes": list(self.notes),
            "task": {"kind": self.kind, "metric": self.metric},
            "seed": self.seed,
            "teacher_sha256": self.teacher_sha256,
            "data_sha256": self.data_sha256,
            "data_file_sha256": self.data_file_sha256,
            "split": plain(self.split),
            "preprocess": self.preprocess,
            "training": plain(self.training),
        }

    @classmethod
    def from_json(cls, data: Plain) -> "Project":
        """What `to_json` wrote; what older versions left out is unknown."""
        task = data.get("task") or NOTHING
        return cls(
            str(data.get("teacher") or ""),
            str(data.get("student") or ""),
            data.get("params"),
            data.get("macs"),
            str(data.get("data") or ""),
            dict(data.get("samples") or {}),
            tuple(data.get("classes") or ()),
            tuple(data.get("notes") or ()),
            str(task.get("kind") or ""),
            str(task.get("metric") or ""),
            data.get("seed"),
            str(data.get("teacher_sha256") or ""),
            str(data.get("data_sha256") or ""),
            str(data.get("data_file_sha256") or ""),
            data.get("split"),
            str(data.get("preprocess") or ""),
            dict(data.get("training") or {}),
        )
