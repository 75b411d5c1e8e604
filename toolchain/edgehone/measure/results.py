"""A device's answer read as measurements: times, memory, and the accuracy of its outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from edgehone.decide.decision import UNCONFIRMED
from edgehone.errors import DeviceError, EdgehoneError, ExecutionError, NonsenseError
from edgehone.export.judging import thresholds
from edgehone.measure import conditions, verdict
from edgehone.measure.device import Device
from edgehone.measure.exchange import Answer, runtime_for
from edgehone.measure.input_range import clipped, described, only_input
from edgehone.measure.plan import Array, MeasurePlan
from edgehone.measure.random_inputs import advice, suspicion
from edgehone.system.library_errors import parted
from edgehone.tasks import evaluate
from edgehone.tasks.constant_answer import with_constant_answer
from edgehone.tasks.kinds import kind_of
from edgehone.values import (
    NOTHING,
    Accuracy,
    Artifact,
    Latency,
    Measurement,
    Memory,
    Plain,
    RuntimeInfo,
)


@dataclass(frozen=True)
class Results:
    """One answer with what was asked; jobs are named "INDEX/KIND/WHICH", outputs by job.

    outputs: (n, ...) float32 as fetched from the device. common: conditions that all artifacts
    share. parities: how outputs differ from this machine's, by artifact (`host_parities`).
    """

    artifacts: Sequence[Artifact]
    device: Device
    plan: MeasurePlan
    answer: Answer
    outputs: Mapping[str, Array]
    common: Plain = NOTHING
    parities: Mapping[int, Plain] = field(default_factory=dict)

    def measurement(self, index: int) -> Measurement:
        """The measurement of one artifact, or why it could not be run as its reason."""
        latency = self._latency(index)
        blocks = _jobs(self.answer, index, "latency")
        found = {**conditions.collect(self.answer.machine, blocks), **self.common}
        error = error_of(self.answer, index)
        if doubt := suspicion_of(self.artifacts, self.plan, self.answer, index):
            error = f"{error.rstrip('.')}. {doubt}"
        if error and (batch := _batch(self.artifacts[index])):
            error = f"{error.rstrip('.')}. {batch}"
        test = validation = None
        try:
            test, validation = (self._accuracy(index, split) for split in ("test", "validation"))
        except ExecutionError as refused:
            error = refused.message
        word, reason = verdict.judge(latency, found, self.device)
        counts = self._counts(index)
        if counts:
            found["instructions"] = counts
            reason = "; ".join(filter(None, (reason, verdict.spread(counts))))
        if self.device.doubt:
            found[UNCONFIRMED] = self.device.doubt
            reason = "; ".join(filter(None, (reason, self.device.doubt)))
        if error:
            word, reason = "failed", f"cannot be run: {error}"
        elif error := self._wrong(index):
            word, reason = "failed", error
        return Measurement(
            artifact=self.artifacts[index],
            device=self.device.info,
            runtime=self._runtime(index),
            latency=None if error else latency,
            memory=None if error else self._memory(index),
            accuracy=None if error else test,
            validation=None if error else validation,
            instructions=None if error or not counts else median_low(counts),
            host_parity=self.parities.get(index),
            inputs=self._inputs(index),
            conditions=found,
            verdict=word,
            reason=reason,
        )

    def _wrong(self, index: int) -> str:
        """What shows that the device computes something else than the file says; or ""."""
        parity = self.parities.get(index) or {}
        if not parity.get("unlike"):
            return ""
        why = "" if parity["blame"] == "kernels" else f"; {parity['reason']}"  # that is no rounding
        return f"computes something else: {parity['unlike']}{why}"

    def _runtime(self, index: int) -> RuntimeInfo:
        name = runtime_for(self.artifacts[index].path).RUNTIME
        version = str(self.answer.machine.get("runtimes", {}).get(name, ""))
        delegate = self.device.target.delegate if name == "litert" else "cpu"
        threads = self.plan.threads or self.device.target.threads
        fallback = self.fallback(index)
        return RuntimeInfo(name, version, "none" if fallback else delegate, threads, fallback)

    def fallback(self, index: int) -> str:
        """What the delegate said where it could not run the file and plain kernels did; or ""."""
        lines = (str(job.get("fallback") or "") for job in _jobs(self.answer, index))
        return parted(next(filter(None, lines), ""))

    def _latency(self, index: int) -> Latency | None:
        blocks = [job for job in _jobs(self.answer, index, "latency") if "error" not in job]
        if not blocks:
            return None
        return Latency(
            blocks_ms=tuple(tuple(ns / 1e6 for ns in block["samples_ns"]) for block in blocks),
            cold_ms=tuple(block["cold_ns"] / 1e6 for block in blocks),
            init_ms=tuple(block["init_ns"] / 1e6 for block in blocks),
        )

    def _memory(self, index: int) -> Memory | None:
        for job in _jobs(self.answer, index, "memory"):
            return Memory(job["peak"], job["model"], job["process"], job.get("steady"))
        return None

    def _counts(self, index: int) -> list[int]:
        """Instructions of every inference that was counted."""
        jobs = [job for job in _jobs(self.answer, index, "instructions") if "error" not in job]
        return [int(count) for job in jobs for count in job["instructions"]]

    def _inputs(self, index: int) -> Plain | None:
        """What the file's quantized input does to the samples."""
        port = only_input(self.artifacts[index].audit)
        if port is None or not self.plan.shards:
            return None
        found = {split: shard.fed(port) for split, shard in self.plan.shards.items()}
        shares = {split: clipped(samples.x, port) for split, samples in found.items()}
        return described(port, shares, as_bytes=any(each.bytes for each in found.values()))

    def _accuracy(self, index: int, split: str) -> Accuracy | None:
        shard = self.plan.shards.get(split)
        outputs = self.outputs.get(f"{index}/outputs/{split}")
        if shard is None or outputs is None:
            return None
        task, seed, baseline = self.plan.task, self.plan.seed, self._baseline(split)
        y = shard.fed(only_input(self.artifacts[index].audit)).y
        if len(outputs) != len(y):
            raise NonsenseError(
                f"Device {self.device.name!r} gave {len(outputs)} outputs for {len(y)} samples.",
                "Measure again.",
            )
        found = evaluate.evaluate(
            task,
            y,
            outputs,
            teacher=baseline if shard.teacher is None else shard.teacher,
            reference=baseline if shard.reference is None else shard.reference,
            threshold=self._threshold(index, split, outputs),
            seed=seed,
            groups=shard.groups,
        )
        if shard.teacher is not None:  # which was asked itself whether it guesses
            return found
        return with_constant_answer(task, y, outputs, found, seed, shard.groups)

    def _threshold(self, index: int, split: str, outputs: Array) -> float | None:
        """Above which value an output means yes, or the second class, as the baseline's file tells,
        or else the artifact's own; None where a teacher's outputs tell.
        """
        shard, baseline = self.plan.shards[split], self._baseline(split)
        given = shard.reference is not None or shard.teacher is not None
        if given or not kind_of(self.plan.task).has_threshold(outputs):
            return None
        hashes = [artifact.sha256 for artifact in self.artifacts]
        decider = index if baseline is None else hashes.index(self.plan.baseline)
        scores = outputs if baseline is None else baseline
        return thresholds(self.artifacts[decider].path, (scores,))[0]

    def _baseline(self, split: str) -> Array | None:
        """The outputs of the artifact that others are compared with, where one was named."""
        hashes = [artifact.sha256 for artifact in self.artifacts]
        if self.plan.baseline not in hashes:
            return None
        return self.outputs.get(f"{hashes.index(self.plan.baseline)}/outputs/{split}")


def error_of(answer: Answer, index: int) -> str:
    """Why an artifact could not be run: the first error of its jobs, or ""."""
    found = (str(job["error"]) for job in _jobs(answer, index) if job.get("error"))
    return parted(next(found, ""))


def _batch(artifact: Artifact) -> str:
    """What to do about a file that takes several samples at once; "" of any other."""
    shape = ((artifact.audit or {}).get("inputs") or [{}])[0].get("shape") or [1]
    if not isinstance(shape[0], int) or shape[0] <= 1:
        return ""
    return (
        f"The file takes {shape[0]} samples at once, and bench, compare and gate give it one: "
        "export it with a batch of 1"
    )


def suspicion_of(
    artifacts: Sequence[Artifact], plan: MeasurePlan, answer: Answer, index: int
) -> str:
    """What made-up inputs may have to do with an artifact's first error (`made_up`)."""
    failed = next((job for job in _jobs(answer, index) if job.get("error")), None)
    if failed is None:
        return ""
    return suspicion(artifacts[index], failed, sampled=bool(plan.shards))


def refusal(
    artifacts: Sequence[Artifact], device: Device, plan: MeasurePlan, answer: Answer
) -> EdgehoneError:
    """The error to raise when no artifact could be run."""
    path, error = artifacts[0].path, error_of(answer, 0).rstrip(".")
    hint = runtime_for(path).hint(error)
    if doubt := suspicion_of(artifacts, plan, answer, 0):
        error, hint = f"{error}. {doubt}", advice(artifacts[0])
    hint = _batch(artifacts[0]) or hint
    causes = {job["cause"] for job in answer.jobs.values() if job.get("cause")}
    if causes == {"runtime"}:
        return DeviceError(f"Device {device.name!r} cannot run {path.name}: {error}.", hint)
    return ExecutionError(f"{path} cannot be run: {error}.", hint)


def _jobs(answer: Answer, index: int, kind: str = "") -> list[Plain]:
    start = f"{index}/{kind}"
    return [line for job, line in answer.jobs.items() if job.startswith(start)]
