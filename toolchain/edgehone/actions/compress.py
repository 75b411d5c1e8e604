"""Carries out recipes on a model for `compress`: models, files, and how good each still is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgehone import formats
from edgehone.actions.settings import Setting
from edgehone.config import load_recipes
from edgehone.data import DataSet, load
from edgehone.documents import artifact_json, model_json, plain, recipe_json, step_report_json
from edgehone.errors import ConfigError, ConversionError, ExecutionError, ModelError, UsageError
from edgehone.export.conversion import Converter
from edgehone.formats._base import Calibration, learned_ranges
from edgehone.graph.running import running
from edgehone.graph.supported import require_formats, require_single
from edgehone.run import preflight
from edgehone.run.teacher_check import Finding, Pupils, examined
from edgehone.system import files
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.tasks.robustness import Noisy, check, with_noise
from edgehone.values import WARNING, Candidate, Event, Model, Progress, Recipe, Task

if TYPE_CHECKING:
    from edgehone.export.artifacts import Reference

Array = NDArray[Any]

PARITY_SAMPLES = 64


@dataclass(frozen=True)
class Order:
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


def fulfil(order: Order, setting: Setting, progress: Progress) -> dict[str, Any]:
    """{"start": the model as it was, "metric", "classes", "recipes": [{"name", "recipe", "model",
    "score", "steps", "artifacts", "skipped"}], "failed": [{"name", "reason", "hint"}] for recipes
    that do not fit the model, "warnings"}. Scores are over the test split.

    Raises ModelError when a model cannot be read, DataError when the data do not fit it, or the
    teacher is no better than a constant answer and nothing is forced.
    """
    from edgehone.graph import loading

    chosen = order.chosen()
    source = order.data or setting.data
    if source is None:
        raise UsageError(
            "Recipes need data to train and calibrate with.", "Give it with --data DATA."
        )
    files.require_writable(order.destination)
    with (
        TemporaryDirectory(prefix="edgehone-") as scratch,
        # `load` is the gate
        Converter(trust=True, sources=(order.model,), custom=order.custom) as converter,
    ):
        converter.warm()
        progress(Event("load the model", order.model))
        model = loading.load(order.model, trust=order.trust, custom=order.custom, progress=progress)
        require_single(model, order.model)
        stays = not any(_replaces(recipe) for _, recipe in chosen)
        if stays:
            require_formats(model, order.formats)
        teacher = model
        if order.teacher is not None:
            teacher = loading.load(order.teacher, trust=order.trust, custom=order.custom)
            require_single(teacher, order.teacher)
            preflight.require_alike(model, teacher, order.model)
        data = _data(source, order, setting, model)
        saved = loading.save(model, Path(scratch) / "model.keras")
        if stays:
            progress(Event("convert the model", "as it is"))
            _require_conversion(converter, saved, order.formats, Path(scratch))
        teaching = _teaching(setting, data, teacher)
        teaching.require(force=order.force)
        if teaching.warning:
            progress(Event(WARNING, teaching.warning))
        exam = _exam(setting.task, data, model, order.seed)
        bench = _Bench(order, exam, data, teacher, converter, Path(scratch), progress)
        start = {
            "name": "as it was",
            "model": _start(order, saved),
            "score": exam.score(exam.before),
        }
        made, failed = [], []
        for name, recipe in chosen:
            try:
                made.append(bench.made(name, recipe, model, saved))
            except (ConfigError, ModelError) as error:  # one that does not fit this model
                failed.append({"name": name, "reason": error.message, "hint": error.hint})
        return {
            "start": start,
            "metric": setting.task.metric,
            "classes": list(data.classes),
            "recipes": made,
            "failed": failed,
            "warnings": [teaching.warning] if teaching.warning else [],
        }


def _replaces(recipe: Recipe) -> bool:
    """Whether a recipe makes a model without the layers of the one it is given."""
    from edgehone.compress.recipe import technique_of

    return any(technique_of(step).REPLACES for step in recipe.steps)


def _require_conversion(
    converter: Converter, model: Model, names: Sequence[str], scratch: Path
) -> None:
    """Refuse a model that can be made none of the formats, before recipes train it at length:
    ConversionError.
    """
    refusals = []
    for form in names:
        try:
            converter.convert(model, form, scratch / f"start{formats.load(form).SUFFIX}")
        except ConversionError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]


def _teaching(setting: Setting, data: DataSet, teacher: Any) -> Finding:
    """What the teacher is worth beside a constant answer."""
    scale, offset = setting.scaling.scale, setting.scaling.offset
    pupils = Pupils(setting.task, data.validation, scale, offset)
    return examined(pupils, teacher, _predicted(teacher, data.validation.x))


def _start(order: Order, saved: Model) -> dict[str, Any]:
    """The model as it was, under the name it was given by."""
    return {**_sized(saved), "path": order.model}


def _sized(model: Model) -> dict[str, Any]:
    """A model's document, with its bytes on disk."""
    return {
        **model_json(model),
        "size_bytes": model.path.stat().st_size,
        "compressed_bytes": files.compressed_size(model.path),
    }


def _data(source: str, order: Order, setting: Setting, model: Any) -> DataSet:
    scaling = setting.scaling
    found = load(
        source,
        seed=setting.seed(order.seed),
        task=setting.task,
        scale=scaling.scale,
        offset=scaling.offset,
        limit=setting.limit,
        input_shape=tuple(model.inputs[0].shape[1:]),
        input_dtype=str(model.inputs[0].dtype),
        output_shape=tuple(model.outputs[0].shape[1:]),
    )
    setting.note(found.notes)
    return found


@dataclass(frozen=True)
class _Exam:
    """What every file is asked: the test split as it is and with mild noise (None: integers), and
    what the model answered before anything was done to it.
    """

    task: Task
    y: Array
    x: Array
    before: Array
    noisy_x: Array | None
    noisy_before: Array | None
    classes: tuple[str, ...] = ()

    def score(self, outputs: Array) -> float:
        """The task's metric of outputs on the test split."""
        return metric_for(self.task).value(self.y, outputs)

    def judged(self, run: Callable[[Array], Array]) -> dict[str, Any]:
        """{"score", "generalization"} of what computes outputs (n, ...) of samples."""
        outputs = run(self.x)
        noisy = None
        if self.noisy_x is not None and self.noisy_before is not None:
            noisy = Noisy(self.noisy_before, run(self.noisy_x))
        found = check(self.task, self.y, self.before, outputs, noisy, classes=self.classes)
        return {"score": self.score(outputs), "generalization": plain(found)}


def _exam(task: Task, data: DataSet, model: Any, seed: int) -> _Exam:
    noisy = with_noise(data.test.x, seed=seed)
    noisy_before = None if noisy is None else _predicted(model, noisy)
    return _Exam(
        task,
        data.test.y,
        data.test.x,
        _predicted(model, data.test.x),
        noisy,
        noisy_before,
        data.classes,
    )


def _predicted(model: Any, x: Array) -> Array:
    with running():
        return np.asarray(model.predict(x, batch_size=256, verbose=0))


@dataclass(frozen=True)
class _Bench:
    """Where recipes are carried out, one after another."""

    order: Order
    exam: _Exam
    data: DataSet
    teacher: Any
    converter: Converter
    scratch: Path
    progress: Progress

    def made(self, name: str, recipe: Recipe, start: Any, origin: Model) -> dict[str, Any]:
        """One recipe's document; its files are in the destination."""
        from edgehone.compress._base import Workshop
        from edgehone.compress.recipe import compress
        from edgehone.graph import loading

        def told(event: Event) -> None:
            self.progress(Event(name, f"{event.stage} {event.text}", event.done, event.total))

        workshop = Workshop(self.teacher, self.data, self.exam.task, self.order.seed, told)
        keras_model, steps = compress(start, recipe, workshop)
        model = loading.save(keras_model, self.order.destination / f"{name}.keras")
        candidate = Candidate(model, recipe, origin, steps)
        artifacts, skipped = self._exported(name, candidate, keras_model)
        return {
            "name": name,
            "model": _sized(model),
            "score": self.exam.score(_predicted(keras_model, self.exam.x)),
            "recipe": recipe_json(recipe),
            "steps": [step_report_json(step) for step in steps],
            "artifacts": artifacts,
            "skipped": skipped,
        }

    def _exported(
        self, name: str, candidate: Candidate, keras_model: Any
    ) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """Documents of the files made, with their scores; formats left out, with the reason."""
        from edgehone.export.artifacts import Reference

        x = self.data.calibration(self.order.samples, self.order.seed)
        some = x[:PARITY_SAMPLES]
        answer = kind_of(self.exam.task).ANSWER
        reference = Reference(some, _predicted(keras_model, some), answer)
        calibration = Calibration((x,), learned_ranges(candidate.steps))
        made: list[dict[str, Any]] = []
        skipped: list[dict[str, str]] = []
        for form in self.order.formats:
            self.progress(Event("export", f"{name} {form}"))
            try:
                made.append(self._file(name, form, candidate, calibration, reference))
            except (ConversionError, ExecutionError) as error:
                skipped.append({"format": form, "reason": error.message, "hint": error.hint})
        return made, skipped

    def _file(
        self,
        name: str,
        form: str,
        candidate: Candidate,
        calibration: Calibration,
        reference: "Reference",
    ) -> dict[str, Any]:
        """The document of one file, which is at its place only once it has run."""
        from edgehone.export.artifacts import export, require_sound
        from edgehone.export.execution import outputs
        from edgehone.export.smaller import smaller

        maker = formats.load(form)
        name = f"{name}{maker.SUFFIX}"
        source = self.converter.convert(candidate.model, form, self.scratch / f"float-{name}")
        artifact = export(
            source,
            maker,
            candidate.recipe.bits,
            calibration,
            self.scratch / name,
            candidate=candidate,
            reference=reference,
        )
        require_sound(artifact)
        judged = self.exam.judged(partial(outputs, artifact.path))
        destination = self.order.destination / name
        files.write_whole(destination, artifact.path.read_bytes())
        document = artifact_json(replace(artifact, path=destination), details=True)
        offer = smaller(maker, source, artifact, self.scratch)
        return {**plain(document), **judged, "smaller": offer}
