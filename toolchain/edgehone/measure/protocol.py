"""How artifacts are measured: interleaved blocks in fresh processes, memory and outputs apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edgehone.measure.conditions import with_references
from edgehone.measure.device import Device
from edgehone.measure.exchange import Answer, ask
from edgehone.measure.host import Run, host_parities
from edgehone.measure.jobs import Batch, rotated
from edgehone.measure.outputs import fetched
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.results import Results, error_of, refusal
from edgehone.measure.rounds import Rounds, counted, extended
from edgehone.values import Artifact, Event, Measurement, Plain, Progress, silent

__all__ = ["MeasurePlan", "Shard", "failed", "measure", "measure_until", "rotated"]


def measure(
    artifacts: Sequence[Artifact],
    device: Device,
    plan: MeasurePlan,
    progress: Progress = silent,
) -> list[Measurement]:
    """Measure artifacts on one device, one measurement each, in their order.

    Blocks of all artifacts are interleaved, each round in another order, so that drift favours
    none; disturbed rounds are repeated after a rest (`rounds.settle`). An artifact that cannot be
    run yields a measurement without latency, memory and accuracy, verdict "failed", whose reason
    says why (`failed` tells it); when none can be run, ExecutionError is raised, or DeviceError
    when that is for want of a runtime. Raises DeviceError when the device is lost, answers
    nonsense, or is measured on by another host.
    """
    return measure_until(artifacts, device, plan, (), lambda _: True, progress)


def measure_until(
    artifacts: Sequence[Artifact],
    device: Device,
    plan: MeasurePlan,
    looks: Sequence[int],
    decided: Callable[[list[Measurement]], bool],
    progress: Progress = silent,
) -> list[Measurement]:
    """As `measure`, and while it is not decided, more rounds: `looks` are how many in all.

    decided: asked of the measurements after each look; the first look has the plan's blocks.
    """
    if not artifacts:
        return []
    batch = Batch(artifacts, device, plan)
    jobs = batch.jobs()
    listener = _JobProgress(progress, device.name)
    answer = _ask(batch, jobs, listener)
    running = [index for index in range(len(artifacts)) if not error_of(answer, index)]
    if not running:
        raise refusal(artifacts, device, plan, answer)
    outputs = fetched(answer, device, jobs)

    def again(numbers: Sequence[int]) -> Answer:
        return _ask(batch, batch.rounds(numbers, running), listener)

    rounds = Rounds(replace(answer, jobs=with_references(answer.jobs)))
    parities: Mapping[int, Plain] | None = None
    measurements: list[Measurement] = []
    for wanted in (batch.blocks, *looks):
        rounds = extended(rounds, wanted, device, again, progress)
        counting, common = counted(rounds, wanted, device)
        if parities is None:
            parities = host_parities(batch, Run(counting, outputs), progress)
        results = Results(artifacts, device, plan, counting, outputs, common, parities)
        measurements = [results.measurement(index) for index in range(len(artifacts))]
        if decided(measurements):
            break
    return measurements


def failed(measurement: Measurement) -> bool:
    """Whether the artifact could not be run; `measurement.reason` says why."""
    return measurement.verdict == "failed"


class _JobProgress:
    """Turns the device's lines into progress."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name, self._done = progress, name, 0
        self.total = 0

    def __call__(self, line: Plain) -> None:
        if line["event"] == "job":
            self._done += 1
            self._progress(Event("measure", f"on {self._name}", self._done, self.total))
        if line["event"] == "waiting":
            reason = f"for {self._name}: {line.get('reason')}"
            self._progress(Event("wait", reason, float(line.get("waited_s") or 0)))


def _ask(batch: Batch, jobs: Sequence[Plain], listener: _JobProgress) -> Answer:
    listener.total += len(jobs)
    return ask(batch.device, jobs, threads=batch.threads, seed=batch.plan.seed, on_line=listener)
