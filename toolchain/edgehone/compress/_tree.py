"""A soft decision tree in Keras: how samples reach its leaves, how it is trained, and the model
that is left.

Node j of a level has the children j (left) and j + 2 ** level (right) on the next one, so that a
level is one dense layer and its children are two blocks side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.data import Array
from edgehone.graph import backend

LEVEL = "level_"
LEAVES = "leaves"
"""Names of the tree's layers with weights; those of levels end in their number."""

MODEL = "soft_tree"


@dataclass(frozen=True)
class TreeWeights:
    """What training left: kernels[d] (features, 2 ** d) and biases[d] (2 ** d,) of the nodes, and
    distributions (leaves, classes).
    """

    kernels: tuple[Array, ...]
    biases: tuple[Array, ...]
    distributions: Array


@dataclass(frozen=True)
class TreeTraining:
    """The tree as it is trained. trainer: (n, features) -> the expected log-probabilities of the
    classes (n, classes), and for every inner node how much of a sample reaches it and how much of
    that goes right (n, 2 nodes); losses: one for each; both take the target distribution.
    """

    trainer: Any
    losses: tuple[Any, Any]
    beta: float

    def weights(self) -> TreeWeights:
        """The nodes with beta in their weights, and the leaves' distributions."""
        depth = sum(layer.name.startswith(LEVEL) for layer in self.trainer.layers)
        levels = [self.trainer.get_layer(f"{LEVEL}{d}").get_weights() for d in range(depth)]
        (logits,) = self.trainer.get_layer(LEAVES).get_weights()
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return TreeWeights(
            tuple(self.beta * kernel for kernel, _ in levels),
            tuple(self.beta * bias for _, bias in levels),
            powers / powers.sum(axis=-1, keepdims=True),
        )


def tree_training(
    features: int, classes: int, depth: int, beta: float, penalty: float
) -> TreeTraining:
    """A tree to be trained on standardized features (Frosst & Hinton 2017, section 2 and 3).

    Nodes send a sample right with the probability sigma(beta (x w + b)). The loss is the cross
    entropy of every leaf's distribution with the target, weighted by the probability of its path.
    Against nodes that send everything one way it has the cross entropy of an even split with the
    one found, alpha = sum P p / sum P over the batch, times penalty / 2 ** level.
    """
    keras = backend.keras()
    x = keras.Input((features,))
    reached, splits = _paths(x, depth, beta)
    expected = _leaves(2**depth, classes)(reached)
    shares = [part for arrived, right in splits for part in (arrived, arrived * right)]
    trainer = keras.Model(x, (expected, keras.ops.concatenate(shares, axis=-1)))
    return TreeTraining(trainer, (_expected_cross_entropy, _balance(depth, penalty)), beta)


def model_of(grown: TreeWeights, shape: Sequence[int], columns: int) -> Any:
    """The tree as a model of plain layers: (n, *shape) -> (n, classes), the mixture of the leaves'
    distributions by the probabilities of their paths; one column: that of the second class.

    The mixture is taken, not the likeliest leaf: it needs no argmax, survives int8, and is what
    was trained.
    """
    keras = backend.keras()
    layers = keras.layers
    x = inputs = keras.Input(tuple(shape), name="input")
    if len(shape) > 1:
        x = layers.Flatten(name="flat")(x)
    reached, _ = _paths(x, len(grown.kernels), 1.0)
    head = layers.Dense(columns, use_bias=False, kernel_constraint="non_neg", name=LEAVES)
    model = keras.Model(inputs, head(reached), name=MODEL)
    for level, weights in enumerate(zip(grown.kernels, grown.biases, strict=True)):
        model.get_layer(f"{LEVEL}{level}").set_weights(weights)
    head.set_weights([grown.distributions[:, -columns:]])
    return model


def _paths(x: Any, depth: int, beta: float) -> tuple[Any, list[tuple[Any, Any]]]:
    """(n, leaves) probabilities of reaching each leaf; and by level those of reaching its nodes
    and of going right there.
    """
    keras = backend.keras()
    layers = keras.layers
    reached: Any = None
    splits = []
    for level in range(depth):
        name = f"{LEVEL}{level}"
        start = keras.initializers.GlorotUniform(level)
        dense = layers.Dense(2**level, kernel_initializer=start, name=name)
        if beta == 1:
            dense.activation = keras.activations.sigmoid
            right = dense(x)
        else:
            right = keras.ops.sigmoid(beta * dense(x))
        if reached is None:
            left = layers.Rescaling(-1.0, 1.0, name="left_0")(right)
            splits.append((left + right, right))
            goes_right = right
        else:
            goes_right = layers.Multiply(name=f"right_{level}")([reached, right])
            left = layers.Subtract(name=f"left_{level}")([reached, goes_right])
            splits.append((reached, right))
        reached = layers.Concatenate(name=f"reached_{level + 1}")([left, goes_right])
    return reached, splits


def _leaves(leaves: int, classes: int) -> Any:
    """A layer (n, leaves) -> (n, classes): sum over the leaves of P log softmax(phi)."""
    keras = backend.keras()
    layer: Any = keras.layers.Layer

    class Leaves(layer):  # type: ignore[misc]  # Keras has no types
        def build(self, shape: Any) -> None:
            start = keras.initializers.RandomNormal(stddev=0.1, seed=leaves)
            self.logits = self.add_weight((leaves, classes), start, name="logits")

        def call(self, reached: Any) -> Any:
            return keras.ops.matmul(reached, keras.ops.log_softmax(self.logits, axis=-1))

    return Leaves(name=LEAVES)


def _expected_cross_entropy(target: Any, expected: Any) -> Any:
    """(n, classes) distributions, (n, classes) expected log-probabilities -> (n,)."""
    return -backend.keras().ops.sum(target * expected, axis=-1)


def _balance(depth: int, penalty: float) -> Any:
    """The penalty on uneven nodes as a loss of (n, 2 nodes): by level, reached then gone right."""
    ops = backend.keras().ops

    def loss(_target: Any, shares: Any) -> Any:
        totals = ops.sum(shares, axis=0)
        found, start = 0.0, 0
        for level in range(depth):
            width = 2**level
            arrived, right = totals[start : start + width], totals[start + width :][:width]
            alpha = ops.clip(right / (arrived + 1e-7), 1e-6, 1 - 1e-6)
            uneven = -0.5 * (ops.log(alpha) + ops.log(1 - alpha))
            found = found + penalty * 2.0**-level * ops.sum(uneven)
            start += 2 * width
        return found

    return loss
