"""What is known of released files: how they were made and from what, and all that was measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgehone.budgets import Budget, Check
from edgehone.documents import artifact_json, budget_json, check_json, measurement_json, plain
from edgehone.documents.plain import Json
from edgehone.documents.published import versioned
from edgehone.documents.recipes import recipe_json, step_report_json
from edgehone.documents.run.chosen import Speedup
from edgehone.documents.run.goal import ObjectiveEntry
from edgehone.documents.run.project import Project
from edgehone.release.licences import Licence
from edgehone.values import Artifact, Measurement, Recipe, StepReport


@dataclass(frozen=True)
class Origin:
    """The run that led to the files: when it ended, what it decided by which budgets and checks,
    what it began with, and what to know beside its numbers. speedup: of the winner against the
    float32 file, where that was measured.
    """

    run: str
    created: str
    decision: str
    project: Project
    objective: ObjectiveEntry | None = None
    budgets: tuple[Budget, ...] = ()
    checks: tuple[Check, ...] = ()
    baselines: tuple[Measurement, ...] = ()
    recipe: Recipe | None = None
    steps: tuple[StepReport, ...] = ()
    speedup: Speedup | None = None
    params: int | None = None
    macs: int | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What a bundle tells of its artifacts, whose paths are those in the bundle. licence: the
    model's, as its owner states it; "": not stated. origin: None where no run led to the files.
    """

    title: str
    artifacts: tuple[Artifact, ...]
    measurements: tuple[Measurement, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    licences: tuple[Licence, ...] = ()
    licence: str = ""
    origin: Origin | None = None

    def of(self, artifact: Artifact) -> tuple[Measurement, ...]:
        """What was measured of one file."""
        return tuple(m for m in self.measurements if m.artifact.sha256 == artifact.sha256)

    def to_json(self) -> Json:
        """What stands in `evidence.json` (schema "evidence"); raw samples included."""
        return versioned(
            {
                "title": self.title,
                **_origin_json(self.origin),
                "artifacts": [artifact_json(each, details=True) for each in self.artifacts],
                "measurements": [measurement_json(each) for each in self.measurements],
                "environment": dict(self.environment),
                "licence": self.licence or None,
                "licences": [each.to_json() for each in self.licences],
            }
        )


def named(evidence: Evidence, paths: Mapping[str, str]) -> Evidence:
    """The evidence with every file called as in the bundle; those that are not there by their bare
    name. paths: by SHA-256.
    """
    origin = evidence.origin
    if origin is not None:
        origin = replace(origin, baselines=_renamed(origin.baselines, paths))
    artifacts = tuple(_placed(each, paths) for each in evidence.artifacts)
    measurements = _renamed(evidence.measurements, paths)
    return replace(evidence, origin=origin, artifacts=artifacts, measurements=measurements)


def text(value: Mapping[str, object]) -> bytes:
    """A JSON document as bundles have it."""
    found = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    return (found + "\n").encode()


def _renamed(
    measurements: tuple[Measurement, ...], paths: Mapping[str, str]
) -> tuple[Measurement, ...]:
    return tuple(replace(each, artifact=_placed(each.artifact, paths)) for each in measurements)


def _placed(artifact: Artifact, paths: Mapping[str, str]) -> Artifact:
    return replace(artifact, path=Path(paths.get(artifact.sha256, artifact.path.name)))


def _origin_json(origin: Origin | None) -> Json:
    if origin is None:
        return {"run": "", "created": "", "decision": "", "lineage": None, "recipe": None}
    objective, speedup = origin.objective, origin.speedup
    return {
        "run": origin.run,
        "created": origin.created,
        "decision": origin.decision,
        "objective": None if objective is None else objective.to_json(),
        "budgets": [budget_json(each) for each in origin.budgets],
        "checks": [check_json(each) for each in origin.checks],
        "lineage": _lineage(origin.project),
        "recipe": None if origin.recipe is None else recipe_json(origin.recipe),
        "steps": [step_report_json(each) for each in origin.steps],
        "params": origin.params,
        "macs": origin.macs,
        "speedup": None if speedup is None else speedup.to_json(),
        "baselines": [measurement_json(each) for each in origin.baselines],
        "warnings": list(origin.remarks),
    }


def _lineage(project: Project) -> Json:
    """What the files were made from; hashes that the run did not record are null."""
    return {
        "teacher": {
            "source": project.teacher,
            "sha256": project.teacher_sha256 or None,
            "params": project.params,
            "macs": project.macs,
        },
        "student": project.student,
        "data": {
            "source": project.data,
            "file_sha256": project.data_file_sha256 or None,
            "samples_sha256": project.data_sha256 or None,
            "samples": dict(project.samples),
            "classes": list(project.classes),
            "notes": list(project.notes),
        },
        "task": {"kind": project.kind, "metric": project.metric},
        "seed": project.seed,
    }
