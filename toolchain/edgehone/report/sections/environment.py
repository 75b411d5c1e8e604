"""The section on the project and on what made the results."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.conditions import machine_of
from edgehone.report.markup import facts_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section
from edgehone.values import Plain


class Environment(Section):
    """What the run began with, and the versions of what made it."""

    title = "Project and environment"
    order = 120

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """Two lists of facts."""
        project, unproven = document.project, document.best_unproven
        facts = {
            "run": document.run,
            "teacher": project.teacher,
            "student": project.student,
            "parameters": _count(project.params),
            "MACs": _count(project.macs),
            "data": project.data,
            "samples": project.samples,
            "split": _split(project.split),
            "preprocessing before the model": project.preprocess,
            "classes": project.classes,
            "notes": project.notes,
            "task": ", ".join(part for part in (project.kind, project.metric) if part),
            "seed": project.seed,
            "weights in layers the search can change": _share(document.searched_weights),
            "slimmable parent": document.parent.sentence if document.parent else "",
            "training": document.bill.sentence if document.bill else "",
            "artifacts": document.artifacts,
            "best unproven": unproven.file if unproven else "",
            "status": document.status,
        }
        return facts_html(facts) + facts_html({**machine_of(rows), **document.environment})


def _split(split: Plain | None) -> str:
    """How samples came into splits, in words."""
    if not split:
        return ""
    drawn, groups = split.get("drawn") or (), split.get("groups") or {}
    words = (
        f"{' and '.join(drawn)} drawn: {split['rule']}, seed {split['seed']}" if drawn else "given"
    )
    counts = ", ".join(f"{name} {count}" for name, count in groups.items())
    return f"{words}; groups: {counts}" if counts else words


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
