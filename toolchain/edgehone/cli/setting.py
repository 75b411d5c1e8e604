"""What a project file, where there is one, says about devices, the task, data and measuring."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgehone.cli import output
from edgehone.cli.options import PROJECT_FILE
from edgehone.config import Config, load, user_devices
from edgehone.errors import UsageError
from edgehone.measure.device import Device, resolve
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.values import Artifact, Plain, Task


@dataclass(frozen=True)
class Setting:
    """The project at hand, or None outside of any."""

    config: Config | None = None

    @classmethod
    def read(cls, project: Path) -> "Setting":
        """The setting of a project file; the default one may be missing."""
        if project == PROJECT_FILE and not project.exists():
            return cls()
        return cls(load(project))

    @property
    def task(self) -> Task:
        """What the model does."""
        return self.config.task.value if self.config else Task()

    @property
    def data(self) -> str | None:
        """The project's own data."""
        return self.config.data.source if self.config else None

    def device(self, name: str) -> Device:
        """A configured device, `local`, or TARGET@ADDRESS."""
        return resolve(name, self.config.devices if self.config else user_devices())

    def devices(self, names: Sequence[str] | None) -> list[Device]:
        """The devices of these names, each once; `local` when none is named."""
        return [self.device(name) for name in dict.fromkeys(names or ["local"])]

    def device_names(self) -> list[str]:
        """All devices that have a name, `local` first."""
        known = self.config.devices if self.config else user_devices()
        return ["local", *(name for name in sorted(known) if name != "local")]

    def plan(
        self, artifacts: Sequence[Artifact], data: str | None, asked: "Asked", baseline: str = ""
    ) -> MeasurePlan:
        """How to measure: what was asked for, else what the project says, else the target's.

        baseline: SHA-256 of the artifact that accuracy drops are counted from.
        """
        measure = self.config.measure if self.config else None
        shards = {"test": self._shard(artifacts, data, asked.seed)} if data is not None else {}
        plan = MeasurePlan(
            shards=shards,
            task=self.task,
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

    def _shard(self, artifacts: Sequence[Artifact], data: str, seed: int) -> Shard:
        """The test split of `data`, scaled as the project says, as these files take it."""
        from edgehone.data import load as load_data

        port = _common_input(artifacts)
        about = self.config.data if self.config else None
        found = load_data(
            data,
            seed=about.seed if about else seed,
            task=self.task,
            scale=about.scale if about else 1.0,
            offset=about.offset if about else 0.0,
            limit=about.limit if about else None,
            input_shape=tuple(port["shape"][1:]),
            input_dtype="float32" if port.get("scale") else str(port["dtype"]),
            output_shape=_output(artifacts[0]),
        )
        output.notes(found.notes)
        return Shard(found.test.x, found.test.y)


@dataclass(frozen=True)
class Asked:
    """What the command line asks of a measurement; None leaves it to the project or target."""

    seed: int = 0
    blocks: int | None = None
    threads: int | None = None
    memory: bool = True
    latency: bool = True
    instructions: bool = True


def _common_input(artifacts: Sequence[Artifact]) -> Plain:
    """The input that all files share. Raises UsageError when data cannot fit them all."""
    ports = [_ports(artifact, "inputs")[0] for artifact in artifacts]
    shapes = [tuple(port["shape"][1:]) for port in ports]
    for artifact, shape in zip(artifacts, shapes, strict=True):
        if shape != shapes[0]:
            raise UsageError(
                f"{artifacts[0].path} takes samples of shape {shapes[0]}, {artifact.path} {shape}.",
                "Measure files of one input shape together, or leave out --data.",
            )
    return dict(ports[0])


def _output(artifact: Artifact) -> tuple[int | None, ...] | None:
    """The shape of a file's answer to one sample; None when the file does not say."""
    shape = _ports(artifact, "outputs")[0]["shape"]
    sizes = tuple(size if isinstance(size, int) and size > 0 else None for size in shape[1:])
    return sizes if len(shape) > 1 else None


def _ports(artifact: Artifact, which: str) -> list[Any]:
    return list((artifact.audit or {})[which])
