"""How a source of data is read: what samples become, and what they must fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from edgehone.data.sources import PLAIN, Reading
from edgehone.data.splitting import Drawing
from edgehone.system.bounds import GIB
from edgehone.system.numbers import Shape
from edgehone.system.rows import Rows
from edgehone.system.user_code import is_reference
from edgehone.values import Task

MEMORY = 2 * GIB
"""Bytes that samples may take where nothing is said."""

STAYS = 1 / 4
"""Share of it below which all samples stay in memory: training has a copy of them, as has each
process that they are sent to."""

AT_ONCE = 1 / 16
"""Share of it that is converted at once of what does not stay: while one part is worked on, the
next is read, and converting takes as much again."""

VALUE_BYTES = 4
"""Of a number as most models take it: float32."""


@dataclass(frozen=True)
class Wanted:
    """How the samples must look: shape without the batch axis (None: not known), and type.
    at_once: bytes of them that may be in memory at once; None: all are there.
    """

    shape: Shape | None
    dtype: str
    scale: float = 1.0
    offset: float = 0.0
    preprocess: str = ""
    at_once: int | None = None


@dataclass(frozen=True)
class DataSettings:
    """Samples become x * scale + offset as float32; integers stay as they are for a model whose
    input_dtype is an integer. input_shape, output_shape: the model's, without the batch axis (None:
    not known); targets must fit the latter unless the metric is the user's own. limit: most samples
    a split may keep. seed: draws missing splits, and what a limit leaves. unlabelled: where samples
    without targets come from, to learn a teacher's answers on; None: there are none. preprocess: a
    function of batches that comes before the model, by name; "": none. reading: what the source
    does not say itself. drawing: how splits are drawn that it lacks. memory: bytes that samples may
    take; of a source that would take more than a part of it (STAYS), batches are read and converted
    one by one.
    """

    seed: int = 0
    task: Task = field(default_factory=Task)
    scale: float = 1.0
    offset: float = 0.0
    limit: int | None = None
    input_shape: Shape | None = None
    input_dtype: str = "float32"
    output_shape: Shape | None = None
    unlabelled: str | None = None
    preprocess: str = ""
    reading: Reading = PLAIN
    drawing: Drawing = field(default_factory=Drawing)
    memory: int = MEMORY

    def for_model(self, model: Any) -> "DataSettings":
        """The same for a Keras model of one input and one output."""
        taken, given = model.inputs[0], model.outputs[0]
        return replace(
            self,
            input_shape=tuple(taken.shape[1:]),
            input_dtype=str(taken.dtype),
            output_shape=tuple(given.shape[1:]),
        )

    @property
    def wanted(self) -> Wanted:
        """What concerns the samples alone."""
        return Wanted(self.input_shape, self.input_dtype, self.scale, self.offset, self.preprocess)

    def wanted_of(self, arrays: Mapping[str, Rows]) -> Wanted:
        """What concerns the samples of a source with these arrays: whether they stay in memory."""
        taken = sum(VALUE_BYTES * prod(x.shape) for name, x in arrays.items() if name[0] == "x")
        at_once = int(self.memory * AT_ONCE) if taken > self.memory * STAYS else None
        return replace(self.wanted, at_once=at_once)

    @property
    def targets_fit(self) -> Shape | None:
        """The shape that targets must fit, if any."""
        return None if is_reference(self.task.metric) else self.output_shape


USUAL = DataSettings()
"""For a source that is read as it is, about a model that is not known."""
