"""What a soft decision tree has learned, as rules that people can read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.compress._tree import LEAVES, LEVEL, MODEL
from edgehone.data import Array
from edgehone.tasks.robustness import called
from edgehone.values import Plain

SIDES = ("L", "R")


def rules_of(
    model: Any,
    *,
    strongest: int = 3,
    centre: tuple[Array, Array] | None = None,
    classes: Sequence[str] = (),
) -> Plain | None:
    """The rules of a model that `soft_tree` made; None for any other.

    {"nodes": [{"path", "features": [{"position", "weight"}], "bias"}], "leaves": [{"path",
    "class", "probability", "name" where `classes` tell it}], "standardized"}. path: the turns from
    the root, L and R; a sample goes right with the probability sigma(sum of weight times feature +
    bias). features: the `strongest` by size of weight; position: the index in a sample. centre:
    means and standard deviations (features,) of the features; then a feature counts in deviations
    from its mean.
    """
    if model.name != MODEL or LEAVES not in {layer.name for layer in model.layers}:
        return None
    shape = tuple(model.inputs[0].shape[1:])
    nodes = []
    depth = sum(layer.name.startswith(LEVEL) for layer in model.layers)
    for level in range(depth):
        kernel, bias = model.get_layer(f"{LEVEL}{level}").get_weights()
        if centre is not None:
            bias = bias + centre[0] @ kernel
            kernel = kernel * centre[1][:, None]
        nodes += [
            {
                "path": path_of(level, node),
                "features": _strongest(kernel[:, node], shape, strongest),
                "bias": float(bias[node]),
            }
            for node in range(2**level)
        ]
    (leaves,) = model.get_layer(LEAVES).get_weights()
    if leaves.shape[1] == 1:
        leaves = np.hstack([1 - leaves, leaves])
    return {
        "nodes": nodes,
        "leaves": [
            _leaf(path_of(depth, number), row, classes) for number, row in enumerate(leaves)
        ],
        "standardized": centre is not None,
    }


def _leaf(path: str, row: Array, classes: Sequence[str]) -> dict[str, Any]:
    label = int(row.argmax())
    found = {"path": path, "class": label, "probability": float(row.max())}
    return {**found, "name": classes[label]} if label < len(classes) else found


def path_of(level: int, node: int) -> str:
    """The turns from the root to a node: every level's bit, lowest first, tells its side."""
    return "".join(SIDES[node >> step & 1] for step in range(level))


def rules_text(rules: Plain) -> str:
    """The rules as an indented tree, the left branch first; "…": what weaker features add."""
    nodes = {node["path"]: node for node in rules["nodes"]}
    leaves = {leaf["path"]: leaf for leaf in rules["leaves"]}

    def lines(path: str) -> list[str]:
        indent = "  " * len(path) + (f"{path[-1]}: " if path else "")
        if path in leaves:
            leaf = leaves[path]
            name = called({"label": leaf["class"], "name": leaf.get("name")})
            return [f"{indent}class {name} ({100 * leaf['probability']:.0f} %)"]
        own = f"{indent}right if {_condition(nodes[path])}"
        return [own, *(line for side in SIDES for line in lines(path + side))]

    unit = ["x counts in standard deviations from its mean"] if rules["standardized"] else []
    return "\n".join([*unit, *lines("")])


def _condition(node: Plain) -> str:
    text = " ".join(
        f"{feature['weight']:+.2g}·x{feature['position']}" for feature in node["features"]
    )
    return f"{text} … > {-node['bias']:.2g}"


def _strongest(weights: Array, shape: Sequence[int], count: int) -> list[Plain]:
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    return [
        {
            "position": [int(place) for place in np.unravel_index(index, tuple(shape))],
            "weight": float(weights[index]),
        }
        for index in order
    ]
