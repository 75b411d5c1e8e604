"""Carries out recipes on a model for `compress`: models, files, and how good each still is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import admission, files, variants
from edgehone.cli.setting import Setting
from edgehone.config import load_recipes
from edgehone.data import DataSet, load
from edgehone.documents import artifact_json, model_json, plain, recipe_json, step_report_json
from edgehone.errors import ConversionError, ExecutionError, UsageError
from edgehone.export._base import Calibration, Format, learned_ranges
from edgehone.export.conversion import Converter
from edgehone.metrics import Metric, metric_for
from edgehone.values import Candidate, Event, Model, Progress, Recipe, Task

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
    formats: Sequence[str] = ("tflite",)
    samples: int = 200
    trust: bool = False
    custom: Sequence[str] = ()
    seed: int = 0

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
        admission.require_recipes([recipe for _, recipe in chosen])
        return chosen


def fulfil(order: Order, setting: Setting, progress: Progress) -> dict[str, Any]:
    """{"start": the model as it was, "metric", "recipes": [{"name", "recipe", "model", "score",
    "steps", "artifacts", "skipped"}]}. Scores are over the test split; null where it has none.

    Raises ModelError when a model cannot be read, DataError when the data do not fit it.
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
        admission.require_single(model, order.model)
        teacher = model
        if order.teacher is not None:
            teacher = loading.load(order.teacher, trust=order.trust, custom=order.custom)
            admission.require_alike(model, teacher, order.model)
        data = _data(source, order, setting, model)
        bench = _Bench(order, setting.task, data, teacher, converter, Path(scratch), progress)
        saved = loading.save(model, Path(scratch) / "model.keras")
        start = bench.described("as it was", saved, model) | {"model": _start(order, saved)}
        return {
            "start": start,
            "metric": setting.task.metric,
            "recipes": [bench.made(name, recipe, model, saved) for name, recipe in chosen],
        }


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
    about = setting.config.data if setting.config else None
    output = tuple(model.outputs[0].shape[1:])
    classes = max(output[-1] or 2, 2) if setting.task.kind == "classification" else None
    return load(
        source,
        seed=about.seed if about else order.seed,
        task=setting.task,
        scale=about.scale if about else 1.0,
        offset=about.offset if about else 0.0,
        limit=about.limit if about else None,
        input_shape=tuple(model.inputs[0].shape[1:]),
        input_dtype=str(model.inputs[0].dtype),
        classes=classes,
    )


@dataclass(frozen=True)
class _Bench:
    """Where recipes are carried out, one after another."""

    order: Order
    task: Task
    data: DataSet
    teacher: Any
    converter: Converter
    scratch: Path
    progress: Progress

    @property
    def metric(self) -> Metric:
        """What scores are."""
        return metric_for(self.task)

    def described(self, name: str, model: Model, keras_model: Any) -> dict[str, Any]:
        """A Keras model and its score on the test split."""
        outputs = keras_model.predict(self.data.test.x, batch_size=256, verbose=0)
        score = self.metric.value(self.data.test.y, np.asarray(outputs))
        return {"name": name, "model": _sized(model), "score": score}

    def made(self, name: str, recipe: Recipe, start: Any, origin: Model) -> dict[str, Any]:
        """One recipe's document; its files are in the destination."""
        from edgehone.compress._base import Workshop
        from edgehone.compress.recipe import compress
        from edgehone.graph import loading

        def told(event: Event) -> None:
            self.progress(Event(name, f"{event.stage} {event.text}", event.done, event.total))

        workshop = Workshop(self.teacher, self.data, self.task, self.order.seed, told)
        keras_model, steps = compress(start, recipe, workshop)
        model = loading.save(keras_model, self.order.destination / f"{name}.keras")
        candidate = Candidate(model, recipe, origin, steps)
        artifacts, skipped = self._exported(name, candidate, keras_model)
        return {
            **self.described(name, model, keras_model),
            "recipe": recipe_json(recipe),
            "steps": [step_report_json(step) for step in steps],
            "artifacts": artifacts,
            "skipped": skipped,
        }

    def _exported(
        self, name: str, candidate: Candidate, keras_model: Any
    ) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """Documents of the files made, with their scores; formats left out, with the reason."""
        from edgehone.export.artifacts import Reference, export
        from edgehone.export.execution import outputs

        x = self.data.calibration(self.order.samples, self.order.seed)
        expected = np.asarray(keras_model.predict(x[:PARITY_SAMPLES], verbose=0))
        labels = self.task.kind == "classification"
        reference = Reference(x[:PARITY_SAMPLES], expected, labels)
        made: list[dict[str, Any]] = []
        skipped: list[dict[str, str]] = []
        for form in self.order.formats:
            self.progress(Event("export", f"{name} {form}"))
            kind = variants.load("edgehone.export", Format, form)()
            try:
                artifact = export(
                    self.converter.convert(candidate.model, form, self.scratch / f"{name}.{form}"),
                    kind,
                    candidate.recipe.bits,
                    Calibration((x,), learned_ranges(candidate.steps)),
                    self.order.destination / f"{name}{kind.SUFFIX}",
                    candidate=candidate,
                    reference=reference,
                )
                found = outputs(artifact.path, self.data.test.x)
            except (ConversionError, ExecutionError) as error:
                skipped.append({"format": form, "reason": error.message, "hint": error.hint})
                continue
            score = self.metric.value(self.data.test.y, found)
            made.append({**plain(artifact_json(artifact, details=True)), "score": score})
        return made, skipped
