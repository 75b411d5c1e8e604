"""Troubles of `edgehone repack`: files that cannot be proven equal once they are smaller."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._flatgraph import Graph
from tests import tflite_files, tiny_models
from tests.troubles import Make, Trouble


def drawn() -> bytes:
    """A file that adds new random numbers to its input each time it runs."""
    graph = Graph()
    source = graph.tensor("input", "FLOAT32", (4,))
    size = graph.tensor("size", "INT32", (1,), data=np.array([4], np.int32).tobytes())
    noise = graph.tensor("noise", "FLOAT32", (4,))
    result = graph.tensor("sum", "FLOAT32", (4,))
    graph.operator("RANDOM_UNIFORM", [size], noise)
    graph.operator("ADD", [source, noise], result)
    return graph.content([source], [result])


def custom() -> bytes:
    """A file with an operator that no runtime here knows."""
    model = _flatbuffer.parse(tflite_files.float_content(), "the file")
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = 32
    code.customCode = b"OwnConvolution"
    for operator in model.subgraphs[0].operators[:1]:
        operator.builtinOptions, operator.builtinOptionsType = None, 0
    return _flatbuffer.pack(model)


def free_size() -> bytes:
    """A file whose input may have any height."""
    model = _flatbuffer.parse(tflite_files.float_content(), "the file")
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shapeSignature = np.array([1, -1, 6, 3], np.int32)
    return _flatbuffer.pack(model)


def _of(content: bytes) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "net.tflite").write_bytes(content)
        return ["repack", "net.tflite", "-o", "small.tflite"]

    return make


def _elsewhere(destination: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        return ["repack", tiny_models.net(folder).name, "-o", destination]

    return make


REPACKS = (
    Trouble(
        "a file to repack that computes by chance",
        _of(drawn()),
        5,
        "it computes something else each time it runs",
        "Use the file as it is",
    ),
    Trouble(
        "a file to repack with an operator of somebody's own",
        _of(custom()),
        5,
        "it cannot be run here",
        "Use the file as it is",
    ),
    Trouble(
        "a file to repack whose input has any size",
        _of(free_size()),
        5,
        "has no fixed shape",
        "Use the file as it is",
    ),
    Trouble(
        "a damaged file to repack",
        _of(b"no model"),
        5,
        "it does not start like a TFLite file",
        "Export the model again",
    ),
    Trouble(
        "a file repacked to another ending",
        _elsewhere("small.onnx"),
        2,
        "does not end in '.tflite'",
        "give a file of the same ending, or a folder",
    ),
    Trouble(
        "another kind of file repacked",
        lambda folder: ["repack", ".", "-o", "small.tflite"],
        2,
        "is neither a .tflite nor an .onnx file",
        "Make one of it first",
    ),
)
"""Each leaves nothing behind."""
