"""Artifacts measured side by side on every device of a run, and the entries that come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgehone.decide.decision import decide_all
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost, on_each
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.state import Entry, RunState
from edgehone.run.trials import in_primary_format, speedup
from edgehone.values import Artifact, Measurement


@dataclass(frozen=True)
class Batch:
    """What was measured, by artifact: on the first device, which the search looks at, and on each
    of the others that was not lost.
    """

    first: tuple[Measurement, ...]
    elsewhere: tuple[tuple[Measurement, ...], ...]
    lost: tuple[Lost, ...] = ()

    def part(self, first: int, count: int) -> "Batch":
        """What was measured of `count` artifacts from the one at index `first`."""
        end = first + count
        return Batch(self.first[first:end], self.elsewhere[first:end], self.lost)


def measure_batch(
    context: RunContext,
    artifacts: Sequence[Artifact],
    devices: Sequence[Device],
    outputs: TeacherOutputs,
) -> Batch:
    """Measure the artifacts on all devices, each in one interleaved batch.

    Raises the first device's error, after the others' results were kept: without that device
    nothing can be searched.
    """
    found = on_each(
        devices,
        lambda device, progress: building.measured(context, artifacts, device, outputs, progress),
        context.workspace.progress,
    )
    results = {device.name: several for device, several in found.results}
    for lost in found.lost:
        if lost.device == devices[0].name:
            raise lost.error
    others = [results[device.name] for device in devices[1:] if device.name in results]
    rows = zip(*others, strict=True) if others else ((),) * len(artifacts)
    return Batch(tuple(results[devices[0].name]), tuple(tuple(row) for row in rows), found.lost)


def measure_candidates(state: RunState, artifacts: Sequence[Artifact]) -> tuple[Measurement, Batch]:
    """The first device's float32 baseline and the candidates, measured together.

    All primary baselines go along in every batch, so that drift favours nobody.
    """
    peers = [e.artifact for e in state.baselines if in_primary_format(state, e)]
    found = measure_batch(state.context, [*peers, *artifacts], state.devices, state.outputs)
    own = len(peers)
    return found.first[0], Batch(found.first[own:], found.elsewhere[own:], found.lost)


def entries_of(
    context: RunContext,
    batch: Batch,
    start: Measurement,
    names: Sequence[str],
    number: int = 0,
    predicted: Mapping[str, Mapping[str, float]] | None = None,
    layers: Sequence[Mapping[str, object]] = (),
) -> tuple[Entry, ...]:
    """One entry an artifact, with its decision over all devices.

    start: the float32 baseline of the batch; names: by artifact; number: the round; predicted: by
    format; layers: what was decided for each, the same for all.
    """
    lost = [each.device for each in batch.lost]
    return tuple(
        Entry(
            name,
            number,
            own.artifact,
            own,
            decide_all([own, *others], context.config.budgets, lost),
            speedup(start, own),
            (predicted or {}).get(own.artifact.format),
            layers,
            others,
        )
        for name, own, others in zip(names, batch.first, batch.elsewhere, strict=True)
    )
