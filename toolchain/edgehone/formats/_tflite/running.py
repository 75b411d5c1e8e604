"""How a .tflite file is run on this machine: for its outputs, for its layers, on trial."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import ExecutionError, ModelError
from edgehone.formats import _flatbuffer, _interpreter
from edgehone.formats._base import RUNTIME_ERRORS, Array, Run, Values, bits_of
from edgehone.formats._batches import batches
from edgehone.formats._dataflow import Role
from edgehone.formats._interpreter import Kernels
from edgehone.formats._tflite.flow import tflite_flow
from edgehone.formats._trial_inputs import trial_inputs
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES


def outputs(content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
    """Outputs by batch, with plain kernels where the delegate fails while it runs."""
    try:
        return _interpreted(content, inputs, Kernels.ANY)
    except RuntimeError as error:
        try:
            return _interpreted(content, inputs, Kernels.PLAIN)
        except RUNTIME_ERRORS:
            raise error from None


def _interpreted(
    content: bytes, inputs: Sequence[Array], kernels: Kernels
) -> list[Sequence[Array]]:
    interpreter = _interpreter.open_interpreter(content, kernels=kernels)
    results = interpreter.get_output_details()
    parts: list[Sequence[Array]] = []
    shape = interpreter.get_input_details()[0]["shape"]
    for batch in batches(inputs, int(shape[0]) if len(shape) else 1):
        _interpreter.invoke(interpreter, batch)
        parts.append([_interpreter.read(interpreter, each) for each in results])
    return parts


def computed(content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
    """By set of kernels, a hash over the stored numbers of all outputs in one run after another;
    XNNPACK is left out where it cannot prepare the file, and plain kernels can.
    """
    plain = _bits(content, runs, Kernels.PLAIN)
    try:
        return {"XNNPACK": _bits(content, runs, Kernels.DELEGATED), "plain kernels": plain}
    except RuntimeError:
        return {"plain kernels": plain}


def _bits(content: bytes, runs: Sequence[Sequence[Array]], kernels: Kernels) -> str:
    interpreter = _interpreter.open_interpreter(content, kernels=kernels)
    found = []
    for run in runs:
        _set(interpreter, run)
        interpreter.invoke()
        details = interpreter.get_output_details()
        found.append([np.array(interpreter.get_tensor(each["index"])) for each in details])
    return bits_of(found)


def _set(interpreter: Any, run: Sequence[Array]) -> None:
    """Give every input its array, and the shape of it where the file's differs."""
    details = interpreter.get_input_details()
    _interpreter.require_count(len(details), len(run))
    other = [
        (each["index"], list(array.shape))
        for each, array in zip(details, run, strict=True)
        if tuple(each["shape"]) != array.shape
    ]
    for index, shape in other:
        interpreter.resize_tensor_input(index, shape, strict=True)
    if other:
        interpreter.allocate_tensors()
    for each, array in zip(details, run, strict=True):
        interpreter.set_tensor(each["index"], array)


def results(file: Path) -> Iterator[tuple[str, str]]:
    """The operators' names, and those of the float tensors they write, in the file's order."""
    graph = _flatbuffer.read(file).subgraphs[0]
    for operator in graph.operators:
        for position in operator.outputs[:1]:
            name = _flatbuffer.tensor_name(graph.tensors[position])
            if _flatbuffer.type_name(graph.tensors[position]) == "float32":
                yield name, name


def watched(file: Path, wanted: set[str]) -> tuple[Run, int]:
    """How to run a file for its tensors of these names, and its batch."""
    content = _flatbuffer.named(files.content(file, MODEL_BYTES, ExecutionError))
    interpreter = _interpreter.open_interpreter(content, keep_activations=True)
    details = [each for each in interpreter.get_tensor_details() if each["name"] in wanted]

    def run(batch: Sequence[Array]) -> Values:
        _interpreter.invoke(interpreter, batch)
        return {each["name"]: _interpreter.read(interpreter, each) for each in details}

    return run, int(interpreter.get_input_details()[0]["shape"][0])


def trial(content: bytes, *, run: bool) -> None:
    """Prepare the file; run: once with what it surely takes, too."""
    interpreter = _interpreter.open_interpreter(content)
    if run:
        with suppress(ModelError):  # what cannot be read is refused where it is used
            model = _flatbuffer.parse(content, "the file")
            for index, values in trial_inputs(interpreter, model):
                interpreter.set_tensor(index, values)
            interpreter.invoke()


def ends(file: Path) -> list[frozenset[Role]]:
    """For each output, what makes it."""
    model = _flatbuffer.read(file)
    graph, flow = model.subgraphs[0], tflite_flow(model)
    return [flow.ends(_flatbuffer.tensor_name(graph.tensors[index])) for index in graph.outputs]
