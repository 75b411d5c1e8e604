"""TFLite: every precision of a float file by litert-quantizer, per layer, and one-layer models."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from edgehone import precisions
from edgehone.errors import ConversionError
from edgehone.formats import _flatbuffer, _metadata
from edgehone.formats._base import Array, Calibration, Format, Run, check_plan
from edgehone.formats._dataflow import Role
from edgehone.formats._loops import check_tflite_loops
from edgehone.formats._metadata import About
from edgehone.formats._ranges import Ranges, activation_ranges, input_moments
from edgehone.formats._tflite import (
    algorithms,
    borders,
    convert,
    layer,
    metadata,
    operators,
    repack,
    running,
    versions,
)
from edgehone.formats._tflite.anatomy import anatomy
from edgehone.formats._tflite.appended import appended, with_appended
from edgehone.formats._tflite.audit import audit, ends
from edgehone.formats._tflite.grant import Grant, grant
from edgehone.formats._tflite.granularity import per_tensor
from edgehone.formats._tflite.kept import kept_float, kept_weights, require_borders, values_at_ends
from edgehone.formats._tflite.recipe import quantized
from edgehone.formats._tflite.repair import repaired, with_integer_borders
from edgehone.formats._traced import TracedModel
from edgehone.system import files
from edgehone.values import LayerSpec, Plain, PrecisionPlan


class TFLite(Format):
    """LiteRT's flatbuffer. An instance keeps the last files' calibration ranges, so that many
    precisions of one float file cost one calibration.
    """

    TITLE: ClassVar[str] = "TFLite"
    SUFFIX: ClassVar[str] = ".tflite"
    PRECISIONS: ClassVar[tuple[str, ...]] = precisions.names()
    ALGORITHMS: ClassVar[tuple[str, ...]] = tuple(algorithms.ALGORITHMS)
    MISSING_LAYERS: ClassVar[Mapping[str, str]] = {
        "CategoryEncoding": "TFLite has no operator that counts categories",
        "IntegerLookup": "its table is none of TFLite's own operators",
    }
    STEP_BYTES: ClassVar[Mapping[str, int]] = {"LSTMCell": 1400, "GRUCell": 1600, "": 300}
    """Measured over 20 steps: LSTM 1560 bytes, GRU 1790, SimpleRNN 330."""
    SUMMING: ClassVar[tuple[str, ...]] = (
        *("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "BATCH_MATMUL"),
        *("AVERAGE_POOL_2D", "MEAN"),
    )
    AUDIT_OPENS: ClassVar[bool] = True
    OPERATORS: ClassVar[tuple[str, ...]] = operators.KINDS
    _KEPT: ClassVar[int] = 9

    def __init__(self) -> None:
        self._statistics: dict[tuple[Any, ...], Any] = {}

    def convert(self, source: TracedModel) -> bytes:
        """A float file by TensorFlow's converter; see `Format.convert`."""
        return convert.converted(source, self.name)

    def quantize(
        self, float_file: Path, plan: PrecisionPlan, calibration: Calibration, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`; see `Format.quantize`.

        A layer's precision holds for every operator named after it, as the converter names them.
        4-bit weights exist for some operators only; other layers get the precision next to it
        (int8x4: int8, dynamic4: dynamic8, weights4: float32), and a note says why. Where an
        algorithm is not for a layer's operator, min_max stands in, and a note says why:
        {"stand_ins": {layer: reason}}. It is an error when the algorithm suits no layer at all.
        """
        check_plan(self, plan)
        algorithms.check_algorithm(plan.algorithm, plan.default, plan.block)
        check_tflite_loops(float_file, plan)
        with files.reading(float_file):
            content, carried = appended(float_file.read_bytes())
        content = _flatbuffer.named(content)
        granted = grant(content, plan, str(float_file))
        _check_of_use(plan, granted)
        if not granted.is_float32:
            granted = self._with_kept(content, granted, plan, calibration)
            content = self._quantized(content, granted, plan, calibration)
        if plan.io == "uint8":
            content = borders.with_borders(content, plan.io)
        if not granted.is_float32:
            content = versions.stated(content)
        files.write_whole(destination, with_appended(content, carried))
        return {
            "refused": dict(granted.refused),
            "stand_ins": dict(granted.stand_ins),
            "kept_float": dict(granted.kept.reasons),
            "per_tensor": list(granted.per_tensor),
        }

    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """A .tflite file with this one layer, quantized as `quantize` would; takes about 1 ms."""
        return layer.layer_model(spec, precision, among)

    def audit(self, file: Path) -> Plain:
        """What is in the file; see `edgehone.formats._audit`."""
        return audit(file)

    def anatomy(self, file: Path) -> Sequence[Plain]:
        """Operators with their shapes; see `Format.anatomy`."""
        return anatomy(file)

    def contents(self, file: Path) -> Plain:
        """What is in the file, read without a runtime; see `Format.contents`."""
        return audit(file, opened=False)

    def run(self, content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
        """Outputs by batch, computed by LiteRT; see `Format.run`."""
        return running.outputs(content, inputs)

    def repack(self, content: bytes, *, layers: bool = False) -> bytes:
        """Equal vectors and constants once, no recorded ranges, no names of inner tensors; names of
        layers in a metadata entry; see `Format.repack`.
        """
        with _flatbuffer.reading("the file"):
            return repack.repacked(content, layers=layers)

    def computed(self, content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
        """By XNNPACK and by LiteRT's own kernels; see `Format.computed`."""
        return running.computed(content, runs)

    def same_meaning(self, content: bytes, other: bytes) -> bool:
        """Whether all tables are equal but for what `repack` leaves out."""
        with _flatbuffer.reading("the file"):
            return repack.same_meaning(content, other)

    def with_borders(self, content: bytes, io: str) -> bytes:
        """By QUANTIZE and DEQUANTIZE at the borders; see `Format.with_borders`."""
        with _flatbuffer.reading("the file"):
            return borders.with_borders(content, io)

    def with_metadata(self, content: bytes, about: About) -> bytes:
        """As TFLite's model metadata and label files; see `Format.with_metadata`."""
        _metadata.check_about(about, ends(content))
        return metadata.with_metadata(content, about)

    def metadata(self, content: bytes) -> About | None:
        """TFLite's model metadata; see `Format.metadata`."""
        with _flatbuffer.reading("the file"):
            return metadata.metadata(content)

    def recognizes(self, content: bytes) -> bool:
        """Whether content has the identifier of the flatbuffer."""
        return content[4:8] == b"TFL3"

    def trial(self, content: bytes, *, run: bool) -> None:
        """Open the file with LiteRT, and run it on numbers that it surely takes."""
        running.trial(content, run=run)

    def layer_results(self, float_file: Path) -> Iterable[tuple[str, str]]:
        """Operators and the float tensors they write; see `Format.layer_results`."""
        return running.results(float_file)

    def watched(self, file: Path, tensors: set[str]) -> tuple[Run, int]:
        """How to run a file for its tensors; see `Format.watched`."""
        return running.watched(file, tensors)

    def ends(self, float_file: Path) -> list[frozenset[Role]]:
        """What makes each output; see `Format.ends`."""
        return running.ends(float_file)

    def _with_kept(
        self, content: bytes, granted: Grant, plan: PrecisionPlan, calibration: Calibration
    ) -> Grant:
        """The grant with what stays float in spite of the plan, and what shares a scale."""
        model = _flatbuffer.parse(content, "the float file")
        if not granted.is_static:
            return replace(granted, kept=kept_weights(model, granted))
        ranges = self._ranges(content, plan, calibration)
        values = self._kept(
            ("values", _sha256(content), calibration.key),
            lambda: values_at_ends(content, model, calibration),
        )
        kept = kept_float(model, granted, ranges, values)
        require_borders(kept, plan.io)
        granted = replace(granted, kept=kept)
        return replace(granted, per_tensor=per_tensor(model, granted))

    def _ranges(self, content: bytes, plan: PrecisionPlan, calibration: Calibration) -> Ranges:
        found: Ranges = self._kept(
            ("ranges", _sha256(content), calibration.key, plan.percentile),
            lambda: activation_ranges(content, calibration, plan.percentile),
        )
        return found

    def _quantized(
        self, content: bytes, granted: Grant, plan: PrecisionPlan, calibration: Calibration
    ) -> bytes:
        ranges = moments = None
        if granted.is_static:
            ranges = self._ranges(content, plan, calibration)
        if granted.needs_moments:
            most = algorithms.MOST_INPUTS
            moments = self._kept(
                ("moments", _sha256(content), calibration.key),
                lambda: input_moments(content, calibration, most),
            )
        result = quantized(_with_signatures(content), granted, ranges, moments)
        _check_kernels(result, plan)
        parted = repaired(result)
        return with_integer_borders(parted, granted.kept) if not plan.io else parted

    def _kept(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for the last few keys."""
        if key not in self._statistics:
            while len(self._statistics) >= self._KEPT:
                self._statistics.pop(next(iter(self._statistics)))
            self._statistics[key] = make()
        return self._statistics[key]


def _with_signatures(content: bytes) -> bytes:
    """The same file, with an empty list of signatures where there is none: where a border's tensor
    is replaced, the quantizer looks through the list without asking whether there is one.
    """
    model = _flatbuffer.parse(content, "the float file")
    if model.signatureDefs is not None:
        return content
    model.signatureDefs = []
    return _flatbuffer.pack(model)


def _check_of_use(plan: PrecisionPlan, granted: Grant) -> None:
    """Raise ConversionError when the plan's algorithm, or its blocks, suit no layer."""
    kernels = granted.kernels
    unused = plan.algorithm not in {"min_max", *(each.algorithm for each in kernels)}
    whole = plan.block and not any(each.block for each in kernels)
    if granted.stand_ins and (unused or whole):
        layer, reason = next(iter(granted.stand_ins.items()))
        asked = plan.algorithm if unused else f"blocks of {plan.block}"
        raise ConversionError(
            f"No layer of the model can have {asked}; {layer}, for one: {reason}.",
            "Choose another algorithm; min_max and octav suit every layer.",
        )


def _check_kernels(content: bytes, plan: PrecisionPlan) -> None:
    """Raise ConversionError when a kernel's values are not as long as its type says."""
    if plan.algorithm == "min_max":
        return
    model = _flatbuffer.parse(content, "the quantized file")
    for operator in model.subgraphs[0].operators:
        if _flatbuffer.operator_name(model, operator) in _flatbuffer.KERNEL_OPERATORS:
            tensor = model.subgraphs[0].tensors[operator.inputs[1]]
            size = 1
            for length in tensor.shape:
                size *= int(length)
            if _flatbuffer.type_name(tensor) == "int8" and size != _flatbuffer.constant_bytes(
                model, tensor
            ):
                raise ConversionError(
                    f"litert-quantizer left weights as floats under {plan.algorithm}.",
                    "Choose another algorithm; min_max and octav suit every layer.",
                )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
