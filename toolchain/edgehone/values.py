"""The frozen values that flow from a model to a measurement; each holds the one it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

Plain = Mapping[str, Any]
"""Plain data: whatever JSON can hold, keyed by strings."""


class _Nothing(dict[str, Any]):
    """An empty dict that stays empty; hashable, so that frozen values may default to it."""

    def __hash__(self) -> int:  # type: ignore[override] # dict forbids it, being mutable
        return 0

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("NOTHING stays empty.")


NOTHING: Plain = _Nothing()

Verdict = Literal["valid", "noisy", "throttled", "contended", "emulated", "failed"]


@dataclass(frozen=True)
class Event:
    """Progress of long work: `done` of `total` units of `stage` (total 0: unknown), with a note.

    who: which one of several that do this stage at the same time.
    """

    stage: str
    text: str = ""
    done: float = 0
    total: float = 0
    who: str = ""


WARNING = "warning"
"""The stage of an event that is no work but something to know at once."""

NOTE = "note"
"""The stage of an event that says what was left out of data, or read in part."""


ROUND = "round"
"""The stage of an event that says which round of how many begins."""

BEST = "best so far"
"""The stage of an event that is no work but the best that was found until now."""


class Progress(Protocol):
    """Where progress is reported. Core code calls it; only the command line draws it."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


def silent(event: Event, /) -> None:
    """Progress nobody watches."""


@dataclass(frozen=True)
class Step:
    """One technique with its settings, as plain data."""

    technique: str
    settings: Plain = NOTHING


@dataclass(frozen=True)
class PrecisionPlan:
    """The precision of every layer: `default`, except where `layers` names another one.

    algorithm: how the scales of weights are chosen, a name of `Format.ALGORITHMS`. percentile in
    (50, 100]: how much of each activation tensor's values its range covers; 100 covers all.
    io: the type at the model's borders, "float32", "int8" or "uint8"; "": as the layers there.
    block: how many weights share a scale, where a format has such blocks; 0: a channel's do.
    symmetric: whether static activations have their zero at 0, as some accelerators want it.
    """

    default: str = "int8"
    layers: Mapping[str, str] = NOTHING
    algorithm: str = "min_max"
    percentile: float = 100.0
    io: str = ""
    block: int = 0
    symmetric: bool = False


@dataclass(frozen=True)
class Recipe:
    """What is done to a model: steps in order, then the precisions it is exported with."""

    steps: tuple[Step, ...] = ()
    precision: PrecisionPlan = field(default_factory=PrecisionPlan)


@dataclass(frozen=True)
class Model:
    """A Keras 3 model on disk (`.keras`), with its size in parameters and MACs for one sample."""

    path: Path
    sha256: str
    params: int
    macs: int


@dataclass(frozen=True)
class StepReport:
    """What one step did: parameters, MACs and float32 bytes before and after; or why skipped."""

    technique: str
    settings: Plain
    params: tuple[int, int]
    macs: tuple[int, int]
    size_bytes: tuple[int, int]
    skipped: str = ""
    detail: Plain = NOTHING


@dataclass(frozen=True)
class Candidate:
    """A compressed model, the recipe that made it and the model it was made from."""

    model: Model
    recipe: Recipe
    origin: Model | None = None
    steps: tuple[StepReport, ...] = ()


@dataclass(frozen=True)
class LayerSpec:
    """One layer by shape alone, as a format builds it to be priced on a device; kind: conv,
    depthwise, dense, or an operator of `formats._tflite.operators`. height, width: of the input
    (1-D layers: height 1; dense: both 1). in_channels/out_channels: as cut. kernel, strides:
    (h, w). padding: "same" or "valid".
    """

    kind: str
    height: int
    width: int
    in_channels: int
    out_channels: int
    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    padding: str = "same"
    relu: bool = False


@dataclass(frozen=True)
class Artifact:
    """A deployable file. `audit` says what is in it, `parity` how close it is to its Keras model.

    precision: a label for people, such as "int8+float32" where some layers stay float; look up by
    `default_precision`. compressed_bytes is the size after DEFLATE at level 9, what a phone app's
    package would add.
    """

    path: Path
    format: str
    precision: str
    size_bytes: int
    compressed_bytes: int
    sha256: str
    candidate: Candidate | None = None
    audit: Plain | None = None
    parity: Plain | None = None

    @property
    def default_precision(self) -> str:
        """The precision of all layers but the exceptions: a name, and never a label of several."""
        if self.candidate is not None:
            return self.candidate.recipe.precision.default
        return self.precision.partition("+")[0]


@dataclass(frozen=True)
class DeviceInfo:
    """Which device was measured: its name, the kind of device it is, and whether emulated."""

    name: str
    target: str
    emulated: bool = False


@dataclass(frozen=True)
class RuntimeInfo:
    """What ran the model on the device; fallback: why it was not the delegate asked for."""

    name: str
    version: str
    delegate: str
    threads: int
    fallback: str = ""


@dataclass(frozen=True)
class Latency:
    """Raw steady-state samples in milliseconds, one tuple per block (a block: one fresh process).

    cold_ms is the first inference after loading, init_ms the loading itself; one per block.
    """

    blocks_ms: tuple[tuple[float, ...], ...]
    cold_ms: tuple[float, ...]
    init_ms: tuple[float, ...]


@dataclass(frozen=True)
class Memory:
    """Memory in bytes, from a run of its own.

    peak: resident memory the model added at its highest; model: added by loading alone;
    process: the whole process at its highest, interpreter and libraries included; steady: still
    held after some inferences, None where that is unknown.
    """

    peak: int
    model: int
    process: int
    steady: int | None = None


@dataclass(frozen=True)
class ConstantAnswer:
    """The best answer that never looks at its sample, by the task's metric over one split.

    answer: in words; value: its metric. gain: by how much what was scored is better (negative:
    worse), paired sample by sample, with its 95 % interval.
    """

    answer: str
    value: float
    gain: float
    gain_ci95: tuple[float, float]

    @property
    def beaten(self) -> bool:
        """Whether what was scored is better, and not by chance."""
        return self.gain_ci95[0] > 0


@dataclass(frozen=True)
class Accuracy:
    """The task's metric of one file over one split, and how often it agrees with the teacher.

    agreement is the fraction of samples with the teacher's label (classification) or 1 minus the
    normalised error to the teacher's outputs; None without a teacher. drop is reference minus
    value (positive: worse), paired sample by sample, with its interval; None without a reference.
    discordant: how many samples the reference alone had right, and how many it alone had wrong;
    None where samples are not simply right or wrong. guess: a constant answer, to compare with.
    """

    metric: str
    value: float
    n: int
    ci95: tuple[float, float]
    agreement: float | None = None
    drop: float | None = None
    drop_ci95: tuple[float, float] | None = None
    higher_is_better: bool = True
    discordant: tuple[int, int] | None = None
    guess: ConstantAnswer | None = None
    classes: Mapping[str, tuple[int, float]] | None = None


@dataclass(frozen=True)
class Measurement:
    """One artifact measured on one device, and whether the numbers may be trusted.

    `accuracy` is over the test split; `validation` over the validation split, which is what the
    search looks at, so that the test split is not what chooses the winner. host_parity: how the
    device's outputs differ from this machine's for the same file, and why; None when not compared.
    inputs: what the file's quantized input holds and clips of the samples; None without either.
    """

    artifact: Artifact
    device: DeviceInfo
    runtime: RuntimeInfo
    latency: Latency | None
    memory: Memory | None
    accuracy: Accuracy | None = None
    validation: Accuracy | None = None
    instructions: int | None = None
    conditions: Plain = NOTHING
    verdict: Verdict = "valid"
    reason: str = ""
    host_parity: Plain | None = None
    inputs: Plain | None = None


@dataclass(frozen=True)
class Task:
    """What the model does; kind is a file of `edgehone.tasks.kinds` or "python:module:Class",
    metric a known name or "python:module:function".
    """

    kind: str = "classification"
    metric: str = "accuracy"
