"""The reference, in a process of its own: TFMOT's quantization-aware training on tf_keras.

python reference.py DATA WEIGHTS.npz WIDTHS SEED EPOCHS BATCH RATE RESULT.tflite
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

import tensorflow as tf
import tf_keras
from network import network, sounds, take
from tensorflow_model_optimization.quantization.keras import quantize_model


def main() -> None:
    """Train as told, write an int8 .tflite file, and print {"seconds": of the training}."""
    data, weights, widths, seed, epochs, batch, rate, result = sys.argv[1:]
    (x, y), _ = sounds(Path(data))
    tf_keras.utils.set_random_seed(int(seed))
    model = network(tf_keras.layers, tf_keras.Model, tuple(map(int, widths.split("-"))))
    take(model, Path(weights))
    model = quantize_model(model)
    steps = int(epochs) * (len(x) // int(batch))
    schedule = tf_keras.optimizers.schedules.CosineDecay(float(rate), steps)
    # The softmax stays: TFMOT wants to see the model as it will run.
    loss = tf_keras.losses.SparseCategoricalCrossentropy()
    model.compile(tf_keras.optimizers.Adam(schedule), loss)
    rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=int(seed))
    begun = time.monotonic()
    model.fit(rows.batch(int(batch), drop_remainder=True), epochs=int(epochs), verbose=0)
    seconds = time.monotonic() - begun
    Path(result).write_bytes(converted(model))
    print(json.dumps({"seconds": seconds}))


def converted(model: tf_keras.Model) -> bytes:
    """A .tflite file, int8 throughout, the borders included."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    main()
