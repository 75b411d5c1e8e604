"""What options and a project or budgets file say about devices, the task, data and measuring."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehone import formats
from edgehone.actions.scaling import Scaling, number, scale_number
from edgehone.compress.training.options import TrainingOptions
from edgehone.config import (
    DataSection,
    DevicePlace,
    Partial,
    load_partial,
    options_of,
    user_devices,
)
from edgehone.errors import UsageError
from edgehone.measure.device import Device, resolve
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.system.places import PROJECT_FILE
from edgehone.system.settings import DATA
from edgehone.system.user_code import is_reference
from edgehone.values import NOTE, Artifact, Event, Plain, Progress, Task, silent

if TYPE_CHECKING:
    from edgehone.data import DataSet, DataSettings

ScaleTexts = tuple[str | None, str | None]
"""What --scale and --offset say."""

UNSET_SCALING: ScaleTexts = (None, None)


@dataclass(frozen=True)
class Setting:
    """What files say, each table by the first that has it, and the options that go before them.

    trained: the data of the run whose file is judged; "": of none. progress: where notes go.
    """

    files: tuple[Partial, ...] = ()
    scale: float | None = None
    offset: float | None = None
    trained: str = ""
    progress: Progress = silent

    @classmethod
    def read(
        cls,
        project: Path,
        scaling: ScaleTexts = UNSET_SCALING,
        budgets: Path | None = None,
        progress: Progress = silent,
    ) -> "Setting":
        """The setting of a project file; the default one may be missing. A budgets file may have
        the same tables: they go before those of the default project file, and after those of one
        that was named.
        """
        named = project != PROJECT_FILE
        paths = [project] if named or project.exists() else []
        if budgets is not None and budgets not in paths:
            paths.insert(1 if named else 0, budgets)
        scale, offset = scaling
        partials = tuple(load_partial(path) for path in paths)
        for reference in (name for each in partials for name in each.own_formats):
            formats.mention(reference)
        return cls(
            partials,
            None if scale is None else scale_number(scale),
            None if offset is None else number(offset, "--offset"),
            progress=progress,
        )

    def note(self, texts: Iterable[str]) -> None:
        """Report what was left out of data, or read in part."""
        for text in texts:
            self.progress(Event(NOTE, text))

    @property
    def task(self) -> Task:
        """What the model does."""
        found = next((each.task for each in self.files if each.task), None)
        return found.value if found else Task()

    @property
    def data(self) -> str | None:
        """The files' own data."""
        return next((each.source for each in self.files if each.source), None)

    @cached_property
    def about_data(self) -> DataSection | None:
        """The first `[data]` table; its source may be a placeholder (`data` is not)."""
        return next((each.data for each in self.files if each.data), None)

    @property
    def scaling(self) -> Scaling:
        """How samples are scaled."""
        about = self.about_data
        explicit = {"scale", "offset", "preprocess"} & (about.model_fields_set if about else set())
        scaled = self.scale is not None or self.offset is not None
        scale, offset = (about.scale, about.offset) if about else (1.0, 0.0)
        return Scaling(
            scale if self.scale is None else self.scale,
            offset if self.offset is None else self.offset,
            explicit=scaled or bool(explicit),
        )

    @property
    def limit(self) -> int | None:
        """Most samples of each split."""
        return self.about_data.limit if self.about_data else None

    @property
    def unlabelled(self) -> str | None:
        """Where samples without labels come from."""
        return self.about_data.unlabelled if self.about_data else None

    @property
    def options(self) -> TrainingOptions:
        """How models are trained."""
        training = next((each.training for each in self.files if each.training), None)
        return options_of(self.about_data, training)

    @property
    def io(self) -> str:
        """The type at the borders of files, as `[export]` says; "" where it says none."""
        return next((each.io for each in self.files if each.io), "")

    def seed(self, asked: int) -> int:
        """What draws the splits that data lacks: as `[data]` says, or as asked."""
        return self.about_data.seed if self.about_data else asked

    def data_settings(self, asked: int) -> "DataSettings":
        """How data are read, whatever the model; asked: the seed, unless `[data]` has one."""
        section = self.about_data or DataSection(source="digits")
        scaling = self.scaling
        return section.settings(
            seed=self.seed(asked),
            task=self.task,
            scale=scaling.scale,
            offset=scaling.offset,
            unlabelled=None,
        )

    @cached_property
    def known_devices(self) -> Mapping[str, DevicePlace]:
        """The user's devices and those of the files, by name."""
        found = dict(user_devices())
        for each in reversed(self.files):
            found.update(each.devices)
        return found

    def device(self, name: str) -> Device:
        """A configured device, `local`, or TARGET@ADDRESS."""
        for each in self.files:
            if each.says("devices", name):
                return resolve(name, {name: each.device(name)})
        needs_no_table = name == "local" or "@" in name
        return resolve(name, user_devices() if needs_no_table else self.known_devices)

    def devices(self, names: Sequence[str] | None) -> list[Device]:
        """The devices of these names, each once; `local` when none is named."""
        return [self.device(name) for name in dict.fromkeys(names or ["local"])]

    def device_names(self) -> list[str]:
        """All devices that have a name, `local` first."""
        return ["local", *(name for name in sorted(self.known_devices) if name != "local")]

    def plan(
        self,
        artifacts: Sequence[Artifact],
        data: str | None,
        asked: "MeasureOptions",
        baseline: str = "",
    ) -> MeasurePlan:
        """How to measure: what was asked for, else what the project says, else the target's.

        baseline: SHA-256 of the artifact that accuracy drops are counted from.
        """
        measure = next((each.measure for each in self.files if each.measure), None)
        shards = {"test": self._shard(artifacts, data, asked.seed)} if data is not None else {}
        plan = MeasurePlan(
            shards=shards,
            task=self.task if data is not None else Task(),
            latency=asked.latency,
            memory=asked.memory,
            instructions=asked.instructions,
            baseline=baseline,
            seed=asked.seed,
        )
        if measure is not None:
            plan = replace(plan, **measure.model_dump())
        return replace(
            plan,
            blocks=asked.blocks or plan.blocks,
            threads=asked.threads or plan.threads,
        )

    def trains_on(self, data: str) -> bool:
        """Whether `run` trained, or would train, on a part of these data: those of a file that has
        a `[model]`, or of the run that is judged.
        """
        own = [each.source for each in self.files if each.says("model", "teacher")]
        return any(source and _same(source, data) for source in (*own, self.trained))

    def _shard(self, artifacts: Sequence[Artifact], data: str, seed: int) -> Shard:
        """Samples of `data` to judge by, scaled as options and files say, as these files take them:
        the test split, or all of a source without splits, unless a project trains on it.
        """
        from edgehone.data import load, load_evaluation

        port = _common_input(artifacts)
        _require_common_answers(artifacts)
        own = self.trains_on(data)
        about = replace(
            self.data_settings(seed),
            input_shape=tuple(port["shape"][1:]),
            input_dtype="float32" if port.get("scale") else str(port["dtype"]),
            output_shape=_output(artifacts[0]),
        )
        if own:
            found = load(data, about)
            split, notes = found.test, (*found.notes, *_as_run(found))
        else:
            evaluation = load_evaluation(data, about)
            split, notes = evaluation.split, evaluation.notes
        self.note(notes)
        return Shard(split.x, split.y, raw=not self.scaling.explicit, groups=split.group)


@dataclass(frozen=True)
class MeasureOptions:
    """What the command line asks of a measurement; None leaves it to the project or target."""

    seed: int = 0
    blocks: int | None = None
    threads: int | None = None
    memory: bool = True
    latency: bool = True
    instructions: bool = True


def _same(first: str, second: str) -> bool:
    """Whether two sources are the same, however their paths are written."""
    if first == second or is_reference(first) or is_reference(second):
        return first == second
    return Path(first).expanduser().resolve() == Path(second).expanduser().resolve()


def _as_run(data: "DataSet") -> tuple[str, ...]:
    """That a project's own data are judged on as a run does."""
    total = len(data.train) + len(data.validation) + len(data.test)
    return (
        f"The project trains on {data.source}: of its {total:,} samples the {len(data.test):,} of "
        "the test split are used, as `run` splits them.",
    )


def _common_input(artifacts: Sequence[Artifact]) -> Plain:
    """The input that all files share. Raises UsageError when data cannot fit them all."""
    ports = [_ports(artifact, "inputs")[0] for artifact in artifacts]
    shapes = [tuple(port["shape"][1:]) for port in ports]
    for artifact, shape in zip(artifacts, shapes, strict=True):
        if shape != shapes[0]:
            raise UsageError(
                f"{artifacts[0].path} takes samples of shape {shapes[0]}, {artifact.path} {shape}.",
                f"Measure files of one input shape together, or leave out {DATA}.",
            )
    return dict(ports[0])


def _require_common_answers(artifacts: Sequence[Artifact]) -> None:
    """Refuse files of which one tells more classes, or values, apart than another, for one of them
    is of another model: UsageError. Two classes need one number.
    """
    counts = [(_output(artifact) or (None,))[-1] for artifact in artifacts]
    for artifact, count in zip(artifacts, counts, strict=True):
        if None in (count, counts[0]) or {count, counts[0]} in ({count}, {1, 2}):
            continue
        raise UsageError(
            f"{artifacts[0].path} answers {counts[0]} values, {artifact.path} {count}.",
            f"Measure files of one task together, or leave out {DATA}.",
        )


def _output(artifact: Artifact) -> tuple[int | None, ...] | None:
    """The shape of a file's answer to one sample; None when the file does not say."""
    shape = _ports(artifact, "outputs")[0]["shape"]
    sizes = tuple(size if isinstance(size, int) and size > 0 else None for size in shape[1:])
    return sizes if len(shape) > 1 else None


def _ports(artifact: Artifact, which: str) -> list[Any]:
    return list((artifact.audit or {})[which])
