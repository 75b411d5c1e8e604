"""How a run begins: the teacher examined, its baselines measured, and what is compressed."""

from edgehone.decide.decision import applying
from edgehone.decide.sample_sizes import foreseen
from edgehone.errors import ConversionError, ExecutionError
from edgehone.measure.device import Device
from edgehone.measure.protocol import failed
from edgehone.run import building, preflight
from edgehone.run.batches import entries_of, measure_batch
from edgehone.run.context import RunContext
from edgehone.run.document import baseline_needs
from edgehone.run.stages.importing import import_model
from edgehone.run.stages.quantization import Refused
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.state import RunState
from edgehone.run.student import Found, student_of
from edgehone.run.teacher_check import Finding, ValidationData, check_teacher
from edgehone.run.teacher_weight import with_teacher_weight
from edgehone.search.history import Goal
from edgehone.values import WARNING, Artifact, Event, Measurement, Model, PrecisionPlan, Recipe

BASELINES = ("float32", "int8")
"""Precisions the uncompressed teacher is exported in; the first is what speed-ups start from."""


def begin(
    context: RunContext, devices: tuple[Device, ...], teacher: Model, *, force: bool
) -> RunState:
    """The state before the first round: teacher, baselines and the model that is compressed.

    Raises DataError when the teacher guesses and nothing is forced, ConversionError and
    ExecutionError when there is no float32 baseline.
    """
    outputs = building.teacher_outputs(context, teacher)
    teaching = _checked_teacher(context, teacher, outputs, force=force)
    built = [
        building.compressed(
            context, teacher, Recipe((), PrecisionPlan(precision)), teacher, "export the teacher"
        )
        for precision in BASELINES
    ]
    made = [
        building.exported(context, each, name, f"teacher-{each.candidate.recipe.precision.default}")
        for name in context.formats
        for each in built
    ]
    require_float(made[0])
    artifacts = [each for each in made if isinstance(each, Artifact)]
    objective = context.config.objective.value
    applying_budgets = tuple(applying(context.config.budgets, devices[0].name))
    goal = Goal(objective.metric, objective.minimize, applying_budgets)
    found = measure_batch(context, artifacts, devices, outputs)
    _require_runs(found.first[0])
    names = [f"teacher {each.precision}" for each in artifacts]
    baselines = entries_of(context, found, found.first[0], names)
    needs = baseline_needs(applying_budgets, baselines, context.config.export.formats[0])
    for each in needs:
        context.workspace.progress(Event(WARNING, foreseen(each)))
    context = with_teacher_weight(context, teacher)
    student = _base(context, teacher, devices[0], outputs, goal)
    return RunState(
        context,
        devices,
        teacher,
        student.model,
        outputs,
        baselines,
        goal,
        tuple(each for each in made if isinstance(each, Refused)),
        students=student.tried,
        lost=found.lost,
        teaching=teaching,
        needs=needs,
        base_steps=student.steps,
    )


def _checked_teacher(
    context: RunContext, teacher: Model, outputs: TeacherOutputs, *, force: bool
) -> Finding:
    """What the teacher is worth beside a constant answer. Raises DataError when it guesses.

    A user's metric that fails does so now, and not after everything has been exported.
    """
    settings = context.config.data
    validation = ValidationData(
        context.task, context.data.validation, settings.scale, settings.offset
    )
    found = check_teacher(validation, context.workspace.keras_model(teacher), outputs.validation)
    found.require(force=force)
    if found.warning:
        context.workspace.progress(Event(WARNING, found.warning))
    return found


def require_float(baseline: Artifact | Refused) -> None:
    """Refuse to go on without a float32 baseline: ConversionError."""
    if isinstance(baseline, Refused):
        raise ConversionError(
            f"The teacher cannot be made a {baseline.format} file in float32: {baseline.reason}",
            baseline.hint or "Leave this format out, or replace the layer it cannot hold.",
        )


def _require_runs(measurement: Measurement) -> None:
    if failed(measurement):
        raise ExecutionError(
            f"The float32 baseline does not run: {measurement.reason}",
            "Without a baseline nothing can be compared; try `edgehone bench` on its file.",
        )


def _base(
    context: RunContext, teacher: Model, device: Device, outputs: TeacherOutputs, goal: Goal
) -> Found:
    """The model that is compressed: the teacher itself, or a student distilled from it."""
    student = context.config.model.student
    if student == "same":
        return Found(teacher)
    if student == "auto":
        return student_of(context, teacher, device, outputs, goal)
    identity = preflight.identity(student, context.workspace.folder.name)
    start = import_model(student, identity, context.workspace)
    recipe = Recipe((context.distillation,))
    built = building.compressed(context, start, recipe, teacher, "distill the student")
    return Found(built.candidate.model, steps=recipe.steps)
