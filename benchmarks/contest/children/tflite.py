"""TensorFlow's own conversion of a Keras model: float, dynamic range, and int8 throughout."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def main() -> None:
    """Call: python tflite.py QUESTION ANSWER; {"model", "calibration", "folder", "precisions"}."""
    question, answer = map(Path, sys.argv[1:])
    asked = json.loads(question.read_text())
    saved = Path(asked["folder"]) / "saved"
    keras.models.load_model(asked["model"], compile=False).export(saved, verbose=False)
    found = []
    for precision in asked["precisions"]:
        path = Path(asked["folder"]) / f"{precision}.tflite"
        path.write_bytes(converted(saved, precision, np.load(asked["calibration"])))
        found.append({"name": precision, "path": str(path), "precision": precision})
    answer.write_text(json.dumps({"files": found}))


def converted(saved: Path, precision: str, samples: Any) -> bytes:
    """A file as TensorFlow's guide to post-training quantization makes it."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "int8":

        def representative() -> Iterator[list[Any]]:
            for sample in samples:
                yield [sample[None]]

        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    main()
