"""The contest: teacher, uniform widths and the loop's candidates, measured in one batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.config import Config
from edgehone.config.sections import MeasureSection
from edgehone.data import DataSettings, load
from edgehone.documents import artifact_from_json
from edgehone.errors import EdgehoneError
from edgehone.export.conversion import Converter
from edgehone.formats.tflite import TFLite
from edgehone.measure.device import Device, resolve
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.importing import import_model
from edgehone.run.stages.quantization import Refused
from edgehone.run.workspace import Workspace, opened
from edgehone.store import Store
from edgehone.system.files import sha256_of
from edgehone.values import (
    Artifact,
    Measurement,
    Model,
    Plain,
    PrecisionPlan,
    Progress,
    Recipe,
    Step,
)

WIDTHS = (0.75, 0.5, 0.25)
"""Uniform width factors, each distilled as the loop distills its candidates."""

PRECISIONS = ("int8", "float32")
"""Each width is exported in both: which of them is faster depends on the processor."""

BLOCKS = 12
"""Fresh processes per file in the final batch."""


@dataclass(frozen=True)
class Contestant:
    """A file in the contest. method: "teacher", "uniform width" or "the loop"."""

    name: str
    method: str
    artifact: Artifact
    params: int
    macs: int


@dataclass(frozen=True)
class Result:
    """A contestant as it was measured."""

    contestant: Contestant
    measurement: Measurement


@dataclass(frozen=True)
class Arena:
    """Where the contest takes place."""

    context: RunContext
    device: Device
    teacher: Model

    def uniform(self, factor: float, precision: str) -> Contestant:
        """The teacher with `factor` of its channels, the strongest ones, distilled."""
        scaled = Step("scale_width", {"factor": factor, "inherit": True})
        recipe = Recipe((scaled, self.context.distillation), PrecisionPlan(precision))
        name = f"width {factor:g} {precision}"
        built = building.compressed(
            self.context, self.teacher, recipe, self.teacher, f"train width {factor:g}"
        )
        made = building.exported(self.context, built, "tflite", name.replace(" ", "-"))
        if isinstance(made, Refused):
            raise EdgehoneError(f"{name} cannot be exported: {made.reason}", "")
        model = built.candidate.model
        return Contestant(name, "uniform width", made, model.params, model.macs)

    def measured(self, contestants: Sequence[Contestant]) -> list[Result]:
        """All of them in one interleaved batch."""
        artifacts = [each.artifact for each in contestants]
        outputs = building.teacher_outputs(self.context, self.teacher)
        found = building.measured(self.context, artifacts, self.device, outputs)
        return [Result(*pair) for pair in zip(contestants, found, strict=True)]


@contextmanager
def arena(config: Config, store: Store, progress: Progress, again: str = "") -> Iterator[Arena]:
    """The arena; again: a mark that makes the measurement happen anew."""
    workspace = Workspace(store, store.folder / "contest", progress=progress)
    path = Path(config.model.teacher)
    settings = config.data
    data = load(
        settings.source,
        DataSettings(scale=settings.scale, input_shape=(28, 28, 1), output_shape=(10,)),
    )
    longer = config.model_copy(update={"measure": MeasureSection(blocks=BLOCKS)})
    with opened(workspace.folder), Converter() as converter:
        teacher = import_model(str(path), {"file": sha256_of(path)}, workspace)
        formats = {"tflite": TFLite()}
        task = config.task.value
        context = RunContext(longer, store, workspace, data, task, formats, converter, again)
        yield Arena(context, resolve("local", {}), teacher)


def of_the_run(document: Plain, store: Store, teacher: Model) -> list[Contestant]:
    """The baselines and candidates of a finished run."""
    baselines = [
        Contestant(
            f"teacher {measured['artifact']['precision']}",
            "teacher",
            _artifact(measured, store),
            teacher.params,
            teacher.macs,
        )
        for measured in document["baselines"]
    ]
    candidates = [
        Contestant(
            each["name"],
            "the loop",
            _artifact(each["measurement"], store),
            each["params"],
            each["macs"],
        )
        for each in document["candidates"]
    ]
    return [*baselines, *candidates]


def _artifact(measured: Plain, store: Store) -> Artifact:
    artifact: Artifact = artifact_from_json(measured["artifact"])
    return replace(artifact, path=store.path_of(artifact.sha256))
