"""ONNX: 16, 8 and 4 bits by onnxruntime's quantizer, per layer, and one-layer models."""

import copy
import hashlib
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from edgehone.errors import ConversionError, EdgehoneError
from edgehone.formats import _metadata
from edgehone.formats._base import Array, Calibration, Format, Run, check_plan
from edgehone.formats._dataflow import Role
from edgehone.formats._exact import Kept
from edgehone.formats._loops import check_onnx_loops
from edgehone.formats._metadata import About
from edgehone.formats._onnx import (
    convert,
    half,
    layer,
    metadata,
    nbits,
    operators,
    repack,
    running,
    static,
)
from edgehone.formats._onnx.anatomy import anatomy
from edgehone.formats._onnx.audit import audit, ends, read
from edgehone.formats._onnx.grant import PRECISIONS, Grant, grant
from edgehone.formats._onnx.kept import kept_float, kept_weights, read_floats
from edgehone.formats._traced import TracedModel
from edgehone.system import files
from edgehone.system.library_errors import sentence
from edgehone.system.settings import IO
from edgehone.values import LayerSpec, Plain, PrecisionPlan


class Onnx(Format):
    """ONNX Runtime's format. An instance keeps the last files' calibration ranges, so that many
    plans for one float file cost one calibration.
    """

    TITLE: ClassVar[str] = "ONNX"
    SUFFIX: ClassVar[str] = ".onnx"
    PRECISIONS: ClassVar[tuple[str, ...]] = PRECISIONS
    ALGORITHMS: ClassVar[tuple[str, ...]] = ("min_max", "entropy")
    MISSING_LAYERS: ClassVar[Mapping[str, str]] = {
        "Discretization": "tf2onnx has no operator that sorts into bins",
        "IntegerLookup": "tf2onnx cannot write its table",
    }
    FLOAT_BORDERS: ClassVar[bool] = True
    UNSIGNED: ClassVar[bool] = True
    SUMMING: ClassVar[tuple[str, ...]] = (
        "Conv",
        "ConvTranspose",
        "Gemm",
        "MatMul",
        "Mean",
        "ReduceMean",
    )
    OPERATORS: ClassVar[tuple[str, ...]] = operators.KINDS
    LAYOUTS: ClassVar[tuple[str, ...]] = ("Flatten", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
    _KEPT: ClassVar[int] = 4

    def __init__(self) -> None:
        self._ranges: dict[tuple[Any, ...], static.Ranges] = {}

    def convert(self, source: TracedModel) -> bytes:
        """A float file by tf2onnx; see `Format.convert`."""
        return convert.converted(source)

    def quantize(
        self, float_file: Path, plan: PrecisionPlan, calibration: Calibration, destination: Path
    ) -> Plain:
        """Write `float_file` in the plan's precisions to `destination`; see `Format.quantize`.

        int8 is static: uint8 activations and, as QDQ pairs, int8 weights of 7 bits for each output
        channel, which no x86 CPU saturates on; if symmetric, int8 for both, and zero is 0.
        weights4 is for MatMul and Gemm nodes; layers with other ones stay float32, and a note says
        so. float16 keeps float32 at the borders, and for what float16 cannot hold. Layers may
        differ, but not in which of int8 and dynamic8 they have, and beside float16 only float32 is
        to be had. The algorithm is about activations: min_max, or entropy.
        """
        _check(self, plan)
        check_onnx_loops(float_file, plan)
        model = read(float_file)
        _name_nodes(model)
        granted = grant(model, plan)
        kept = Kept()
        if set(granted.nodes) - {"float32"}:
            ranges = None
            if granted.of("int8"):
                ranges = self._ranges_of(model, calibration, plan)
            kept = self._kept_of(model, granted, calibration, plan, ranges)
            content = _quantized(model, _without(granted, kept), plan, ranges)
        else:
            content = float_file.read_bytes()
        files.write_whole(destination, content)
        return {
            "refused": dict(granted.refused),
            "stand_ins": {},
            "kept_float": dict(kept.reasons),
            "per_tensor": [],
        }

    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """An .onnx file with this one layer in float32 or int8, or why there is none."""
        return layer.layer_model(spec, precision, among)

    def audit(self, file: Path) -> Plain:
        """What is in the file; see `edgehone.formats._audit`."""
        return audit(file)

    def anatomy(self, file: Path) -> Sequence[Plain]:
        """Nodes with their shapes; see `Format.anatomy`."""
        return anatomy(file)

    def run(self, content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
        """Outputs by batch, computed by ONNX Runtime; see `Format.run`."""
        return running.outputs(content, inputs)

    def repack(self, content: bytes, *, layers: bool = False) -> bytes:
        """Equal constants once, no doc strings; nodes keep their names; see `Format.repack`."""
        with _translated("a smaller file"):
            return repack.repacked(content)

    def computed(self, content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
        """By ONNX Runtime with its graph rewriting and without; see `Format.computed`."""
        return running.computed(content, runs)

    def with_borders(self, content: bytes, io: str) -> bytes:
        """The file itself where floats are asked for; see `Format.with_borders`."""
        if io == "float32":
            return content
        raise _float_borders()

    def with_metadata(self, content: bytes, about: About) -> bytes:
        """As `metadata_props`; see `Format.with_metadata`."""
        _metadata.check_about(about, ends(content))
        return metadata.with_metadata(content, about)

    def metadata(self, content: bytes) -> About | None:
        """What `metadata_props` say under the names that are written here."""
        return metadata.metadata(content)

    def recognizes(self, content: bytes) -> bool:
        """Whether content begins with the version of the format, its first field."""
        return content[:1] == b"\x08"

    def trial(self, content: bytes, *, run: bool) -> None:
        """Open the file with ONNX Runtime, and run it on zeros."""
        running.trial(content, run=run)

    def layer_results(self, float_file: Path) -> Iterable[tuple[str, str]]:
        """Nodes and the tensors they write; see `Format.layer_results`."""
        return running.results(float_file)

    def watched(self, file: Path, tensors: set[str]) -> tuple[Run, int]:
        """How to run a file for its tensors; see `Format.watched`."""
        return running.watched(file, tensors)

    def ends(self, float_file: Path) -> list[frozenset[Role]]:
        """What makes each output; see `Format.ends`."""
        return running.ends(float_file)

    def _ranges_of(
        self, model: Any, calibration: Calibration, plan: PrecisionPlan
    ) -> static.Ranges:
        key = (
            hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest(),
            calibration.key,
            plan.percentile,
            plan.algorithm,
        )
        if key not in self._ranges:
            while len(self._ranges) >= self._KEPT:
                self._ranges.pop(next(iter(self._ranges)))
            with _translated("int8"):
                self._ranges[key] = static.activation_ranges(
                    model, calibration, plan.percentile, plan.algorithm
                )
        return self._ranges[key]

    def _kept_of(
        self,
        model: Any,
        granted: Grant,
        calibration: Calibration,
        plan: PrecisionPlan,
        ranges: static.Ranges | None,
    ) -> Kept:
        with _translated(plan.default):
            kept = kept_weights(model, granted.of("dynamic8") | granted.of("weights4"))
            if granted.of("float16"):
                kept |= half.kept_float(model, granted.of("float16"), calibration)
            if ranges is not None:
                kept |= kept_float(
                    model, granted.of("int8"), ranges, calibration, symmetric=plan.symmetric
                )
            return kept


def _without(granted: Grant, kept: Kept) -> Grant:
    """The grant with what stays float among the float nodes."""
    nodes = {name: each - {*kept.nodes} for name, each in granted.nodes.items()}
    nodes["float32"] = granted.of("float32") | frozenset(kept.nodes)
    return replace(granted, nodes=nodes)


def _check(form: Onnx, plan: PrecisionPlan) -> None:
    check_plan(form, plan)
    if plan.io in ("int8", "uint8"):
        raise _float_borders()
    if plan.block and (plan.block not in nbits.BLOCKS or plan.default != "weights4"):
        raise ConversionError(
            f"There are no blocks of {plan.block} weights in {plan.default} ONNX files.",
            f"Blocks are for weights4, of {', '.join(map(str, nbits.BLOCKS))}.",
        )


def _name_nodes(model: Any) -> None:
    """Give nodes without a name one, for everything here is said by names."""
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"#{index}/{node.op_type}"


def _quantized(
    model: Any, granted: Grant, plan: PrecisionPlan, ranges: static.Ranges | None
) -> bytes:
    names = {node.name for node in model.graph.node}
    with _translated(plan.default):
        if granted.of("float16"):
            model = _sorted(half.halved(model, names - granted.of("float16")))
        if ranges is not None:
            left_out = names - granted.of("int8")
            original = copy.deepcopy(model)
            paired = static.with_pairs(model, ranges, left_out, symmetric=plan.symmetric)
            read_floats(paired, original, granted.of("int8"))
            model = _sorted(paired)
        if granted.of("dynamic8"):
            model = _dynamic(model, sorted(names - granted.of("dynamic8")))
        if granted.of("weights4"):
            block = plan.block or nbits.USUAL_BLOCK
            nbits.with_four_bits(model, granted.of("weights4"), block)
        return bytes(model.SerializeToString(deterministic=True))


def _float_borders() -> ConversionError:
    return ConversionError(
        "ONNX files have float32 borders: they have no place for a border's scale.",
        f"Leave out {IO}, or export to TFLite.",
    )


def _sorted(model: Any) -> Any:
    """The model with its nodes in an order they can be computed in; onnxruntime's tools append."""
    from onnxruntime.quantization.onnx_model import ONNXModel

    ordered = ONNXModel(model)
    ordered.topological_sort()
    return ordered.model


def _dynamic(model: Any, left_out: list[str]) -> Any:
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder) / "float.onnx", Path(folder) / "dynamic.onnx"
        source.write_bytes(model.SerializeToString())
        quantization.quantize_dynamic(
            source, result, nodes_to_exclude=left_out, weight_type=quantization.QuantType.QUInt8
        )
        return read(result)


@contextmanager
def _translated(precision: str) -> Iterator[None]:
    """Nothing on the screen, and onnxruntime's errors as ours."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), static.silent_output():
            warnings.simplefilter("ignore")
            yield
    except EdgehoneError:
        raise
    except Exception as error:  # onnxruntime's errors share no other base
        raise ConversionError(
            f"onnxruntime cannot make {precision} of this model: {sentence(error)}",
            "Try another precision, or export to TFLite.",
        ) from error
    finally:
        logging.disable(before)
