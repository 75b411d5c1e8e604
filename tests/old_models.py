"""Models of Keras 2, built and saved by tf_keras and TFMOT; run as a program of its own.

`python old_models.py FOLDER FILE…` writes files such as FOLDER/mobile.h5, mobile.keras and mobile
(a SavedModel), and for each model mobile.npz: inputs "x0", …, what they give in float ("y0", …),
and its weights ("w0", …), without TFMOT's wrappers.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def convolutional(k: Any) -> Any:
    """Convolutions of many kinds with batch norms; a layer that is frozen, names with slashes."""
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((16, 16, 3)),
            layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem/conv"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.SeparableConv2D(6, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.MaxPooling2D(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.UpSampling2D(interpolation="bilinear"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.layers[0].trainable = False
    return model


def recurrent(k: Any) -> Any:
    """Masked recurrent layers; one with the hard sigmoid that Keras 3 computes otherwise."""
    layers = k.layers
    return k.Sequential(
        [
            k.Input((12, 4)),
            layers.Masking(),
            layers.LSTM(6, return_sequences=True, recurrent_activation="hard_sigmoid"),
            layers.Bidirectional(layers.GRU(5)),
            layers.Dense(3, activation="hard_sigmoid"),
        ]
    )


def embedding(k: Any) -> Any:
    """Words by number."""
    layers = k.layers
    return k.Sequential(
        [
            layers.Embedding(50, 8, input_length=10, mask_zero=True),
            layers.Conv1D(8, 3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2, activation="sigmoid"),
        ]
    )


def several(k: Any) -> Any:
    """Two inputs, two outputs."""
    layers = k.layers
    left, right = k.Input((8,), name="left"), k.Input((4, 4, 1), name="right")
    x = layers.Dense(6, activation="relu")(left)
    both = layers.LayerNormalization()(layers.Concatenate()([x, layers.Flatten()(right)]))
    return k.Model([left, right], [layers.Dense(2)(both), layers.Dense(3)(x)])


def nested(k: Any) -> Any:
    """A model inside, used twice, and another for every step of a sequence."""
    layers = k.layers
    inner = k.Sequential([k.Input((6,)), layers.Dense(4, activation="tanh"), layers.Dense(3)])
    step = k.Sequential([k.Input((6,)), layers.Dense(4), layers.BatchNormalization()])
    x = k.Input((5, 6))
    steps = layers.Flatten()(layers.TimeDistributed(step)(x))
    first, last = inner(x[:, 0]), inner(x[:, -1])
    return k.Model(x, layers.Dense(2)(layers.Concatenate()([steps, first, last])))


def functions(k: Any) -> Any:
    """Functions of TensorFlow between layers, attention, a layer named with a slash."""
    import tensorflow as tf

    layers = k.layers
    image = k.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="a/conv")(image)
    x = tf.nn.relu(x + 3.0) * (1 / 6.0) - 0.1
    x = tf.pad(x[:, 1:, :, :2], [[0, 0], [1, 1], [0, 0], [0, 0]])
    x = x * tf.sigmoid(tf.reduce_mean(x, [1, 2], keepdims=True))
    x = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [-1, 8, 18])
    q = layers.Dense(8)(x)
    m = layers.Add()([layers.MultiHeadAttention(2, 4)(q, q, key=q), q])
    z = tf.math.l2_normalize(tf.concat([m, tf.clip_by_value(q, -1.0, 1.0)], axis=-1), axis=-1)
    return k.Model(image, layers.Dense(2)(layers.Flatten()(z)))


def mobile(k: Any) -> Any:
    """MobileNetV2 as tf_keras has it."""
    return k.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), classes=10)


def small(k: Any) -> Any:
    """What TFMOT wraps: a convolution with its batch norm, a depthwise one, dense layers."""
    layers = k.layers
    x = image = k.Input((12, 12, 1))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, y]))
    x = layers.Dense(6, activation="relu")(x)
    return k.Model(image, layers.Dense(3, activation="softmax")(x))


def pruned(k: Any) -> Any:
    """Wrapped for pruning, and trained."""
    import tensorflow_model_optimization as tfmot

    sparsity = tfmot.sparsity.keras
    model = sparsity.prune_low_magnitude(small(k), sparsity.ConstantSparsity(0.5, 0, frequency=1))
    return _trained(model, [sparsity.UpdatePruningStep()])


def clustered(k: Any) -> Any:
    """Wrapped for clustering, and trained."""
    import tensorflow_model_optimization as tfmot

    return _trained(tfmot.clustering.keras.cluster_weights(small(k), 4))


def quantized(k: Any) -> Any:
    """Wrapped for quantization-aware training, and trained."""
    import tensorflow_model_optimization as tfmot

    return _trained(tfmot.quantization.keras.quantize_model(small(k)))


def _trained(model: Any, callbacks: Any = ()) -> Any:
    random = np.random.default_rng(0)
    x, y = random.random((64, 12, 12, 1)).astype(np.float32), random.integers(0, 3, 64)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, verbose=0, callbacks=list(callbacks))
    return model


MODELS: dict[str, Callable[[Any], Any]] = {
    make.__name__: make
    for make in (
        *(convolutional, recurrent, embedding, several, nested, functions, mobile),
        *(pruned, clustered, quantized),
    )
}


def _shaken(model: Any, random: np.random.Generator) -> Any:
    """Batch norms that are not at rest, so that leaving one out would show, with the statistics of
    random inputs, so that what tells these apart neither fades nor grows in deep models.
    """
    norms = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if type(layer).__name__ == "BatchNormalization"
    ]
    for layer in norms:
        scale, offset, *statistics = layer.get_weights()
        scales = [random.uniform(0.5, 1.5, scale.shape), random.uniform(-0.5, 0.5, offset.shape)]
        layer.set_weights([*scales, *statistics])
        layer.momentum = 0.0
    if norms:
        model(random.uniform(0, 1, (16, *model.inputs[0].shape[1:])), training=True)
    return model


def _stripped(name: str, model: Any, k: Any) -> Any:
    """The model without TFMOT's wrappers, as TFMOT itself takes them off; where it does not, a
    float model that is given the wrapped layers' weights.
    """
    import tensorflow_model_optimization as tfmot

    match name:
        case "pruned":
            return tfmot.sparsity.keras.strip_pruning(model)
        case "clustered":
            return tfmot.clustering.keras.strip_clustering(model)
        case "quantized":
            return _with_weights_of(model, small(k))
    return model


def _with_weights_of(model: Any, plain: Any) -> Any:
    wrapped = [layer for layer in model.layers if hasattr(layer, "layer")]
    for wrapper, layer in zip(wrapped, plain.layers[1:], strict=True):
        assert type(wrapper.layer) is type(layer)
        found = {weight.name.rpartition("/")[2]: weight for weight in wrapper.variables}
        for weight in layer.weights:
            weight.assign(found[weight.name.rpartition("/")[2]])
    return plain


def main() -> None:
    """Write the files that the command line names."""
    import tensorflow as tf
    import tf_keras

    folder, made = Path(sys.argv[1]), dict[str, Any]()
    for file in sys.argv[2:]:
        name = Path(file).stem
        if name not in made:
            tf_keras.utils.set_random_seed(1)
            made[name] = MODELS[name](tf_keras)
            if name not in ("pruned", "clustered", "quantized"):
                _shaken(made[name], np.random.default_rng(2))
        made[name].save(folder / file, save_format=None if "." in file else "tf")
    for name, model in made.items():
        random = np.random.default_rng(2)
        shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
        x = [random.uniform(0, 1, (3, *shape)).astype(np.float32) for shape in shapes]
        if name == "embedding":
            x = [np.floor(x[0] * 50)]
        stripped = _stripped(name, model, tf_keras)
        y = tf.nest.flatten(stripped(x if len(x) > 1 else x[0], training=False))
        weights = stripped.get_weights()
        kept = {
            f"{a}{i}": np.asarray(v)
            for a, n in zip("xyw", (x, y, weights), strict=True)
            for i, v in enumerate(n)
        }
        np.savez(folder / f"{name}.npz", allow_pickle=False, **kept)


if __name__ == "__main__":
    main()
