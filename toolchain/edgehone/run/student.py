"""The student that `student = "auto"` compresses: as the project says, or found by trying some."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgehone import precisions
from edgehone.decide.budget_metrics import reading
from edgehone.decide.choice import better, choose
from edgehone.decide.decision import decide
from edgehone.documents import plain
from edgehone.measure.device import Device
from edgehone.measure.protocol import failed
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.compression import Built
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.search.history import Goal
from edgehone.search.students import Student, grid, halved, screened
from edgehone.tasks.metrics import metric_for
from edgehone.values import Artifact, Event, Measurement, Model, PrecisionPlan, Recipe, Step


@dataclass(frozen=True)
class Found:
    """The student that is compressed, and what was tried to find it, as the run's document has
    it: one row a student, in order of MACs. steps: what made it of the teacher, or of the file
    that the project names.
    """

    model: Model
    tried: tuple[dict[str, Any], ...] = ()
    steps: tuple[Step, ...] = ()


def student_of(
    context: RunContext, teacher: Model, device: Device, outputs: TeacherOutputs, goal: Goal
) -> Found:
    """The student of the width and depth under [student]; with `search`, of the best of several.

    A search trains students shortly, measures those left on the device in the first precision
    searched, and takes the one that is best by the objective among those that keep the budgets
    over the validation split; when none does yet, the most accurate. That one is trained in full.
    """
    settings = context.config.student
    width, depth, tried = settings.width, settings.depth, list[dict[str, Any]]()
    if settings.search:
        search = SearchOfStudents(context, teacher, device, outputs, goal)
        width, depth, tried = search.result()
    recipe = Recipe((*scaling(width, depth), context.distillation))
    built = building.compressed(context, teacher, recipe, teacher, "distill the student")
    return Found(built.candidate.model, tuple(tried), recipe.steps)


def scaling(width: float, depth: float) -> tuple[Step, ...]:
    """The steps that make a student of the teacher; none where all of it stays."""
    steps = (Step("scale_depth", {"factor": depth}), Step("scale_width", {"factor": width}))
    return tuple(step for step in steps if step.settings["factor"] < 1)


def student_costs(context: RunContext, teacher: Model) -> list[Student]:
    """All students of the grid with what they cost, scaled but not trained."""
    workspace, seed = context.workspace, context.config.search.seed
    inputs = {"teacher": teacher.sha256, "data": context.data.sha256, "grid": grid(), "seed": seed}

    def work() -> dict[str, Any]:
        from edgehone.compress._base import TrainingContext
        from edgehone.compress.recipe import compress
        from edgehone.graph.costs import total_macs, total_params

        model = workspace.keras_model(teacher)
        training_context = TrainingContext(model, context.data, context.task, seed)
        rows = []
        for done, (width, depth) in enumerate(grid()):
            workspace.progress(Event("size students", _name(width, depth), done, len(grid())))
            scaled, _ = compress(model, Recipe(scaling(width, depth)), training_context)
            rows.append([width, depth, total_params(scaled), total_macs(scaled)])
        return {"students": rows}

    value = workspace.cache.stage("student costs", inputs, work)
    return [Student(*row) for row in value["students"]]


@dataclass(frozen=True)
class SearchOfStudents:
    """Students of a teacher, tried on a device; outputs: the teacher's; goal: of the run."""

    context: RunContext
    teacher: Model
    device: Device
    outputs: TeacherOutputs
    goal: Goal

    @property
    def precision(self) -> str:
        """The precision that finalists are measured in."""
        return (self.context.config.search.precisions or self.device.target.precisions)[0]

    @property
    def sign(self) -> int:
        """What turns the task's metric into a score of which more is better."""
        return 1 if metric_for(self.context.task).higher_is_better else -1

    def result(self) -> tuple[float, float, list[dict[str, Any]]]:
        """Width and depth of the best, and a row about every student."""
        settings = self.context.config.student
        costs = student_costs(self.context, self.teacher)
        start = screened(costs, self.teacher.macs, self._most_params(), settings.candidates)
        end = halved(start, settings.epochs, self._train)
        finalists = [student for student in end if not student.left_out]
        if not finalists:  # the teacher cannot be made smaller this way
            return settings.width, settings.depth, [self._row(student) for student in end]
        measured = self._measured(finalists)
        best = finalists[self.best_of(measured)]
        rows = []
        for student in end:
            measured_student = measured[finalists.index(student)] if student in finalists else None
            rows.append(self._row(student, measured_student, chosen=student is best))
        return best.width, best.depth, rows

    def _most_params(self) -> float:
        """How many weights the size budgets leave room for in the precision measured."""
        limits = [
            budget.limit
            for budget in self.goal.budgets
            if budget.metric in ("size_bytes", "compressed_bytes") and budget.bound == "max"
        ]
        return min(limits, default=float("inf")) / precisions.named(self.precision).weight_bytes

    def _built(self, student: Student, epochs: int) -> Built:
        training = self.context.distillation
        short = replace(training, settings={**training.settings, "epochs": epochs})
        steps = (*scaling(student.width, student.depth), short)
        recipe = Recipe(steps, PrecisionPlan(self.precision))
        title = f"try student {_name(student.width, student.depth)}"
        return building.compressed(self.context, self.teacher, recipe, self.teacher, title)

    def _train(self, student: Student, epochs: int) -> float:
        """The task's metric over the validation split, turned so that higher is better."""
        value = building.scored(self.context, self._built(student, epochs).candidate.model)
        return float("-inf") if value is None else self.sign * value

    def _measured(self, finalists: Sequence[Student]) -> list[Measurement | None]:
        """What each finalist does on the device; None where it cannot be exported or run."""
        context = self.context
        form = context.config.export.formats[0]
        made = [
            building.exported(
                context,
                self._built(each, each.scores[-1][0]),
                form,
                f"try-{_name(each.width, each.depth)}",
            )
            for each in finalists
        ]
        artifacts = [each for each in made if isinstance(each, Artifact)]
        found = iter(
            building.measured(context, artifacts, self.device, self.outputs) if artifacts else ()
        )
        kept = [next(found) if isinstance(each, Artifact) else None for each in made]
        return [None if each is None or failed(each) else each for each in kept]

    def best_of(self, measured: Sequence[Measurement | None]) -> int:
        """Index of the best finalist; the last, which is the largest, when none could be run."""
        seen = {
            index: replace(each, accuracy=each.validation)
            for index, each in enumerate(measured)
            if each is not None
        }
        if not seen:
            return len(measured) - 1
        objective = self.context.config.objective.value
        decisions = [decide(each, self.goal.budgets) for each in seen.values()]
        chosen = choose(decisions, objective)
        if chosen is not None:
            return list(seen)[chosen]
        accurate = replace(objective, metric="accuracy", minimize=False)
        best = next(iter(seen))
        for index, each in seen.items():
            if better(each, seen[best], accurate):
                best = index
        return best

    def _row(
        self, student: Student, measured: Measurement | None = None, *, chosen: bool = False
    ) -> dict[str, Any]:
        """A student as the run's document has it; latency and size are of its file after the
        short training.
        """
        p50 = None if measured is None else reading(measured, "latency_p50_ms").value
        text = student.left_out or ("chosen" if chosen else "another was better, measured")
        return {
            "name": _name(student.width, student.depth),
            "width": student.width,
            "depth": student.depth,
            "params": student.params,
            "macs": student.macs,
            "scores": [[epochs, plain(self.sign * score)] for epochs, score in student.scores],
            "latency_p50_ms": p50,
            "size_bytes": None if measured is None else measured.artifact.size_bytes,
            "outcome": text,
            "chosen": chosen,
        }


def _name(width: float, depth: float) -> str:
    return f"w{width:g}-d{depth:g}"
