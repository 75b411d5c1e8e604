"""TFMOT's collaborative pipeline on tf_keras: pruning, sparsity-preserving clustering, and
quantization-aware training that preserves both (PCQAT).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from nets import NETS, series_in_2d, take
from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster

PRESERVING = tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme
CLUSTERS = 16
"""Values a kernel; fewer in one that has not twice as many weights left: positive and negative ones
are clustered apart, each with no more values than there are weights."""

BUILT = {**NETS, "series": series_in_2d}
"""Quantization-aware training knows no 1-D convolution."""


def main() -> None:
    """Call: python tfmot_pipeline.py QUESTION ANSWER; the keys of the question are read below."""
    question, answer = map(Path, sys.argv[1:])
    asked = json.loads(question.read_text())
    tf_keras.utils.set_random_seed(asked["seed"])
    with np.load(asked["data"], allow_pickle=False) as data:
        x, y = data["x_train"], data["y_train"]
    shape, classes = tuple(asked["shape"]), asked["classes"]
    model = BUILT[asked["net"]](tf_keras.layers, tf_keras.Model, shape, classes)
    take(model, Path(asked["weights"]))
    training = Training(x, y, asked)
    pruned = prune(model, training, asked["sparsity"], asked["epochs"][0])
    clustered = clusters(pruned, training, asked["epochs"][1])
    aware = quantized(clustered, training, asked["epochs"][2])
    path = Path(asked["folder"]) / "tfmot.tflite"
    path.write_bytes(converted(aware))
    made = {"name": f"sparsity {asked['sparsity']:g}", "path": str(path), "precision": "int8"}
    answer.write_text(json.dumps({"files": [made]}))


class Training:
    """How each stage is trained: labels, Adam, a rate that falls along a cosine."""

    def __init__(self, x: Any, y: Any, asked: dict[str, Any]) -> None:
        self.x, self.y, self.asked = x, y, asked

    def steps(self, epochs: int) -> int:
        """Optimizer steps of so many epochs."""
        return max(1, epochs * (len(self.x) // int(self.asked["batch_size"])))

    def fit(self, model: Any, epochs: int, rate: float, callbacks: Any = ()) -> None:
        """Train a model in place."""
        if not epochs:
            return
        schedule = tf_keras.optimizers.schedules.CosineDecay(rate, self.steps(epochs))
        loss = tf_keras.losses.SparseCategoricalCrossentropy()
        model.compile(tf_keras.optimizers.legacy.Adam(schedule), loss)
        rows = tf.data.Dataset.from_tensor_slices((self.x, self.y))
        rows = rows.shuffle(len(self.x), seed=self.asked["seed"])
        batches = rows.batch(self.asked["batch_size"], drop_remainder=True)
        model.fit(batches, epochs=epochs, verbose=0, callbacks=list(callbacks))


def prune(model: Any, training: Training, sparsity: float, epochs: int) -> Any:
    """The model with that share of each kernel at zero, by magnitude."""
    sparse = tfmot.sparsity.keras
    end = training.steps(epochs) * 3 // 4
    schedule = sparse.PolynomialDecay(0.0, sparsity, 0, max(1, end), frequency=10)
    made = sparse.prune_low_magnitude(model, pruning_schedule=schedule)
    training.fit(made, epochs, training.asked["learning_rate"], [sparse.UpdatePruningStep()])
    return sparse.strip_pruning(made)


def clusters(model: Any, training: Training, epochs: int) -> Any:
    """The model with few values a kernel; zeros stay."""
    start = tfmot.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS

    def clustered(layer: Any) -> Any:
        kinds = tf_keras.layers.Conv1D | tf_keras.layers.Conv2D | tf_keras.layers.Dense
        plain = isinstance(layer, kinds) and not isinstance(layer, tf_keras.layers.DepthwiseConv2D)
        if not plain:
            return layer
        left = int(np.count_nonzero(layer.get_weights()[0]))
        return cluster.cluster_weights(
            layer,
            number_of_clusters=max(2, min(CLUSTERS, left // 2)),
            cluster_centroids_init=start,
            preserve_sparsity=True,
        )

    made = tf_keras.models.clone_model(model, clone_function=clustered)
    training.fit(made, epochs, training.asked["learning_rate"] / 10)
    return tfmot.clustering.keras.strip_clustering(made)


def quantized(model: Any, training: Training, epochs: int) -> Any:
    """The model with the rounding of int8, trained with it; zeros and shared values stay."""
    keras = tfmot.quantization.keras
    annotated = keras.quantize_annotate_model(model)
    made = keras.quantize_apply(annotated, PRESERVING(preserve_sparsity=True))
    training.fit(made, epochs, training.asked["learning_rate"] / 10)
    return made


def converted(model: Any) -> bytes:
    """A .tflite file, int8 throughout, the borders included."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    main()
