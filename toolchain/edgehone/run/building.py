"""The stages of a run: its settings as their inputs, and what comes of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from edgehone.errors import ConversionError, ExecutionError
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.run.borders import with_io
from edgehone.run.context import RunContext
from edgehone.run.stages import evaluation
from edgehone.run.stages.compression import Built, Compression, compress
from edgehone.run.stages.conversion import Conversion, convert
from edgehone.run.stages.measurement import Measuring, measure
from edgehone.run.stages.quantization import Quantization, Refused, Samples, of_candidate, quantize
from edgehone.run.stages.teaching import TeacherOutputs, run_teacher
from edgehone.tasks.kinds import kind_of
from edgehone.values import Artifact, Measurement, Model, Progress, Recipe


def teacher_outputs(context: RunContext, teacher: Model) -> TeacherOutputs:
    """The teacher's outputs on all samples that candidates are judged on."""
    return run_teacher(teacher, context.data, context.probe, context.workspace)


def compressed(
    context: RunContext,
    origin: Model,
    recipe: Recipe,
    teacher: Model,
    title: str,
    begun: Recipe | None = None,
) -> Built:
    """The candidate that a recipe makes of `origin`, trained with `teacher`; begun: a recipe of its
    first steps, from whose result it goes on.
    """
    asked = Compression(origin, with_io(recipe, context.config.export.io), teacher, title, begun)
    return compress(asked, context.training, context.workspace)


def scored(context: RunContext, model: Model) -> float | None:
    """The task's metric over the validation split; None: not a number."""
    return evaluation.score(model, context.data, context.task, context.workspace)


def float_file(context: RunContext, model: Model, format_name: str) -> Path:
    """The float32 file of a model in a format."""
    asked = Conversion(model, format_name, context.formats[format_name].SUFFIX)
    return convert(asked, context.converter, context.workspace)


def exported(context: RunContext, built: Built, format_name: str, name: str) -> Artifact | Refused:
    """The candidate in a format, as `name` in the run's folder; or why that cannot be, a file
    that no longer computes what its model does among the reasons.
    """
    try:
        source = float_file(context, built.candidate.model, format_name)
        artifact = quantize(_quantization(context, built, format_name, source), context.workspace)
    except (ConversionError, ExecutionError) as error:
        return Refused.by(format_name, error)
    suffix = context.formats[format_name].SUFFIX
    path = context.workspace.linked(artifact.sha256, f"{name}{suffix}")
    return replace(artifact, path=path)


def in_formats(context: RunContext, built: Built, name: str) -> list[Artifact | Refused]:
    """The candidate in every format of the run that has its precision; or why that cannot be."""
    default = built.candidate.recipe.precision.default
    return [
        exported(context, built, form, name)
        if default in context.formats[form].PRECISIONS
        else Refused(form, f"{form} has no precision {default}")
        for form in context.formats
    ]


def _quantization(
    context: RunContext, built: Built, format_name: str, source: Path
) -> Quantization:
    from edgehone.export.artifacts import Reference

    x = context.training.compared_x

    def reference() -> Reference:
        outputs = context.workspace.array({"object": built.reference})
        targets = context.data.validation.y[: len(x)]
        return Reference(x, outputs, kind_of(context.task).ANSWER, targets)

    identity = [context.data.sha256, *context.calibration_key]
    samples = Samples(context.calibration, identity, reference)
    return of_candidate(built, source, format_name, context.formats[format_name], samples)


def measured(
    context: RunContext,
    artifacts: Sequence[Artifact],
    device: Device,
    outputs: TeacherOutputs,
    progress: Progress | None = None,
) -> list[Measurement]:
    """The artifacts measured on the device in one interleaved batch, in the order given."""
    data, settings = context.data, context.config.measure.model_dump()
    splits = {
        "test": (data.test, outputs.test),
        "validation": (data.validation, outputs.validation),
    }
    shards = {
        name: Shard(s.x, s.y, teacher, teacher, groups=s.group)
        for name, (s, teacher) in splits.items()
    }
    plan = MeasurePlan(shards, context.task, seed=context.config.search.seed, **settings)
    asked = Measuring(
        artifacts,
        device,
        plan,
        settings,
        data.sha256,
        context.fresh,
        keep=partial(context.store.add_measurement, run=context.workspace.folder.name),
    )
    return measure(asked, context.workspace.cache, progress or context.workspace.progress)


def winner_robustness(
    context: RunContext, artifact: Artifact, teacher: Model, outputs: TeacherOutputs
) -> dict[str, Any]:
    """How the artifact compares with the teacher on the test split: per class, in confidence, and
    under mild noise.
    """
    asked = evaluation.Winner(artifact, teacher, outputs.test)
    seed = context.config.search.seed
    return evaluation.winner_robustness(asked, context.data, context.task, seed, context.workspace)
