"""Carries out recipes on a model for `compress`: models, files, and how good each still is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from edgehone import formats
from edgehone.actions.settings import Setting
from edgehone.actions.training import data_of, teacher_finding
from edgehone.compress.training.requirements import require_fit
from edgehone.config import load_recipes
from edgehone.data import DataSet
from edgehone.documents import artifact_json, model_json, plain, recipe_json, step_report_json
from edgehone.errors import ConfigError, ConversionError, ExecutionError, ModelError, UsageError
from edgehone.export.conversion import Converter
from edgehone.export.keras_outputs import predict
from edgehone.graph.supported import require_formats, require_single
from edgehone.run import preflight
from edgehone.run.borders import with_io
from edgehone.run.stages.compression import Built, Compression, compress
from edgehone.run.stages.conversion import Conversion, convert
from edgehone.run.stages.evaluation import Evaluation, evaluation_of, robustness, score
from edgehone.run.stages.importing import import_model
from edgehone.run.stages.quantization import (
    Samples,
    of_candidate,
    publish,
    quantize,
    smaller_form,
)
from edgehone.run.stages.training import Training
from edgehone.run.workspace import Workspace, temporary
from edgehone.system import files, interruption
from edgehone.system.apart import require_apart
from edgehone.system.settings import DATA
from edgehone.tasks.kinds import kind_of
from edgehone.values import WARNING, Event, Model, Progress, Recipe

Array = NDArray[Any]

PARITY_SAMPLES = 64
"""Calibration samples on which files are compared with their Keras model."""


@dataclass(frozen=True)
class Request:
    """What was asked: a model, the file of recipes, data, and what to make of them."""

    model: str
    recipes: Path
    destination: Path
    data: str | None = None
    only: Sequence[str] = ()
    teacher: str | None = None
    formats: Sequence[str] = (formats.USUAL,)
    samples: int = 200
    trust: bool = False
    custom: Sequence[str] = ()
    seed: int = 0
    force: bool = False
    unlabelled: str | None = None

    def chosen(self) -> list[tuple[str, Recipe]]:
        """(name, recipe) of those to carry out. Raises UsageError, ConfigError."""
        found = dict(load_recipes(self.recipes))
        for name in self.only:
            if name not in found:
                known = ", ".join(found)
                raise UsageError(f"{self.recipes} has no recipe {name!r}.", f"Known: {known}.")
        chosen = list(found.items())
        if self.only:
            chosen = [(name, found[name]) for name in dict.fromkeys(self.only)]
        preflight.require_recipes([recipe for _, recipe in chosen])
        return chosen


def perform(order: Request, setting: Setting, progress: Progress) -> dict[str, Any]:
    """{"start": the model as it was, "metric", "classes", "recipes": [{"name", "recipe", "model",
    "score", "steps", "artifacts", "skipped"}], "failed": [{"name", "reason", "hint"}] for recipes
    that do not fit the model, "warnings"}. Scores are over the test split.

    Raises ModelError when a model cannot be read, DataError when the data do not fit it, or the
    teacher is no better than a constant answer and nothing is forced.
    """
    chosen = [
        (name, with_io(recipe, setting.io, f"Recipe {name!r}")) for name, recipe in order.chosen()
    ]
    source = order.data or setting.data
    if source is None:
        raise UsageError(
            "Recipes need data to train and calibrate with.", f"Give them: {DATA.given('DATA')}."
        )
    _require_apart(order, [name for name, _ in chosen], source)
    files.require_writable(order.destination)
    with (
        TemporaryDirectory(prefix="edgehone-") as folder,
        # `load` is the gate
        Converter(trust=True, sources=(order.model,), custom=order.custom) as converter,
    ):
        converter.warm()
        workspace = temporary(Path(folder), progress, trust=order.trust, custom=tuple(order.custom))
        origin, teacher = _models(order, chosen, workspace)
        data = data_of(source, order.seed, setting, workspace.keras_model(origin), order.unlabelled)
        require_fit(setting.options.of_model(order.model), data, setting.task)
        if _stays(chosen):
            progress(Event("convert the model", "as it is"))
            _require_conversion(origin, order.formats, converter, workspace)
        teaching = teacher_finding(setting, data, workspace.keras_model(teacher))
        teaching.require(force=order.force)
        if teaching.warning:
            progress(Event(WARNING, teaching.warning))
        making = _making(order, setting, data, origin, teacher, converter, workspace)
        return {
            "start": {
                "name": "as it was",
                "model": _start(order, origin),
                "score": making.evaluation.score(making.evaluation.expected),
            },
            "metric": setting.task.metric,
            "classes": list(data.classes),
            **_all_carried_out(chosen, making),
            "warnings": [teaching.warning] if teaching.warning else [],
        }


def _require_apart(order: Request, names: Sequence[str], data: str) -> None:
    """Refuse to write a model or file over what it is made from: UsageError."""
    endings = (".keras", *(formats.load(form).SUFFIX for form in order.formats))
    written = [order.destination / f"{name}{ending}" for name in names for ending in endings]
    sources = (order.model, order.teacher, data, order.unlabelled)
    read = [order.recipes, *(Path(each) for each in sources if each)]
    require_apart(written, read, "Give another folder with -o, or the recipe another name.")


def _all_carried_out(chosen: Sequence[tuple[str, Recipe]], making: "_Making") -> dict[str, Any]:
    """{"recipes", "failed"}: documents of recipes that were carried out, and of those that do not
    fit this model, with the reason.
    """
    made: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for name, recipe in chosen:
        try:
            made.append(_carried_out(name, recipe, making))
        except (ConfigError, ModelError) as error:
            failed.append({"name": name, "reason": error.message, "hint": error.hint})
    return {"recipes": made, "failed": failed}


def _models(
    order: Request, chosen: Sequence[tuple[str, Recipe]], workspace: Workspace
) -> tuple[Model, Model]:
    """The model and its teacher, which is the same unless another was named."""
    origin = import_model(order.model, {"model": order.model}, workspace)
    model = workspace.keras_model(origin)
    require_single(model, order.model)
    if _stays(chosen):
        require_formats(model, order.formats)
    if order.teacher is None:
        return origin, origin
    teacher = import_model(order.teacher, {"model": order.teacher}, workspace)
    require_single(workspace.keras_model(teacher), order.teacher)
    preflight.require_alike(model, workspace.keras_model(teacher), order.model)
    return origin, teacher


def _stays(chosen: Sequence[tuple[str, Recipe]]) -> bool:
    """Whether every recipe keeps the kind of model that it is given."""
    return not any(_replaces(recipe) for _, recipe in chosen)


def _replaces(recipe: Recipe) -> bool:
    """Whether a recipe makes a model without the layers of the one it is given."""
    from edgehone.compress.recipe import technique_of

    return any(technique_of(step).REPLACES for step in recipe.steps)


def _require_conversion(
    model: Model, names: Sequence[str], converter: Converter, workspace: Workspace
) -> None:
    """Refuse a model that can be made none of the formats, before recipes train it at length:
    ConversionError.
    """
    refusals = []
    for name in names:
        try:
            convert(Conversion(model, name, formats.load(name).SUFFIX), converter, workspace)
        except ConversionError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]


def _start(order: Request, saved: Model) -> dict[str, Any]:
    """The model as it was, under the name it was given by."""
    return {**_sized(saved), "path": order.model}


def _sized(model: Model) -> dict[str, Any]:
    """A model's document, with its bytes on disk."""
    return {
        **model_json(model),
        "size_bytes": model.path.stat().st_size,
        "compressed_bytes": files.compressed_size(model.path),
    }


@dataclass(frozen=True, eq=False)
class _Making:
    """How every recipe of an order is carried out, exported and examined. Files are compared on
    calibration samples, and calibrated on more of them.
    """

    order: Request
    origin: Model
    teacher: Model
    training: Training
    evaluation: Evaluation
    calibration: Array
    converter: Converter
    workspace: Workspace


def _making(
    order: Request,
    setting: Setting,
    data: DataSet,
    origin: Model,
    teacher: Model,
    converter: Converter,
    workspace: Workspace,
) -> _Making:
    model = workspace.keras_model(origin)
    compute = partial(predict, model)
    evaluation = evaluation_of(setting.task, data.test, compute(data.test.x), compute, order.seed)
    calibration = data.calibration(order.samples, order.seed)
    return _Making(
        order,
        origin,
        teacher,
        Training(
            data,
            setting.task,
            order.seed,
            calibration[:PARITY_SAMPLES],
            options=setting.options.of_model(order.model),
        ),
        replace(evaluation, classes=data.classes),
        calibration,
        converter,
        workspace,
    )


def _carried_out(name: str, recipe: Recipe, making: _Making) -> dict[str, Any]:
    """One recipe's document; its files are in the destination."""
    order, training, workspace = making.order, making.training, making.workspace
    asked = Compression(making.origin, recipe, making.teacher, name)
    built = compress(asked, training, workspace)
    model = built.candidate.model
    destination = order.destination / f"{name}.keras"
    with interruption.delivery(destination):
        files.write_whole(destination, model.path.read_bytes())
    artifacts: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    for form in order.formats:
        workspace.progress(Event("export", f"{name} {form}"))
        try:
            artifacts.append(_file(name, form, built, making))
        except (ConversionError, ExecutionError) as error:
            skipped.append({"format": form, "reason": error.message, "hint": error.hint})
    document = {
        "name": name,
        "model": _sized(replace(model, path=destination)),
        "score": score(model, training.data, training.task, workspace, "test"),
        "recipe": recipe_json(recipe),
        "steps": [step_report_json(step) for step in built.candidate.steps],
        "artifacts": artifacts,
        "skipped": skipped,
    }
    if model != making.origin and model != making.teacher:
        workspace.forget(model)
    return document


def _file(name: str, form_name: str, built: Built, making: _Making) -> dict[str, Any]:
    """The document of one file, which is at its place only once it has run."""
    from edgehone.export.execution import outputs

    workspace, form = making.workspace, formats.load(form_name)
    conversion = Conversion(built.candidate.model, form_name, form.SUFFIX)
    source = convert(conversion, making.converter, workspace)
    asked = replace(
        of_candidate(built, source, form_name, form, _samples(built, making)), name=name
    )
    artifact = quantize(asked, workspace)
    compute = partial(outputs, artifact.path)
    found = compute(making.evaluation.x)
    judged = {
        "score": making.evaluation.score(found),
        "generalization": plain(robustness(making.evaluation, found, compute)),
    }
    destination = making.order.destination / f"{name}{form.SUFFIX}"
    publish(artifact, destination)
    document = artifact_json(replace(artifact, path=destination), details=True)
    return {**plain(document), **judged, "smaller": smaller_form(asked, artifact, workspace)}


def _samples(built: Built, making: _Making) -> Samples:
    from edgehone.export.artifacts import Reference

    order, training = making.order, making.training

    def reference() -> Reference:
        outputs = making.workspace.array({"object": built.reference})
        return Reference(training.compared_x, outputs, kind_of(training.task).ANSWER)

    identity = [training.data.sha256, order.samples, order.seed]
    return Samples(making.calibration, identity, reference)
