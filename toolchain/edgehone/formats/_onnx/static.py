"""Static 8 bits in ONNX: activation ranges over samples, then QDQ pairs by onnxruntime."""

import contextlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.formats import _session
from edgehone.formats._base import Array, Calibration
from edgehone.formats._onnx.naming import KERNEL_OPERATORS
from edgehone.formats._samples import Border, feeds
from edgehone.formats._spread import Extremes, Histogram

Ranges = Mapping[str, tuple[float, float]]
"""Tensor name -> its smallest and largest value."""

_FUSED = ("Relu", "Clip")


def activation_ranges(
    model: Any, calibration: Calibration, percentile: float, algorithm: str
) -> Ranges:
    """The range of every float tensor over all samples.

    algorithm: "min_max", with `percentile` as `edgehone.formats._ranges.activation_ranges` has it;
    or "entropy", onnxruntime's: the range whose 8 bits keep most of the distribution (Migacz 2017).
    calibration.ranges, under the names of layers and inputs, replace what the samples say.
    Raises ConversionError when there is no sample or samples do not fit the inputs.
    """
    if algorithm == "entropy":
        found = _by_entropy(model, calibration)
    else:
        found = _by_extremes(model, calibration, percentile)
    for name, pair in calibration.ranges.items():
        tensor = _tensor_of(model, name)
        if tensor in found:
            found[tensor] = pair
    return found


def with_pairs(model: Any, ranges: Ranges, left_out: Collection[str], *, symmetric: bool) -> Any:
    """The model with QuantizeLinear and DequantizeLinear around all nodes but `left_out`.

    symmetric: int8 activations whose zero is 0, and int8 weights; else uint8 activations, and
    weights of 7 bits (docs/decisions/0008).
    """
    from onnxruntime import quantization as q

    bounds = {
        name: q.TensorData(lowest=np.array(low, np.float32), highest=np.array(high, np.float32))
        for name, (low, high) in ranges.items()
    }
    quantizer = q.QDQQuantizer(
        model,
        per_channel=True,
        # x86 without VNNI adds pairs of products in 16 bits, which saturate under 8-bit weights.
        reduce_range=not symmetric,
        weight_qType=q.QuantType.QInt8,
        activation_qType=q.QuantType.QInt8 if symmetric else q.QuantType.QUInt8,
        tensors_range=q.TensorsData(q.CalibrationMethod.MinMax, bounds),
        nodes_to_quantize=[],
        nodes_to_exclude=sorted(left_out),
        op_types_to_quantize=_operators(),
        extra_options={"ActivationSymmetric": symmetric},
    )
    quantizer.quantize_model()
    return quantizer.model.model


def _operators() -> list[str]:
    """All operators that onnxruntime quantizes, in a fixed order."""
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    return sorted({*QDQRegistry, *QLinearOpsRegistry})


def tensor_values(
    model: Any, calibration: Calibration, wanted: Collection[str]
) -> Mapping[str, Array]:
    """What the tensors of these names hold over all samples, (n, …) each."""
    found: dict[str, list[Array]] = {}
    for name, values in _computed(model, calibration):
        if name in wanted:
            found.setdefault(name, []).append(np.atleast_1d(values))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _by_extremes(
    model: Any, calibration: Calibration, percentile: float
) -> dict[str, tuple[float, float]]:
    spreads: dict[str, Extremes] = {}
    for name, values in _computed(model, calibration):
        if values.dtype == np.float32 and values.size:
            if name not in spreads:
                spreads[name] = Extremes() if percentile == 100 else Histogram(percentile)
            spreads[name].add(values)
    return {name: spread.range() for name, spread in spreads.items()}


def _computed(model: Any, calibration: Calibration) -> Iterator[tuple[str, Any]]:
    """Every input and every result of a node, by name, sample by sample."""
    import onnx

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    there = {value.name for value in watched.graph.output}
    for node in watched.graph.node:
        for name in node.output:
            if name and name not in there:
                watched.graph.output.add().name = name
    session = _session.open_session(watched.SerializeToString(), fuse=False)
    names = [value.name for value in session.get_outputs()]
    borders = borders_of(session)
    for feed in feeds(borders, calibration):
        for border, values in zip(borders, feed, strict=True):
            yield border.name, values
        yield from zip(names, _session.run(session, feed), strict=True)


def _by_entropy(model: Any, calibration: Calibration) -> dict[str, tuple[float, float]]:
    from onnxruntime.quantization import CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator

    session = _session.open_session(model.SerializeToString())
    with tempfile.TemporaryDirectory() as folder, silent_output():
        file, watched = Path(folder) / "float.onnx", Path(folder) / "watched.onnx"
        file.write_bytes(model.SerializeToString())
        calibrator = create_calibrator(
            file,
            _operators(),
            augmented_model_path=str(watched),
            calibrate_method=CalibrationMethod.Entropy,
            # With its usual 128 bins the one range it considers is the whole one.
            extra_options={"num_bins": 256},
        )
        calibrator.collect_data(_Samples(borders_of(session), calibration))
        data = calibrator.compute_data()
        del calibrator
    return {
        name: (float(np.min(each.lowest)), float(np.max(each.highest)))
        for name, each in data.items()
    }


class _Samples:
    """Calibration samples as onnxruntime asks for them, one at a time."""

    def __init__(self, borders: list[Border], calibration: Calibration) -> None:
        self._names = [border.name for border in borders]
        self._feeds = feeds(borders, calibration)

    def get_next(self) -> dict[str, Any] | None:
        """The next sample's feed, or None at the end."""
        feed = next(self._feeds, None)
        return None if feed is None else dict(zip(self._names, feed, strict=True))


def borders_of(session: Any) -> list[Border]:
    """The inputs of a session; a size that is free counts as 1."""
    return [
        Border(
            node.name,
            tuple(size if isinstance(size, int) else 1 for size in node.shape),
            _dtype(node.type),
        )
        for node in session.get_inputs()
    ]


def _dtype(name: str) -> Any:
    """The NumPy type of an onnxruntime type such as "tensor(float)"."""
    short = name.removeprefix("tensor(").removesuffix(")")
    return np.dtype({"float": "float32", "double": "float64"}.get(short, short))


def _tensor_of(model: Any, name: str) -> str:
    """The tensor that a layer hands on: its main node's result, after a fused activation."""
    main = [node for node in model.graph.node if node.name == name]
    if not main:
        return name
    tensor = str(main[-1].output[0])
    while main[-1].op_type in KERNEL_OPERATORS:
        readers = [node for node in model.graph.node if tensor in node.input]
        if len(readers) != 1 or readers[0].op_type not in (*_FUSED, "Add"):
            break
        if readers[0].op_type == "Add" and readers[0].name.split("/")[0] != name:
            break
        tensor = str(readers[0].output[0])
        if readers[0].op_type in _FUSED:
            break
    return tensor


@contextlib.contextmanager
def silent_output() -> Iterator[None]:
    """Drop what onnxruntime's quantizer prints."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
