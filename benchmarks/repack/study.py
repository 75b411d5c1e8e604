"""What repacking saves, file by file, raw and compressed; writes results.md."""

import argparse
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from nets import NETS

from edgehone import formats
from edgehone.export.conversion import Converter
from edgehone.export.repacking import repacked
from edgehone.formats._base import Calibration
from edgehone.graph.backend import keras, seed
from edgehone.system.files import compressed_size, sha256_of
from edgehone.values import Model, PrecisionPlan

HERE = Path(__file__).parent
SAMPLES = 32
PRECISIONS = ("int8", "float32")
PACKAGES = ("tensorflow", "keras", "litert-quantizer", "ai-edge-litert", "tf2onnx", "onnxruntime")


@dataclass(frozen=True)
class Row:
    """A file before and after: bytes, and bytes after DEFLATE; proof: what computed equal bits."""

    net: str
    maker: str
    raw: tuple[int, int]
    packed: tuple[int, int]
    proof: str


def main() -> None:
    """Make every file, repack it, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    with Converter(trust=True) as converter:
        rows = [row for name in NETS for row in of_net(name, converter, work)]
    text = f"{machine()}\n\n{table(rows)}\n"
    (HERE / "results.md").write_text(text)
    print(text)


def of_net(name: str, converter: Converter, work: Path) -> Iterator[Row]:
    """The rows of a network: by TensorFlow's converter alone, and by edgehone."""
    seed(0)
    model = with_statistics(NETS[name]())
    x = np.random.default_rng(1).normal(size=(SAMPLES, *model.input_shape[1:])).astype(np.float32)
    file = work / f"{name}-converter-int8.tflite"
    file.write_bytes(bare(model, x))
    yield row(name, "TensorFlow's converter, int8", file, x)
    source = work / f"{name}.keras"
    model.save(source)
    saved = Model(source, sha256_of(source), model.count_params(), 0)
    for format_name in ("tflite", "onnx"):
        form = formats.load(format_name)
        whole = work / f"{name}{form.SUFFIX}"
        converter.convert(saved, format_name, whole)
        for precision in PRECISIONS:
            file = work / f"{name}-edgehone-{precision}{form.SUFFIX}"
            form.quantize(whole, PrecisionPlan(precision), Calibration((x,)), file)
            yield row(name, f"edgehone, {precision} {form.TITLE}", file, x)


def with_statistics(model: Any) -> Any:
    """The network with batch norms of a trained one's kind: none is 0 or 1 throughout."""
    random = np.random.default_rng(2)
    for layer in model.layers:
        if isinstance(layer, keras().layers.BatchNormalization):
            count = layer.gamma.shape[0]
            ranges = ((0.5, 1.5), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))
            layer.set_weights([random.uniform(*each, count) for each in ranges])
    return model


def bare(model: Any, x: Any) -> bytes:
    """An int8 file as TensorFlow's guide to integer quantization makes it."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([each[None]] for each in x)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def row(net: str, maker: str, file: Path, x: Any) -> Row:
    """Repack a file as the export stage does."""
    form = formats.of_file(file)
    content = file.read_bytes()
    found = repacked(content, form, form.audit(file), (x,))
    small = file.with_name(f"{file.stem}-repacked{file.suffix}")
    small.write_bytes(found.content)
    proof = found.reason or f"{', '.join(found.kernels)}: {found.runs} runs"
    packed = (compressed_size(file), compressed_size(small))
    return Row(net, maker, (len(content), len(found.content)), packed, proof)


def table(rows: list[Row]) -> str:
    """Markdown, one line a file."""
    lines = [
        "| network | made by | raw before | raw after | | compressed before | compressed after | | "
        "equal bits |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in rows:
        cells = [each.net, each.maker]
        for before, after in (each.raw, each.packed):
            cells += [f"{before:,}", f"{after:,}", f"{after / before - 1:+.1%}"]
        lines.append(f"| {' | '.join([*cells, each.proof])} |")
    return "\n".join(lines)


def machine() -> str:
    """What made the files, and where."""
    made_by = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; {made_by}."
    )


if __name__ == "__main__":
    main()
