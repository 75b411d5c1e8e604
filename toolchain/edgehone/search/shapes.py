"""What a layer's shape is worth: weights, bytes in a file, bytes while it runs, factors."""

from collections.abc import Mapping
from dataclasses import replace

from edgehone.values import LayerSpec

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "int8": ("int8", "int8x4", "int16x8", "float32"),
    "dynamic8": ("dynamic8", "dynamic4", "float32"),
    "float16": ("float16",),
    "float32": ("float32", "dynamic8", "weights4"),
}
"""Default precision -> the precisions single layers may have beside it in one file."""

WEIGHT_BYTES: Mapping[str, float] = {
    "float32": 4,
    "float16": 2,
    "dynamic8": 1,
    "int8": 1,
    "int16x8": 1,
    "int8x4": 0.5,
    "dynamic4": 0.5,
    "weights4": 0.5,
}

FLOAT_ACTIVATIONS = ("float32", "float16", "dynamic8", "dynamic4", "weights4")
"""Precisions whose layers pass on float activations."""

ACTIVATION_BYTES: Mapping[str, int] = {"int8": 1, "int8x4": 1, "int16x8": 2}
"""Bytes an activation takes while running, by precision; 4 where not named."""


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
    """Bytes this layer takes in a file: weights, 32-bit biases, and scales per channel; those of a
    dense layer in int8 mostly share one.
    """
    shared = precision.startswith("float") or (spec.kind == "dense" and precision == "int8")
    scales = 0 if shared else 12 * spec.out_channels
    return weights(spec) * WEIGHT_BYTES[precision] + 4 * spec.out_channels + scales


def surroundings(precision: str, default: str) -> str:
    """The default precision, where a layer's activations are of another type than a file's others
    and must be converted at its borders; else nothing.
    """
    if precision in FLOAT_ACTIVATIONS:
        return "" if default in FLOAT_ACTIVATIONS else default
    same = ACTIVATION_BYTES.get(precision) == ACTIVATION_BYTES.get(default)
    return "" if same else default


def memory_bytes(spec: LayerSpec, precision: str) -> float:
    """Bytes of the layer's input and output while it runs."""
    height, width = output_size(spec)
    values = spec.height * spec.width * spec.in_channels + height * width * spec.out_channels
    return values * ACTIVATION_BYTES.get(precision, 4)
