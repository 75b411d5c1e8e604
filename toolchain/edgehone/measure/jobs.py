"""The jobs of one measurement: outputs first, then blocks in rounds, then memory and counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from edgehone.measure.device import Device
from edgehone.measure.exchange import put, runtime_for, runtime_keys
from edgehone.measure.input_range import FileSamples, InputRange, only_input
from edgehone.measure.plan import Array, MeasurePlan
from edgehone.measure.randomization import orders
from edgehone.system.arrays import save
from edgehone.system.files import key_of, writing
from edgehone.system.rows import Rows, changed, parts
from edgehone.values import Artifact, Plain

COUNTS = 5
"""Inferences whose instructions are counted: one would do, more show that they repeat."""

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Artifacts brought to a device with their data; jobs are named "INDEX/KIND/WHICH"."""

    artifacts: Sequence[Artifact]
    device: Device
    plan: MeasurePlan
    _brought: dict[tuple[str, InputRange | None], str] = field(
        default_factory=dict, init=False, compare=False
    )

    @property
    def threads(self) -> int:
        """Threads a runtime may use."""
        return self.plan.threads or self.device.target.threads

    @property
    def blocks(self) -> int:
        """How many blocks an artifact gets; none when latency is not asked for."""
        return (self.plan.blocks or self.device.target.blocks) if self.plan.latency else 0

    def jobs(self) -> list[Plain]:
        """All of them. Outputs come first: they bring the files into the page cache."""
        everything = range(len(self.artifacts))
        blocks = self.rounds(range(self.blocks), everything)
        return [*self.outputs(everything), *blocks, *self._memory(), *self._instructions()]

    def _memory(self) -> list[Plain]:
        """What an emulated program takes is mostly the emulator's."""
        if not self.plan.memory or self.device.target.emulated:
            return []
        return [
            {"id": f"{index}/memory", "kind": "memory", **model, **self._fed_with[index]}
            for index, model in enumerate(self._models)
        ]

    def _instructions(self) -> list[Plain]:
        """With one thread: several wait for each other, never twice equally long."""
        if not self.plan.instructions or not self.device.target.instructions:
            return []
        count = {"kind": "instructions", "runs": COUNTS, "threads": 1}
        return [
            {"id": f"{index}/instructions", **count, **model, **self._fed_with[index]}
            for index, model in enumerate(self._models)
        ]

    def rounds(self, numbers: Sequence[int], places: Sequence[int]) -> list[Plain]:
        """One block of each artifact in `places` a round, in another order each time: that of two
        is drawn (`randomization.orders`), several take turns.
        """
        times = self._times()
        return [
            {"id": f"{index}/latency/{number}", "kind": "latency"}
            | {**self._models[index], **self._fed_with[index], **times}
            for number in numbers
            for index in ordered(places, number, self.plan.seed)
        ]

    def outputs(self, places: Sequence[int]) -> list[Plain]:
        """The answers of the artifacts in `places` for every split's samples.

        Files of answers are named by what they answer, so that who measures there at the same time
        or next overwrites none with another.
        """
        return [self._outputs_job(index, split) for split in self.plan.shards for index in places]

    def _outputs_job(self, index: int, split: str) -> Plain:
        name = self._put(index, split)
        job = {"id": f"{index}/outputs/{split}", "kind": "outputs", "inputs": name}
        return {**job, "outputs": self._answers(index, name), **self._models[index]}

    def _put(self, index: int, split: str) -> str:
        """A split's samples on the device, as the artifact is fed with them."""
        samples = self.fed(index, split)
        port = only_input(self.artifacts[index].audit) if samples.bytes else None
        if (split, port) not in self._brought:
            self._brought[split, port] = _put_samples(self.device, samples.x)
        return self._brought[split, port]

    def fed(self, index: int, split: str) -> FileSamples:
        """A split's samples as an artifact is fed with them."""
        return self.plan.shards[split].fed(only_input(self.artifacts[index].audit))

    def _answers(self, index: int, inputs: str) -> str:
        return f"outputs/{key_of([self._models[index], inputs])}.npy"

    @cached_property
    def _fed_with(self) -> list[Plain]:
        """What each artifact runs on where only time, memory and instructions count: a sample
        where its input is of plain integers and there is one, else numbers that it can take.
        """
        return [self._sample(index) or self._ranges(index) for index in range(len(self.artifacts))]

    def _inputs(self, index: int) -> Sequence[Plain]:
        found: Sequence[Plain] = (self.artifacts[index].audit or {}).get("inputs", ())
        return found

    def _sample(self, index: int) -> Plain:
        ports = self._inputs(index)
        whole = len(ports) == 1 and "int" in ports[0]["dtype"] and not ports[0].get("scale")
        split = next(iter(self.plan.shards), None)
        return {"sample": self._put(index, split)} if whole and split is not None else {}

    def _ranges(self, index: int) -> Plain:
        ports = self._inputs(index)
        found = [port.get("takes") for port in ports]
        if not any(found):
            return {}
        keys = ("low", "high")
        return {
            "ranges": [
                takes and {"name": port["name"], **{key: list(takes[key]) for key in keys}}
                for port, takes in zip(ports, found, strict=True)
            ]
        }

    @cached_property
    def _models(self) -> list[Plain]:
        return [
            {
                **runtime_keys(self.device, runtime_for(artifact.path)),
                "model": put(self.device, artifact.path, "models"),
            }
            for artifact in self.artifacts
        ]

    def _times(self) -> Plain:
        target = self.device.target
        keys = ("warmup_s", "minimum_s", "minimum_count")
        asked = {key: getattr(self.plan, key) for key in keys}
        return {key: getattr(target, key) if asked[key] is None else asked[key] for key in keys}


def _put_samples(device: Device, x: Rows) -> str:
    """As float32, which is what programs without NumPy read, where that changes no number."""
    if x.dtype != np.float32 and all(map(_are_float32, parts(x))):
        x = changed(x, _float32, np.float32)
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / "x.npy"
        with writing(file):
            save(file, x)
        return put(device, file, "data")


def _float32(x: Array) -> Array:
    return np.asarray(x.astype(np.float32))


def _are_float32(x: Array) -> bool:
    return np.array_equal(_float32(x), x)


def ordered(items: Sequence[T], number: int, seed: int) -> list[T]:
    """The items in the order in which round `number` measures them."""
    if len(items) != 2:
        return rotated(items, number)
    return list(items) if orders(seed, number + 1)[number] > 0 else list(items)[::-1]


def rotated(items: Sequence[T], turn: int) -> list[T]:
    """The items in another order each turn: forwards, backwards, then begun one further on."""
    start = (turn // 2) % len(items)
    order = [*items[start:], *items[:start]]
    return order[::-1] if turn % 2 else order
