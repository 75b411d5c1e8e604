"""The same files' outputs computed on this machine, to hold a device's against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from edgehone import targets
from edgehone.errors import DeviceError
from edgehone.measure.agreement import Outputs, Side, blame, differences
from edgehone.measure.device import Device, reach
from edgehone.measure.exchange import Answer, ask, runtime_for
from edgehone.measure.jobs import Batch
from edgehone.measure.likeness import comparable, step_of, unlike
from edgehone.measure.outputs import fetched
from edgehone.measure.plan import Array
from edgehone.targets import Steady
from edgehone.tasks.kinds import kind_of
from edgehone.values import Event, Plain, Progress

PLAIN_KERNELS = "none"
_DEQUANTIZERS = frozenset({"DEQUANTIZE", "DequantizeLinear"})


@dataclass(frozen=True)
class Run:
    """One answer and the outputs that came of it, by job."""

    answer: Answer
    outputs: Mapping[str, Array]

    def of(self, place: int) -> list[Array]:
        """An artifact's outputs, split by split."""
        start = f"{place}/"
        return [array for job, array in self.outputs.items() if job.startswith(start)]


def host_parities(batch: Batch, there: Run, progress: Progress) -> dict[int, Plain]:
    """For each artifact with outputs from a device that is not this machine: how they differ from
    the host's (`differences`), and where some do {"blame", "reason"} and, where they are another
    function's, {"unlike": why}; or {"skipped": why}.

    A file is computed here once, with plain kernels only when it differs, and a second time before
    it is said to be another function: one that draws random numbers is not itself twice.
    """
    if batch.device.transport.is_host() or not there.outputs:
        return {}
    progress(Event("measure", "the same outputs on this machine, to compare"))
    found = [place for place in range(len(batch.artifacts)) if there.of(place)]
    try:
        return _parities(batch, there, _twins(batch, found))
    except DeviceError as error:
        return {place: {"skipped": error.message} for place in found}


def _parities(batch: Batch, there: Run, twins: Mapping[int, int]) -> dict[int, Plain]:
    here = _computed(batch, twins.values(), batch.device.target.delegate)
    found = {
        place: _differences(batch, place, there, here.of(twin)) for place, twin in twins.items()
    }
    odd = [place for place, parity in found.items() if parity.get("different")]
    others = [twins[place] for place in odd if _has_plain_kernels(batch, place)]
    plain = _computed(batch, others, PLAIN_KERNELS)
    for place in odd:
        outputs = Outputs(there.of(place), here.of(twins[place]), plain.of(twins[place]))
        sides = _side(batch, place, there), _side(batch, place, here)
        word, reason = blame(outputs, *sides, scale=_scale(batch, place))
        found[place] = {**found[place], "blame": word, "reason": reason}
    doubts = {place: _unlike(batch, place, there, here.of(twins[place])) for place in odd}
    suspects = [place for place in odd if doubts[place]]
    again = _computed(batch, [twins[p] for p in suspects], batch.device.target.delegate)
    for place in suspects:
        if not _differences(batch, twins[place], again, here.of(twins[place])).get("different"):
            found[place] = {**found[place], "unlike": doubts[place]}
    return found


def _unlike(batch: Batch, place: int, there: Run, on_host: Sequence[Array]) -> str:
    """Why an artifact's outputs are another function's (`unlike`); "" where nobody can tell."""
    operators = (batch.artifacts[place].audit or {}).get("operators", {})
    if not comparable(operators):
        return ""
    step = _scale(batch, place)
    if step is None and _DEQUANTIZERS & {*operators}:
        step = step_of(on_host)
    return unlike(there.of(place), on_host, step)


def _twins(batch: Batch, places: Sequence[int]) -> dict[int, int]:
    """For each place the first one with the same file."""
    first: dict[str, int] = {}
    return {place: first.setdefault(batch.artifacts[place].sha256, place) for place in places}


def _computed(batch: Batch, places: Iterable[int], delegate: str) -> Run:
    """Outputs of these artifacts, computed here by one runner program."""
    wanted = sorted(set(places))
    if not wanted:
        return Run(Answer({}, {}), {})
    usual = targets.named("local")
    target = replace(usual, delegate=delegate, patience_s=0.0, steady=Steady())
    here = replace(batch, device=Device("local", target, reach("local")))
    jobs = here.outputs(wanted)
    answer = ask(here.device, jobs, threads=batch.threads, seed=batch.plan.seed)
    return Run(answer, fetched(answer, here.device, jobs))


def _differences(batch: Batch, place: int, there: Run, on_host: Sequence[Array]) -> Plain:
    on_device = there.of(place)
    shapes = [array.shape for array in on_device], [array.shape for array in on_host]
    if not on_host:
        return {"skipped": "this machine cannot run the file"}
    if shapes[0] != shapes[1]:
        return {"skipped": f"outputs of shapes {shapes[0]} there, {shapes[1]} here"}
    labels = kind_of(batch.plan.task).labels
    return differences(Outputs(on_device, on_host), scale=_scale(batch, place), labels=labels)


def _scale(batch: Batch, place: int) -> float | None:
    """The step of an artifact's integer output, where its audit tells of one."""
    ports = (batch.artifacts[place].audit or {}).get("outputs") or [{}]
    return ports[0].get("scale") or None


def _has_plain_kernels(batch: Batch, place: int) -> bool:
    runtime = runtime_for(batch.artifacts[place].path).RUNTIME
    return runtime == "litert" and batch.device.target.delegate != PLAIN_KERNELS


def _side(batch: Batch, place: int, run: Run) -> Side:
    name = runtime_for(batch.artifacts[place].path).RUNTIME
    machine = run.answer.machine
    version = str(machine.get("runtimes", {}).get(name, ""))
    return Side(version or name, str(machine.get("machine", "")))
