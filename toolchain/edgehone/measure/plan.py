"""What is to be measured, and the samples that outputs are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from edgehone.measure.input_range import FileSamples, InputRange, fed
from edgehone.system.rows import Rows
from edgehone.values import NOTHING, Task

Array = NDArray[Any]


@dataclass(frozen=True)
class Shard:
    """Samples to judge outputs by: x (n, *input_shape) as the model takes it, targets y.

    teacher: outputs to agree with; reference: outputs whose metric `drop` is counted from. raw:
    nobody said how samples are scaled, so that bytes may be meant as they are. groups: (n,) whose
    each is, which intervals draw whole.
    """

    x: Rows
    y: Array
    teacher: Array | None = None
    reference: Array | None = None
    raw: bool = False
    groups: Array | None = None

    def fed(self, port: InputRange | None) -> FileSamples:
        """The samples as a file with this input is fed with them."""
        return fed(self.x, self.y, port, raw=self.raw)


@dataclass(frozen=True)
class MeasurePlan:
    """What to measure; times and counts that are None are the target's.

    instructions: counted where the target's devices can. memory: measured on real ones.
    shards: by split, "test" and "validation". baseline: the SHA-256 of the artifact, among those
    measured, whose outputs are the reference, and the teacher, of shards that have none.
    """

    shards: Mapping[str, Shard] = NOTHING
    task: Task = field(default_factory=Task)
    latency: bool = True
    memory: bool = True
    instructions: bool = True
    blocks: int | None = None
    warmup_s: float | None = None
    minimum_s: float | None = None
    minimum_count: int | None = None
    threads: int | None = None
    baseline: str = ""
    seed: int = 0
