"""How artifacts are measured: interleaved blocks in fresh processes, memory and outputs apart."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from edgehone.errors import DeviceError
from edgehone.measure.device import Device
from edgehone.measure.exchange import TRANSFER_S, Answer, ask, put, runner_for
from edgehone.measure.plan import Array, MeasurePlan, Shard
from edgehone.measure.results import FAILED, Results, error_of, refusal
from edgehone.values import Artifact, Event, Measurement, Plain, Progress, silent

__all__ = ["MeasurePlan", "Shard", "failed", "measure"]

T = TypeVar("T")


def measure(
    artifacts: Sequence[Artifact],
    device: Device,
    plan: MeasurePlan,
    progress: Progress = silent,
) -> list[Measurement]:
    """Measure artifacts on one device, one measurement each, in their order.

    Blocks of all artifacts are interleaved, each round in another order, so that drift favours
    none. An artifact that cannot be run yields a measurement without latency, memory and accuracy,
    verdict "noisy", whose reason says why (`failed` tells it); when none can be run,
    ExecutionError is raised, or DeviceError when that is for want of a runtime. Raises DeviceError
    when the device is lost or answers nonsense.
    """
    if not artifacts:
        return []
    jobs = _jobs(artifacts, device, plan)
    threads = plan.threads or device.target.threads
    heard = _Told(progress, device.name, len(jobs))
    answer = ask(device, jobs, threads=threads, seed=plan.seed, heard=heard)
    places = range(len(artifacts))
    if all(error_of(answer, index) for index in places):
        raise refusal(artifacts, device, answer)
    results = Results(artifacts, device, plan, answer, _outputs(answer, device, jobs))
    return [results.measurement(index) for index in places]


def failed(measurement: Measurement) -> bool:
    """Whether the artifact could not be run; `measurement.reason` says why."""
    return measurement.reason.startswith(FAILED)


def rotated(items: Sequence[T], turn: int) -> list[T]:
    """The items in another order each turn: forwards, backwards, then begun one further on."""
    start = (turn // 2) % len(items)
    order = [*items[start:], *items[:start]]
    return order[::-1] if turn % 2 else order


class _Told:
    """Turns the device's lines into progress."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress, self._name, self._total, self._done = progress, name, total, 0

    def __call__(self, line: Plain) -> None:
        if line["event"] == "job":
            self._done += 1
            self._progress(Event("measure", f"on {self._name}", self._done, self._total))


def _jobs(artifacts: Sequence[Artifact], device: Device, plan: MeasurePlan) -> list[Plain]:
    """Outputs first (they bring the files into the page cache), then blocks, then memory."""
    models: list[tuple[int, Plain]] = []
    for index, artifact in enumerate(artifacts):
        runtime = runner_for(artifact.path).RUNTIME
        models.append((index, {"runtime": runtime, "model": put(device, artifact.path, "models")}))
    jobs: list[Plain] = [
        {"id": f"{index}/outputs/{split}", "kind": "outputs", "inputs": name, **model}
        | {"outputs": f"outputs/{index}-{split}.npy"}
        for split, name in _put_shards(device, plan).items()
        for index, model in models
    ]
    times = _times(device, plan)
    blocks = plan.blocks or device.target.blocks
    for block in range(blocks if plan.latency else 0):
        jobs += [
            {"id": f"{index}/latency/{block}", "kind": "latency", **model, **times}
            for index, model in rotated(models, block)
        ]
    if plan.memory:
        jobs += [{"id": f"{index}/memory", "kind": "memory", **model} for index, model in models]
    return jobs


def _times(device: Device, plan: MeasurePlan) -> Plain:
    keys = ("warmup_s", "minimum_s", "minimum_count")
    asked = {key: getattr(plan, key) for key in keys}
    return {key: getattr(device.target, key) if asked[key] is None else asked[key] for key in keys}


def _put_shards(device: Device, plan: MeasurePlan) -> dict[str, str]:
    names = {}
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / "x.npy"
        for split, shard in plan.shards.items():
            np.save(file, np.ascontiguousarray(shard.x))
            names[split] = put(device, file, "data")
    return names


def _outputs(answer: Answer, device: Device, jobs: Sequence[Plain]) -> dict[str, Array]:
    """Outputs (n, ...) float32 by job, fetched from the device."""
    found: dict[str, Array] = {}
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        file = Path(scratch) / "outputs.npy"
        for job in jobs:
            if job["kind"] != "outputs" or answer.jobs[job["id"]].get("error"):
                continue
            device.transport.get(PurePosixPath(job["outputs"]), file, timeout_s=TRANSFER_S)
            try:
                found[job["id"]] = np.load(file, allow_pickle=False)
            except (ValueError, EOFError) as error:
                message = f"Device {device.name!r} gave outputs that cannot be read: {error}."
                raise DeviceError(message, "Measure again.") from error
    return found
