"""The work of one run, stage by stage; each is looked up in the store before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.config import Config
from edgehone.data import DataSet
from edgehone.decide.decision import ONLY_SLOWER
from edgehone.documents import (
    measurement_from_json,
    measurement_json,
    recipe_json,
    step_report_from_json,
    step_report_json,
)
from edgehone.errors import ConversionError, ExecutionError
from edgehone.export.conversion import Converter
from edgehone.formats._base import Calibration, Format, learned_ranges
from edgehone.graph.running import running
from edgehone.measure.device import Device
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.protocol import measure
from edgehone.measure.settling import calm
from edgehone.run.workspace import Shelf
from edgehone.tasks.kinds import kind_of
from edgehone.tasks.metrics import metric_for
from edgehone.tasks.robustness import Noisy, check, with_noise
from edgehone.values import (
    Artifact,
    Candidate,
    Event,
    Measurement,
    Model,
    Progress,
    Recipe,
    Step,
    StepReport,
    Task,
)

Array = NDArray[Any]

PROBE_SAMPLES = 256
"""Training samples on which sensitivities are measured, validation samples for parity."""


@dataclass(frozen=True)
class Built:
    """A candidate, and the object with its Keras outputs on the parity samples."""

    candidate: Candidate
    reference: str


@dataclass(frozen=True)
class Refused:
    """A format that could not be made of a candidate, and why."""

    format: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class TeacherOutputs:
    """The teacher's Keras outputs over the splits that candidates are judged on."""

    validation: Array
    test: Array
    probe: Array


@dataclass(frozen=True)
class Workplace:
    """What all stages of one run share. `fresh` marks measurements that must not be looked up;
    lessons: the teacher's answers on the training data, kept for the next training.
    """

    config: Config
    shelf: Shelf
    data: DataSet
    task: Task
    formats: Mapping[str, Format]
    converter: Converter
    fresh: str = ""
    lessons: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def calibration(self) -> Array:
        """Training samples that activation ranges are taken from."""
        settings = self.config.data
        return self.data.calibration(settings.calibration, settings.seed)

    @cached_property
    def parity_x(self) -> Array:
        """Validation samples on which artifacts are compared with their Keras model."""
        return self.data.validation.x[:PROBE_SAMPLES]

    @cached_property
    def probe_x(self) -> Array:
        """Training samples on which sensitivities are measured."""
        return self.data.calibration(PROBE_SAMPLES, self.config.search.seed + 1)

    @property
    def distillation(self) -> Step:
        """The step that trains a student or a compressed candidate with the teacher."""
        settings = self.config.distill.model_dump(exclude={"quantize_aware_epochs"})
        return Step("distill", settings)

    def teacher_outputs(self, teacher: Model) -> TeacherOutputs:
        """The teacher's outputs, computed once."""
        inputs = {"model": teacher.sha256, "data": self.data.sha256, "probe": self.probe_key}

        def work() -> dict[str, Any]:
            self.shelf.progress(Event("run the teacher", "over validation and test data"))
            model = self.shelf.keras_model(teacher)
            sets = {
                "validation": self.data.validation.x,
                "test": self.data.test.x,
                "probe": self.probe_x,
            }
            found = {name: _predict(model, x) for name, x in sets.items()}
            for name, values in found.items():
                if not np.isfinite(values).all():
                    raise ExecutionError(
                        f"The teacher's outputs on the {name} samples are not all numbers "
                        "(NaN or infinity).",
                        "Check the model's weights, and scale and offset under [data].",
                    )
            return {name: self.shelf.keep_array(values) for name, values in found.items()}

        value = self.shelf.store.stage("teacher outputs", inputs, work)
        return TeacherOutputs(**{name: self.shelf.array(value[name]) for name in value})

    def compressed(self, origin: Model, recipe: Recipe, teacher: Model, title: str) -> Built:
        """The candidate that a recipe makes of `origin`, trained with `teacher`."""
        steps = recipe_json(recipe)["steps"]
        inputs = {
            "origin": origin.sha256,
            "steps": steps,
            "teacher": teacher.sha256 if steps else "",
            "data": self.data.sha256,
            "task": asdict(self.task),
            "seed": self.config.search.seed,
        }
        value = self.shelf.store.stage(
            "compress",
            inputs,
            lambda: self._compress(origin, recipe, teacher, title),
            version=2,
        )
        reports = tuple(step_report_from_json(step) for step in value["steps"])
        candidate = Candidate(self.shelf.model(value["model"]), recipe, origin, reports)
        return Built(candidate, value["reference"]["object"])

    def _compress(
        self, origin: Model, recipe: Recipe, teacher: Model, title: str
    ) -> dict[str, Any]:
        from edgehone.compress._base import Workshop
        from edgehone.compress.recipe import compress

        def told(event: Event) -> None:
            self.shelf.progress(
                Event(title, f"{event.stage} {event.text}", event.done, event.total)
            )

        model = self.shelf.keras_model(origin)
        reports: tuple[StepReport, ...] = ()
        kept = {"object": origin.sha256, "params": origin.params, "macs": origin.macs}
        if recipe.steps:
            seed = self.config.search.seed
            workshop = Workshop(
                self.shelf.keras_model(teacher),
                self.data,
                self.task,
                seed,
                told,
                lessons=self.lessons,
            )
            model, reports = compress(model, recipe, workshop)
            kept = self.shelf.keep_model(model)
        return {
            "model": kept,
            "steps": [step_report_json(report) for report in reports],
            "reference": self.shelf.keep_array(_predict(model, self.parity_x)),
        }

    def score(self, model: Model) -> float | None:
        """The task's metric of a Keras model over the validation split; None: not a number."""
        inputs = {"model": model.sha256, "data": self.data.sha256, "task": asdict(self.task)}

        def work() -> dict[str, Any]:
            validation = self.data.validation
            outputs = _predict(self.shelf.keras_model(model), validation.x)
            return {"value": metric_for(self.task).value(validation.y, outputs)}

        value: float | None = self.shelf.store.stage("score", inputs, work)["value"]
        return value

    def float_file(self, model: Model, format_name: str) -> Path:
        """The float32 file of a model, converted once per format."""

        def work() -> dict[str, Any]:
            self.shelf.progress(Event("convert", f"to {format_name}"))
            with TemporaryDirectory(dir=self.shelf.scratch) as scratch:
                destination = Path(scratch) / f"float{self.formats[format_name].SUFFIX}"
                self.converter.convert(model, format_name, destination)
                return {"file": {"object": self.shelf.store.add_file(destination)}}

        inputs = {"model": model.sha256, "format": format_name}
        value = self.shelf.store.stage("convert", inputs, work, version=2)
        return self.shelf.store.path_of(value["file"]["object"])

    def exported(self, built: Built, format_name: str, name: str) -> Artifact | Refused:
        """The candidate in a format, as `name` in the run's folder; or why that cannot be, a file
        that no longer computes what its model does among the reasons.
        """
        form = self.formats[format_name]
        try:
            source = self.float_file(built.candidate.model, format_name)
            inputs = {
                "float": source.name,
                "bits": recipe_json(built.candidate.recipe)["bits"],
                "calibration": [
                    self.data.sha256,
                    self.config.data.calibration,
                    self.config.data.seed,
                ],
                "ranges": learned_ranges(built.candidate.steps),
                "reference": built.reference,
            }
            value = self.shelf.store.stage(
                "export", inputs, lambda: self._export(built, form, source), version=5
            )
        except (ConversionError, ExecutionError) as error:
            return Refused(format_name, error.message, error.hint)
        return Artifact(
            path=self.shelf.linked(value["object"], f"{name}{form.SUFFIX}"),
            format=format_name,
            sha256=value["object"],
            candidate=built.candidate,
            **{key: value[key] for key in EXPORTED},
        )

    def _export(self, built: Built, form: Format, source: Path) -> dict[str, Any]:
        from edgehone.export.artifacts import Reference, export, require_sound

        outputs = np.load(self.shelf.store.path_of(built.reference), allow_pickle=False)
        targets = self.data.validation.y[: len(self.parity_x)]
        reference = Reference(self.parity_x, outputs, kind_of(self.task).ANSWER, targets)
        with TemporaryDirectory(dir=self.shelf.scratch) as scratch:
            artifact = export(
                source,
                form,
                built.candidate.recipe.bits,
                Calibration((self.calibration,), learned_ranges(built.candidate.steps)),
                Path(scratch) / f"artifact{form.SUFFIX}",
                candidate=built.candidate,
                reference=reference,
            )
            require_sound(artifact)
            made = {key: getattr(artifact, key) for key in EXPORTED}
            return {"object": self.shelf.store.add_file(artifact.path), **made}

    def measured(
        self,
        artifacts: Sequence[Artifact],
        device: Device,
        outputs: TeacherOutputs,
        progress: Progress | None = None,
    ) -> list[Measurement]:
        """The artifacts measured on the device in one interleaved batch, in the order given.

        What an earlier run measured while other work or heat slowed the device down is measured
        again if it is calm now; else its conditions say since when it is known ("measured").
        """
        splits = {
            "test": (self.data.test, outputs.test),
            "validation": (self.data.validation, outputs.validation),
        }
        settings = self.config.measure.model_dump()
        plan = MeasurePlan(
            {name: Shard(s.x, s.y, teacher, teacher) for name, (s, teacher) in splits.items()},
            self.task,
            seed=self.config.search.seed,
            **settings,
        )
        inputs = {
            "artifacts": [artifact.sha256 for artifact in artifacts],
            "device": device_key(device),
            "settings": settings,
            "data": self.data.sha256,
            "task": asdict(self.task),
            "fresh": self.fresh,
        }

        now: list[str] = []

        def work() -> dict[str, Any]:
            now.append(datetime.now(UTC).isoformat(timespec="seconds"))
            found = measure(artifacts, device, plan, progress or self.shelf.progress)
            documents = [measurement_json(each) for each in found]
            for document in documents:
                self.shelf.store.add_measurement(document, run=self.shelf.folder.name)
            return {"measurements": documents, "measured": now[-1]}

        value = self.shelf.store.stage(
            "measure", inputs, work, version=3, stale=lambda kept: _disturbed(kept) and calm(device)
        )
        pairs = zip(value["measurements"], artifacts, strict=True)
        found = [measurement_from_json(data, artifact) for data, artifact in pairs]
        return found if now else [_dated(each, value["measured"]) for each in found]

    def generalization(
        self, artifact: Artifact, teacher: Model, outputs: TeacherOutputs
    ) -> dict[str, Any]:
        """How the artifact's own outputs on the test split, computed here, hold up beside the
        teacher's: per class, in confidence, and under mild noise.
        """
        inputs = {
            "artifact": artifact.sha256,
            "teacher": teacher.sha256,
            "data": self.data.sha256,
            "task": asdict(self.task),
            "seed": self.config.search.seed,
            "samples": CHECKED_SAMPLES,
            "classes": list(self.data.classes),
        }

        def work() -> dict[str, Any]:
            from edgehone.export.execution import outputs as run

            test, seed = self.data.test, self.config.search.seed
            self.shelf.progress(Event("check the winner", "class by class, and under noise"))
            picked = np.linspace(0, len(test) - 1, min(len(test), CHECKED_SAMPLES)).astype(int)
            x, noisy = test.x[picked], with_noise(test.x[picked], seed=seed)
            disturbed = None
            if noisy is not None:
                clean = _predict(self.shelf.keras_model(teacher), noisy)
                disturbed = Noisy(clean, run(artifact.path, noisy))
            mine, theirs = run(artifact.path, x), outputs.test[picked]
            names = self.data.classes
            return check(self.task, test.y[picked], theirs, mine, disturbed, classes=names)

        return self.shelf.store.stage("generalization", inputs, work, version=2)

    @property
    def probe_key(self) -> list[int]:
        """What the probe samples depend on."""
        return [PROBE_SAMPLES, self.config.search.seed]


def device_key(device: Device) -> dict[str, Any]:
    """What a measurement on the device is looked up by: place, kind, and what answers there.

    Raises DeviceError when the device cannot be asked what answers there.
    """
    installation = device.installation
    return {
        "name": device.name,
        "address": device.transport.address,
        "target": asdict(device.target),
        "program": [installation.program, dict(installation.packages), installation.source],
    }


CHECKED_SAMPLES = 4000
"""Most test samples, evenly spread, on which the winner is looked at more closely."""

EXPORTED = ("precision", "size_bytes", "compressed_bytes", "audit", "parity")
"""Fields of an artifact that the export stage keeps."""


def _disturbed(kept: Mapping[str, Any]) -> bool:
    """Whether any measurement of a batch was slowed down by other work or heat."""
    return any(each["verdict"] in ONLY_SLOWER for each in kept["measurements"])


def _dated(found: Measurement, when: str) -> Measurement:
    """A measurement that was looked up; a disturbed one says when it was taken."""
    if found.verdict not in ONLY_SLOWER:
        return found
    return replace(found, conditions={**found.conditions, "measured": when})


def _predict(model: Any, x: Array) -> Array:
    with running():
        return np.asarray(model.predict(x, batch_size=256, verbose=0), np.float32)
