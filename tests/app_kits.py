"""Models and their app kits for tests: the shapes, borders and names that apps meet."""

from pathlib import Path

import numpy as np

from edgehone.actions.app.kits import About, Kits, Request, app
from edgehone.actions.settings import Setting
from edgehone.formats._base import Calibration
from edgehone.formats._flatgraph import Graph
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan
from tests import onnx_files, tflite_files, tiny_models

AWKWARD = (
    'a$b ${x} "q" \\n \\u0041',
    "*/ // /* -->",
    "ünïcode 花 \u05e9\u05dc \u0645\u06cc\u200c\u062e \U0001f468\u200d\U0001f469",
    "%s %d {{ x }} {% y %}",
    "it's `back`ticked' + \\(x) #{y} $z",
)
"""Class names that mean something in some language, or go from right to left, or are held together
by marks of no width; as many as the net tells apart.
"""


def image_net(folder: Path, *, integers: bool = False) -> Path:
    """Pixels to five logits: float32, or int8 with int8 borders."""
    path = folder / "net.tflite"
    path.write_bytes(tflite_files.float_content())
    if not integers:
        return path
    quantized = folder / "net-int8.tflite"
    calibration = Calibration((tflite_files.samples(),))
    TFLite().quantize(path, PrecisionPlan("int8", io="int8"), calibration, quantized)
    return quantized


def channels_first(folder: Path) -> Path:
    """The same kind of net as an .onnx file with its channels first."""
    return onnx_files.float_file(folder).rename(folder / "first.onnx")


def numbers_net(folder: Path) -> Path:
    """Six numbers to three."""
    return tiny_models.dense(folder)


def two_inputs(folder: Path) -> Path:
    """The difference of two inputs of six numbers, which must not be mixed up."""
    graph = Graph()
    sources = [graph.tensor(name, "FLOAT32", (1, 6)) for name in ("a", "b")]
    result = graph.tensor("difference", "FLOAT32", (1, 6))
    graph.operator("SUB", sources, result)
    path = folder / "difference.tflite"
    path.write_bytes(graph.content(sources, [result]))
    return path


def two_outputs(folder: Path) -> Path:
    """Pixels to two images, with names that mean something in some language."""
    graph = Graph()
    source = graph.tensor('in put "x"$', "FLOAT32", (1, 8, 8, 3))
    first = graph.tensor("seg/ment\n1", "FLOAT32", (1, 8, 8, 3))
    second = graph.tensor("*/ ${b}", "FLOAT32", (1, 8, 8, 3))
    graph.operator("TANH", [source], first)
    graph.operator("LOGISTIC", [first], second)
    path = folder / "two.tflite"
    path.write_bytes(graph.content([source], [first, second]))
    return path


def tokens(folder: Path) -> Path:
    """Five identifiers to rows of a table of ten."""
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    rows = np.random.default_rng(6).normal(0, 1, (10, 4)).astype(np.float32)
    source = graph.tensor("words", "INT32", (1, 5))
    table = graph.tensor("table", "FLOAT32", rows.shape, data=rows.tobytes())
    result = graph.tensor("rows", "FLOAT32", (1, 5, 4))
    graph.operator("GATHER", [table, source], result, schema.GatherOptionsT())
    path = folder / "tokens.tflite"
    path.write_bytes(graph.content([source], [result]))
    return path


def pixel_bytes(folder: Path) -> Path:
    """Pixels as bytes, without a scale, to floats."""
    graph = Graph()
    source = graph.tensor("pixels", "UINT8", (1, 8, 8, 3))
    result = graph.tensor("numbers", "FLOAT32", (1, 8, 8, 3))
    graph.operator("CAST", [source], result)
    path = folder / "bytes.tflite"
    path.write_bytes(graph.content([source], [result]))
    return path


UNUSUAL = {"two outputs": two_outputs, "tokens": tokens, "bytes": pixel_bytes}
"""Models of unusual borders, by name."""


def ended(folder: Path, kind: str, outputs: int) -> Path:
    """Pixels of one channel to probabilities: kind is SOFTMAX or LOGISTIC."""
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    weights = np.random.default_rng(4).normal(0, 0.4, (outputs, 64)).astype(np.float32)
    source = graph.tensor("image", "FLOAT32", (1, 8, 8, 1))
    flat = graph.tensor("flat", "FLOAT32", (1, 64))
    shape = graph.tensor("shape", "INT32", (2,), data=np.array([1, 64], np.int32).tobytes())
    graph.operator("RESHAPE", [source, shape], flat)
    kernel = graph.tensor("kernel", "FLOAT32", weights.shape, data=weights.tobytes())
    bias = graph.tensor("bias", "FLOAT32", (outputs,), data=bytes(4 * outputs))
    scores = graph.tensor("scores", "FLOAT32", (1, outputs))
    dense = schema.FullyConnectedOptionsT()
    graph.operator("FULLY_CONNECTED", [flat, kernel, bias], scores, dense)
    result = graph.tensor("chances", "FLOAT32", (1, outputs))
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    graph.operator(kind, [scores], result, softmax if kind == "SOFTMAX" else None)
    path = folder / f"{kind.lower()}.tflite"
    path.write_bytes(graph.content([source], [result]))
    return path


def alike_named(folder: Path) -> Path:
    """A model with two inputs that have one name."""
    graph = Graph()
    sources = [graph.tensor("x", "FLOAT32", (1, 6)) for _ in range(2)]
    result = graph.tensor("sum", "FLOAT32", (1, 6))
    graph.operator("ADD", sources, result)
    path = folder / "alike.tflite"
    path.write_bytes(graph.content(sources, [result]))
    return path


def entering_elsewhere(folder: Path) -> Path:
    """A model of two equal graphs whose only signature is of the second."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    graph = Graph()
    source, result = graph.tensor("x", "FLOAT32", (1, 6)), graph.tensor("y", "FLOAT32", (1, 6))
    graph.operator("ADD", [source, source], result)
    content = graph.content([source], [result])
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    model.subgraphs += schema.ModelT.InitFromPackedBuf(content, 0).subgraphs
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "second", 1
    model.signatureDefs = [signature]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = folder / "two.tflite"
    path.write_bytes(bytes(builder.Output()))
    return path


def labels(folder: Path) -> Path:
    """The awkward class names in a file."""
    path = folder / "names.txt"
    path.write_text("\n".join(AWKWARD) + "\n", encoding="utf-8")
    return path


def made(
    file: Path,
    folder: Path,
    *platforms: str,
    about: About | None = None,
    scale: str | None = "1/255",
    data: str | None = None,
) -> Kits:
    """Kits of a file in `folder`, without a project."""
    setting = Setting.read(Path("edgehone.toml"), (scale, None))
    request = Request(platforms, folder, file, about=about or About(), data=data)
    return app(request, setting)
