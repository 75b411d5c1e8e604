"""What a layer's shape is worth: weights, bytes in a file, bytes while it runs, factors."""

from dataclasses import replace

from edgehone import precisions
from edgehone.values import LayerSpec

_SCALE_BYTES = 4


def full_rank(spec: LayerSpec) -> int:
    """Rank of the kernel as a matrix (kernel height x width x inputs, outputs)."""
    return min(spec.kernel[0] * spec.kernel[1] * spec.in_channels, spec.out_channels)


def saves(spec: LayerSpec, rank: int) -> bool:
    """Whether two factors of this rank have fewer weights and MACs than the one kernel."""
    return 0 < rank < full_rank(spec) and 2 * sum(map(weights, factors(spec, rank))) < 2 * weights(
        spec
    )


def factors(spec: LayerSpec, rank: int) -> tuple[LayerSpec, ...]:
    """The layers that a layer becomes at a rank: itself (rank 0), or k x k then 1 x 1."""
    if rank == 0:
        return (spec,)
    first = replace(spec, out_channels=rank, relu=False)
    height, width = output_size(spec)
    second = replace(
        spec, in_channels=rank, kernel=(1, 1), strides=(1, 1), height=height, width=width
    )
    return (first, second)


def weights(spec: LayerSpec) -> int:
    """Number of kernel weights."""
    area = spec.kernel[0] * spec.kernel[1]
    if spec.kind == "depthwise":
        return area * spec.in_channels
    return area * spec.in_channels * spec.out_channels


def output_size(spec: LayerSpec) -> tuple[int, int]:
    """Height and width of the layer's output."""
    if spec.padding == "same":
        return -(-spec.height // spec.strides[0]), -(-spec.width // spec.strides[1])
    return (
        (spec.height - spec.kernel[0]) // spec.strides[0] + 1,
        (spec.width - spec.kernel[1]) // spec.strides[1] + 1,
    )


def file_bytes(spec: LayerSpec, precision: str) -> float:
    """Bytes this layer takes in a repacked file: weights, biases, and for each channel a scale of
    its weights and, where activations are integers, one of its bias; those of a dense layer in
    int8 mostly share one. Zero points are no part of it: layers of equal width share them.
    """
    kind = precisions.named(precision)
    shared = kind.float_weights or (spec.kind == "dense" and kind.dense_shares_scale)
    scales = 0 if shared else (_SCALE_BYTES * 2 if kind.static else _SCALE_BYTES)
    bias = 8 if kind.static and kind.activation_bits > 8 else 4
    return weights(spec) * kind.weight_bytes + (bias + scales) * spec.out_channels


def memory_bytes(spec: LayerSpec, precision: str) -> float:
    """Bytes of the layer's input and output while it runs."""
    height, width = output_size(spec)
    values = spec.height * spec.width * spec.in_channels + height * width * spec.out_channels
    return values * precisions.named(precision).activation_bytes
