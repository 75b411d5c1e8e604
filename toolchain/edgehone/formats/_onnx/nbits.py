"""4-bit weights in ONNX: MatMul and Gemm nodes become MatMulNBits, which computes in float."""

from collections.abc import Collection
from typing import Any

import numpy as np

from edgehone.formats._base import Array
from edgehone.formats._onnx.grant import is_four_bit, ranks_of

BLOCKS = (16, 32, 64, 128, 256)
"""Sizes of blocks, along the inputs, that share a scale."""

USUAL_BLOCK = 32

_DOMAIN = "com.microsoft"


def with_four_bits(model: Any, names: Collection[str], block: int) -> None:
    """Replace the nodes of these names in `model` by MatMulNBits ones; others stay.

    Format: onnxruntime's ContribOperators.md, com.microsoft.MatMulNBits.
    """
    from onnx import helper, numpy_helper

    constants = {constant.name: constant for constant in model.graph.initializer}
    ranks, nodes = ranks_of(model), []
    for node in model.graph.node:
        if node.name not in names or not is_four_bit(node, ranks):
            nodes.append(node)
            continue
        kernel = numpy_helper.to_array(constants[node.input[1]])
        if any(attribute.name == "transB" and attribute.i for attribute in node.attribute):
            kernel = kernel.T
        nodes += _replacement(model, node, kernel, block)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _drop_unused(model)
    if all(each.domain != _DOMAIN for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))


def packed(kernel: Array, block: int) -> tuple[Array, Array]:
    """A kernel (inputs, outputs) in 4 bits: bytes (outputs, blocks, block / 2), low half first, and
    scales (outputs, blocks) float32.

    In each block the weight of largest magnitude becomes -8 of the numbers -8..7, whose zero is
    stored as 8; the scale may be negative, as in onnxruntime's own MatMulNBitsQuantizer.
    """
    inputs, outputs = kernel.shape
    count = -(-inputs // block)
    blocks = np.zeros((outputs, count * block), np.float32)
    blocks[:, :inputs] = kernel.T
    blocks = blocks.reshape(outputs, count, block)
    largest = np.abs(blocks).argmax(axis=2, keepdims=True)
    scales = np.take_along_axis(blocks, largest, axis=2) / np.float32(-8)
    safe = np.where(scales == 0, np.float32(1), scales)
    numbers = np.clip(np.round(blocks / safe) + 8, 0, 15).astype(np.uint8)
    return numbers[:, :, 0::2] | numbers[:, :, 1::2] << 4, scales[:, :, 0].astype(np.float32)


def _replacement(model: Any, node: Any, kernel: Array, block: int) -> list[Any]:
    """The MatMulNBits node under the name of the old one, and an Add when there is a bias."""
    from onnx import helper, numpy_helper

    values, scales = packed(kernel, block)
    weights = [f"{node.input[1]}_4bit/{node.name}", f"{node.input[1]}_scales/{node.name}"]
    model.graph.initializer.append(numpy_helper.from_array(values, weights[0]))
    model.graph.initializer.append(numpy_helper.from_array(scales.ravel(), weights[1]))
    bias = list(node.input[2:3])
    result = f"{node.output[0]}_unbiased" if bias else node.output[0]
    inputs, outputs = kernel.shape
    product = helper.make_node(
        "MatMulNBits",
        [node.input[0], *weights],
        [result],
        name=node.name,
        domain=_DOMAIN,
        K=inputs,
        N=outputs,
        bits=4,
        block_size=block,
    )
    if not bias:
        return [product]
    added = helper.make_node("Add", [result, *bias], [node.output[0]], name=f"{node.name}/Add/bias")
    return [product, added]


def _drop_unused(model: Any) -> None:
    """Take out constants that no node reads any more."""
    read = {name for node in model.graph.node for name in node.input}
    read |= {value.name for value in model.graph.output}
    kept = [constant for constant in model.graph.initializer if constant.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
