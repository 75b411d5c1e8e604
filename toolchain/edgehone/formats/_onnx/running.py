"""How an .onnx file is run on this machine: for its outputs, for its layers, on trial."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.formats import _session
from edgehone.formats._base import Array, Run, Values, bits_of
from edgehone.formats._batches import batches
from edgehone.formats._dataflow import Role
from edgehone.formats._onnx import audit
from edgehone.formats._onnx.flow import onnx_flow


def outputs(content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
    """Outputs by batch."""
    session = _session.open_session(content)
    return [_session.run(session, batch) for batch in batches(inputs, _session.batch_size(session))]


def computed(content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
    """A hash over the bits of all outputs, with the runtime's rewriting of the graph and without;
    runs follow one another.
    """
    ways = {"graph rewritten": True, "graph as it is": False}
    return {name: _bits(content, runs, fuse=fuse) for name, fuse in ways.items()}


def _bits(content: bytes, runs: Sequence[Sequence[Array]], *, fuse: bool) -> str:
    session = _session.open_session(content, fuse=fuse)
    return bits_of([_session.run(session, run) for run in runs])


def results(file: Path) -> Iterator[tuple[str, str]]:
    """The nodes' names, and those of the tensors they write, in the file's order."""
    for node in audit.read(file).graph.node:
        yield node.name, node.output[0]


def watched(file: Path, wanted: set[str]) -> tuple[Run, int]:
    """How to run a file for its tensors of these names, by making outputs of them, and its batch; a
    quantized one is read dequantized.
    """
    model = audit.read(file)
    graph = model.graph
    there = {name for node in graph.node for name in node.output}
    places = {name: _dequantized(name, graph) for name in wanted & there}
    already = {value.name for value in graph.output}
    for place in sorted(set(places.values()) - already):
        graph.output.add().name = place
    session = _session.open_session(model.SerializeToString(), fuse=False)
    names = [value.name for value in session.get_outputs()]

    def run(batch: Sequence[Array]) -> Values:
        results = dict(zip(names, _session.run(session, batch), strict=True))
        found = {name: results[place] for name, place in places.items()}
        return {name: value for name, value in found.items() if value.dtype.kind == "f"}

    return run, _session.batch_size(session)


def trial(content: bytes, *, run: bool) -> None:
    """Prepare the file; run: once with zeros for inputs, too."""
    session = _session.open_session(content)
    if run:
        shapes = [each.shape for each in session.get_inputs()]
        sizes = [[each if isinstance(each, int) else 1 for each in shape] for shape in shapes]
        _session.run(session, [np.zeros(shape, np.float32) for shape in sizes])


def ends(file: Path) -> list[frozenset[Role]]:
    """For each output, what makes it."""
    model = audit.read(file)
    flow = onnx_flow(model)
    return [flow.ends(value.name) for value in model.graph.output]


def _dequantized(name: str, graph: Any) -> str:
    """The tensor that a quantized file's later nodes read in the place of `name`."""
    found = name
    for kind in ("QuantizeLinear", "DequantizeLinear"):
        readers = [n for n in graph.node if n.op_type == kind and n.input[0] == found]
        if not readers:
            return name
        found = readers[0].output[0]
    return str(found)
