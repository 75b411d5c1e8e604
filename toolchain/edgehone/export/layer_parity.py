"""How close each layer of an artifact stays to the same layer of the float file it was made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import ExecutionError
from edgehone.export.execution import RUNTIME_ERRORS, batches
from edgehone.export.parity import decibels
from edgehone.formats import _audit_onnx, _interpreter, _session
from edgehone.formats._base import Array
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.library_errors import sentence

_Values = Mapping[str, Array]
"""What one run computed, by tensor name."""

_Run = Callable[[Sequence[Array]], _Values]


def layer_snr(float_file: Path, file: Path, samples: tuple[Array, ...]) -> Mapping[str, float]:
    """Signal to noise of what each layer hands on, in dB, in the order of computation.

    10 log10 of the power of the layer's last result in `float_file` over that of its difference
    in `file`, both over all samples: inf when equal, -inf when the result is not finite or there
    is noise where no signal is. A layer's error holds what it inherits from the layers before it.
    Layers are those that operators are named after (`edgehone.formats._naming`) and whose last
    result both files keep as a tensor; the others are left out.

    float_file, file: both .tflite or both .onnx; samples: (n, *input_shape) for each input.
    Raises ExecutionError when one of the files cannot be run on the samples.
    """
    total: dict[str, Array] = {}
    onnx = file.suffix.lower() == ".onnx"  # a float file in a store has no suffix
    ends = _ends(_onnx_results(float_file) if onnx else _tflite_results(float_file))
    opened = _onnx if onnx else _tflite
    try:
        (run, size), (compute, width) = (
            opened(each, set(ends.values())) for each in (float_file, file)
        )
        if size != width:
            raise ValueError(f"its batch is {width}, that of the float file {size}")
        for batch in batches(samples, size):
            expected, found = run(batch), compute(batch)
            for layer, tensor in ends.items():
                if tensor in expected and tensor in found:
                    powers = _powers(expected[tensor], found[tensor])
                    total[layer] = total.get(layer, np.zeros(2)) + powers
    except RUNTIME_ERRORS as error:
        raise ExecutionError(
            f"Cannot compare the layers of {file.name} with those of the float file: "
            f"{sentence(error)}",
            "Compare files made of the same model, on samples of its inputs' shapes.",
        ) from error
    return {layer: decibels(*total[layer]) for layer in ends if layer in total}


def _powers(expected: Array, found: Array) -> Array:
    """(2,): the sum of squares of what is expected, and of the difference."""
    if expected.shape != found.shape:
        raise ValueError(f"shapes {expected.shape} and {found.shape} differ")
    expected = expected.astype(np.float64)
    error = found.astype(np.float64) - expected
    return np.array([np.sum(expected**2), np.sum(error**2)])


def _ends(results: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Layer -> the name of its last float result, in the file's order of computation.

    results: the operators' names, and those of the tensors they write.
    """
    ends: dict[str, str] = {}
    for label, tensor in results:
        layer = label.split("/")[0]
        if layer and not layer.startswith("#"):
            ends.pop(layer, None)
            ends[layer] = tensor
    return ends


def _tflite_results(file: Path) -> Iterator[tuple[str, str]]:
    from edgehone.formats import _flatbuffer

    graph = _flatbuffer.read(file).subgraphs[0]
    for operator in graph.operators:
        for position in operator.outputs[:1]:
            name = _flatbuffer.tensor_name(graph.tensors[position])
            if _flatbuffer.type_name(graph.tensors[position]) == "float32":
                yield name, name


def _onnx_results(file: Path) -> Iterator[tuple[str, str]]:
    for node in _audit_onnx.read(file).graph.node:
        yield node.name, node.output[0]


def _tflite(file: Path, wanted: set[str]) -> tuple[_Run, int]:
    """How to run a file for its tensors of these names, and its batch."""
    content = files.content(file, MODEL_BYTES, ExecutionError)
    interpreter = _interpreter.open_interpreter(content, keep_activations=True)
    details = [each for each in interpreter.get_tensor_details() if each["name"] in wanted]

    def run(batch: Sequence[Array]) -> _Values:
        _interpreter.invoke(interpreter, batch)
        return {each["name"]: _interpreter.read(interpreter, each) for each in details}

    return run, int(interpreter.get_input_details()[0]["shape"][0])


def _onnx(file: Path, wanted: set[str]) -> tuple[_Run, int]:
    """The same for ONNX, by making outputs of the tensors; a quantized one is read dequantized."""
    model = _audit_onnx.read(file)
    graph = model.graph
    there = {name for node in graph.node for name in node.output}
    places = {name: _dequantized(name, graph) for name in wanted & there}
    already = {value.name for value in graph.output}
    for place in sorted(set(places.values()) - already):
        graph.output.add().name = place
    session = _session.open_session(model.SerializeToString(), fuse=False)
    names = [value.name for value in session.get_outputs()]

    def run(batch: Sequence[Array]) -> _Values:
        results = dict(zip(names, _session.run(session, batch), strict=True))
        found = {name: results[place] for name, place in places.items()}
        return {name: value for name, value in found.items() if value.dtype.kind == "f"}

    return run, _session.batch_size(session)


def _dequantized(name: str, graph: Any) -> str:
    """The tensor that a quantized file's later nodes read in the place of `name`."""
    found = name
    for kind in ("QuantizeLinear", "DequantizeLinear"):
        readers = [n for n in graph.node if n.op_type == kind and n.input[0] == found]
        if not readers:
            return name
        found = readers[0].output[0]
    return str(found)
