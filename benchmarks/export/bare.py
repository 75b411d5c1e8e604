"""The bare converter, in a process of its own: TensorFlow's, to int8, and nothing else.

python bare.py MODEL.keras DATA.npz SAMPLES RESULT.tflite
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf


def main() -> None:
    """Convert as TensorFlow's guide to integer quantization says."""
    model, data, samples, result = sys.argv[1:]
    with np.load(data, allow_pickle=False) as arrays:
        x = arrays["x"][: int(samples)]

    def representative() -> Iterator[list[Any]]:
        for sample in x:
            yield [sample[None]]

    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(model))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(result).write_bytes(converter.convert())


if __name__ == "__main__":
    main()
