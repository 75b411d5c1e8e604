"""What a format is: it turns a Keras model into a float file, that file into any precision, and
knows what is in its files and how they are run.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehone import precisions
from edgehone.errors import ConversionError
from edgehone.formats._blame import blamed
from edgehone.formats._dataflow import Role
from edgehone.formats._metadata import About
from edgehone.formats._traced import TracedModel
from edgehone.values import NOTHING, LayerSpec, Plain, PrecisionPlan, StepReport

Array = NDArray[Any]

Values = Mapping[str, Array]
"""What one run computed, by tensor name."""

Run = Callable[[Sequence[Array]], Values]
"""One run: an array (batch, *input_shape) for each input -> what it computed."""

RUNTIME_ERRORS = (RuntimeError, ValueError, TypeError)
"""What running a file may raise."""

BORDERS = ("float32", "int8", "uint8")
"""Types that a model's inputs and outputs can be asked for."""

LEAN = "it has nothing to leave out"
"""Why a file stays as it is where repacking it would not make it smaller."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What activation ranges are taken from, for precisions that are static.

    samples: one array (n, *shape) per model input, in the order of the model's inputs, as the
    model takes them; () when there is none. ranges: (low, high) that replace what the samples
    say about the tensors of these names (learned ones, of `learned_ranges`).
    """

    samples: tuple[Array, ...]
    ranges: Mapping[str, tuple[float, float]] = NOTHING

    @cached_property
    def key(self) -> str:
        """Equal for equal contents."""
        digest = hashlib.sha256()
        for array in self.samples:
            digest.update(f"{array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
        digest.update(str(sorted(self.ranges.items())).encode())
        return digest.hexdigest()

    def some(self, count: int) -> "Calibration":
        """At most so many of the samples, evenly spread."""
        if not self.samples or len(self.samples[0]) <= count:
            return self
        picked = np.linspace(0, len(self.samples[0]) - 1, count).astype(int)
        return Calibration(tuple(array[picked] for array in self.samples), self.ranges)


def learned_ranges(steps: Sequence[StepReport]) -> Mapping[str, tuple[float, float]]:
    """The activation ranges that training learned, detail["ranges"] of the last step that was
    carried out; nothing when it has none, for what came before it had other weights.
    """
    done = [step for step in steps if not step.skipped]
    learned = (done[-1].detail.get("ranges") or {}) if done else {}
    return {name: (float(low), float(high)) for name, (low, high) in learned.items()}


class Format(ABC):
    """One deployable file format: `formats/NAME.py`, or a user's class.

    TITLE: its name for people. SUFFIX: how its files end. PRECISIONS, ALGORITHMS: those it has.
    MISSING_LAYERS: Keras's layers that no file of it can hold, by class, with the reason.
    STEP_BYTES: what one unrolled step of a recurrent cell adds to a file at least, by the cell's
    class and "" for any other; empty where recurrent layers stay loops of any batch.
    FLOAT_BORDERS: whether integer files have float inputs and outputs all the same.
    UNSIGNED: whether the activations of int8 files are unsigned. SUMMING: operators that multiply
    by weights or average. LAYOUTS: those that only lay values out anew, and move floats at the
    borders of an integer file. AUDIT_OPENS: whether the audit has
    the runtime open the file, which a damaged one may not survive.
    OPERATORS: kinds of `LayerSpec` without weights of which `layer_model` makes files.
    SESSION: for a format that no runtime here runs, a file of Python by which devices do: it is
    sent to them and imported there without this package. Its class Session(content, threads) has
    inputs and outputs ([{"shape", and "dtype", "scale", "zero_point" where they are not float32}]),
    run(arrays) -> arrays; VERSION in the file says what it is.
    """

    TITLE: ClassVar[str]
    SUFFIX: ClassVar[str]
    PRECISIONS: ClassVar[tuple[str, ...]]
    ALGORITHMS: ClassVar[tuple[str, ...]]
    MISSING_LAYERS: ClassVar[Mapping[str, str]] = NOTHING
    STEP_BYTES: ClassVar[Mapping[str, int]] = NOTHING
    FLOAT_BORDERS: ClassVar[bool] = False
    UNSIGNED: ClassVar[bool] = False
    SUMMING: ClassVar[tuple[str, ...]] = ()
    LAYOUTS: ClassVar[tuple[str, ...]] = ()
    AUDIT_OPENS: ClassVar[bool] = False
    OPERATORS: ClassVar[tuple[str, ...]] = ()
    SESSION: ClassVar[Path | None] = None

    @property
    def name(self) -> str:
        """What it is called where formats are named: its file's name in this folder, or
        "python:module:Class".
        """
        folder, _, module = type(self).__module__.rpartition(".")
        if folder == __package__:
            return module
        return f"python:{type(self).__module__}:{type(self).__qualname__}"

    @abstractmethod
    def convert(self, source: TracedModel) -> bytes:
        """The content of a float file that computes what the Keras model does.

        Its operators are named after the layers of `source.names`, its inputs and outputs are in
        their order. Runs in a process of its own, where TensorFlow is loaded. Raises whatever the
        converter raises; `blame` says it in our words.
        """

    def blame(self, error: Exception, source: TracedModel) -> ConversionError:
        """The converter's error in a sentence that names the layer it stumbled over."""
        return blamed(error, self.name, source.names)

    @abstractmethod
    def quantize(
        self, float_file: Path, plan: PrecisionPlan, calibration: Calibration, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`.

        calibration: read by static precisions alone; others take one without samples. Returns
        notes, each of which may be left out: {"refused": {layer: reason}} for layers that stay in
        another precision than asked, {"stand_ins": {layer: reason}} for those with another
        algorithm or block than asked, {"kept_float": {name: reason}} for inputs, layers and outputs
        that integers cannot hold (`edgehone.formats._exact`, `_held`), {"per_tensor": [layer]} for
        those whose weights share one scale.
        Raises ConversionError when the format has no such precision, algorithm or border, or the
        algorithm is not for the default precision; float precisions ignore it.
        """

    @abstractmethod
    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """A complete model file with this one layer (random weights), or why there is none.

        among: the precision of the file's other layers, if another: the conversions at the
        layer's borders are then part of the model.
        """

    @abstractmethod
    def audit(self, file: Path) -> Plain:
        """What is in a file, read without TensorFlow: what `edgehone.formats._audit.audit`
        returns, of which "inputs", "outputs" and "layers" are needed. Raises ModelError.
        """

    def anatomy(self, file: Path) -> Sequence[Plain]:
        """The operators of a file in their order, each {"name", "operator", "type": of what it
        computes, "bytes": of its constants, "macs": multiply-adds of one inference or None,
        "channels": (in, out) or None, "spec": its `LayerSpec` or None}. Raises ModelError.
        """
        return [
            {
                "name": layer["name"],
                "operator": layer["operator"],
                "type": str((layer.get("types") or [""])[-1]),
                "bytes": int(layer.get("weight_bytes") or 0),
                "macs": None,
                "channels": None,
                "spec": None,
            }
            for layer in self.contents(file)["layers"]
        ]

    def contents(self, file: Path) -> Plain:
        """The audit without what a runtime has to open the file for ("delegates")."""
        return self.audit(file)

    @abstractmethod
    def run(self, content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
        """What a file computes on this machine, batch by batch (`edgehone.formats._batches`): every
        output as floats, in the file's order. inputs: (n, *input_shape) for each input; integer
        borders with a scale are quantized and dequantized. Raises RUNTIME_ERRORS.
        """

    @abstractmethod
    def trial(self, content: bytes, *, run: bool) -> None:
        """Open a file as its runtime does, and run it once if `run`: in a process of its own, for
        a damaged file may end it. Raises RUNTIME_ERRORS.
        """

    def repack(self, content: bytes, *, layers: bool = False) -> bytes:
        """The same model in fewer bytes, or `content` itself: nothing that a runtime computes with
        is changed, and inputs, outputs, signatures and metadata keep their names. layers: audits
        of it name its layers as before, at the cost of a few bytes. Raises ConversionError when it
        has what cannot be carried over.
        """
        return content

    def computed(self, content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
        """What a file computes in one run after another, by each set of kernels that this machine
        has for it, as a hash over the bits of all outputs. runs: for each run, an array of every
        input as the file stores it. Raises RUNTIME_ERRORS.
        """
        return {"": bits_of([self.run(content, run) for run in runs])}

    def same_meaning(self, content: bytes, other: bytes) -> bool:
        """Whether two files describe the same model, as far as reading them tells."""
        return True

    def with_borders(self, content: bytes, io: str) -> bytes:
        """The same model with inputs and outputs of this type, one of BORDERS: conversions are
        added where a border is of another. Raises ConversionError where a border cannot be of it.
        """
        raise ConversionError(f"The borders of {self.TITLE} files stay as they are.", "")

    def with_metadata(self, content: bytes, about: About) -> bytes:
        """The same model saying this of itself, in the place of what it says now.

        Raises ConversionError for what does not fit the file, or has no place in it.
        """
        raise ConversionError(f"{self.TITLE} files have no place for metadata.", "")

    def metadata(self, content: bytes) -> About | None:
        """What a file says of itself; None where it says nothing. Raises ModelError."""
        return None

    def recognizes(self, content: bytes) -> bool:
        """Whether content is of this format, for files without an ending."""
        return False

    def layer_results(self, float_file: Path) -> Iterable[tuple[str, str]]:
        """The operators' names and the names of the tensors they write, in the order of
        computation; nothing where layers cannot be watched.
        """
        return ()

    def watched(self, file: Path, tensors: set[str]) -> tuple[Run, int]:
        """How to run a file for those of these tensors that it has, as floats, and its batch.
        Raises RUNTIME_ERRORS.
        """
        raise ValueError(f"layers of {self.TITLE} files cannot be watched")

    def ends(self, float_file: Path) -> list[frozenset[Role]]:
        """For each output of a float file, what makes it; [] where the file does not say."""
        return []


def check_plan(form: Format, plan: PrecisionPlan) -> None:
    """Raise ConversionError when a plan has settings that the format has no words for."""
    unknown = {plan.default} - {*form.PRECISIONS} | {*plan.layers.values()} - {*precisions.names()}
    if unknown:
        known = ", ".join(form.PRECISIONS)
        raise ConversionError(
            f"{form.TITLE} has no precision {min(unknown)!r}.", f"Known: {known}."
        )
    if plan.algorithm not in form.ALGORITHMS:
        raise ConversionError(
            f"{form.TITLE} has no algorithm {plan.algorithm!r}.",
            f"Known: {', '.join(form.ALGORITHMS)}.",
        )
    if not 50 < plan.percentile <= 100:
        raise ConversionError(
            f"percentile is {plan.percentile:g}.", "It is above 50 and at most 100, often 99.99."
        )
    if plan.io not in ("", *BORDERS):
        raise ConversionError(
            f"A model's borders cannot be {plan.io!r}.", f"They are {', '.join(BORDERS)}."
        )


def bits_of(results: Any) -> str:
    """A hash over the types, shapes and bits of all arrays in nested sequences."""
    digest = hashlib.sha256()
    waiting = [results]
    while waiting:
        each = waiting.pop()
        if isinstance(each, np.ndarray):
            digest.update(f"{each.shape} {each.dtype}".encode())
            digest.update(np.ascontiguousarray(each).tobytes())
        else:
            waiting.extend(each)
    return digest.hexdigest()


def random_weights(shape: tuple[int, ...]) -> Array:
    """Weights for timing only; the values do not matter, except that none is zero."""
    return np.random.default_rng(0).uniform(0.1, 1.0, shape).astype(np.float32)
