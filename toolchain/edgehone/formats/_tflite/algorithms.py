"""The weight algorithms of litert-quantizer: which precisions and operators each one is for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgehone import precisions
from edgehone.errors import ConversionError
from edgehone.formats._base import Array

DYNAMIC = precisions.that(lambda row: row.computes == "dynamic")
INTEGER = precisions.integer_weights()
"""Precisions with integer weights; float ones have nothing for an algorithm to choose."""

BLOCKED = precisions.that(lambda row: row.computes == "dynamic" and row.four_bits)
BLOCKS = (32, 64, 128, 256)
"""Sizes of blocks that may have a scale of their own (in FULLY_CONNECTED of these precisions)."""

MOST_INPUTS = 8192
"""Widest FULLY_CONNECTED that gptq gets: its Hessian then takes 256 MB, and time grows cubed."""

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE")
_DENSE = ("FULLY_CONNECTED",)


@dataclass(frozen=True)
class Algorithm:
    """key: the quantizer's name. operators, precisions: what it is for. moments: whether it needs
    the second moments of what each layer reads. blocks: whether blocks may have own scales.
    """

    key: str
    operators: tuple[str, ...]
    precisions: tuple[str, ...] = INTEGER
    moments: bool = False
    blocks: bool = True


ALGORITHMS: Mapping[str, Algorithm] = {
    "min_max": Algorithm("min_max_uniform_quantize", (*_CONVOLUTIONS, *_DENSE)),
    "mse": Algorithm("MSE", (*_CONVOLUTIONS, *_DENSE), blocks=False),
    "octav": Algorithm("OCTAV", (*_CONVOLUTIONS, *_DENSE)),
    "gptq": Algorithm("GPTQ", _DENSE, moments=True),
    "oscar": Algorithm("OSCAR", _DENSE, DYNAMIC, moments=True),
    "recovery": Algorithm("dequantized_weight_recovery", ("CONV_2D", *_DENSE)),
    "hadamard": Algorithm("DECOMPOSED_HADAMARD_ROTATION", _DENSE, DYNAMIC),
    "hadamard_custom": Algorithm("HADAMARD_ROTATION", _DENSE, DYNAMIC),
}
"""How the scales of weights are chosen, by our names.

min_max: the largest weight of a channel is the largest integer. mse: a multiple of the channel's
root mean square that suits Gaussian weights. octav: the clip that minimizes the squared error
(Sakr et al. 2022, eq. 6). gptq: min_max scales, rounding errors passed on to weights not yet
rounded (Frantar et al. 2022). oscar: inputs scaled, then clipped with weights of the activations'
second moments; adds a MUL before each layer. recovery: the grid that the weights already lie on.
hadamard: weights and inputs rotated, then octav; adds the rotation as a FULLY_CONNECTED with a
constant matrix, hadamard_custom as the operator aeq.hadamard_rotation, which old runtimes lack.
oscar and hadamard would leave static layers float, so they are for dynamic precisions alone.
"""


def algorithm_named(name: str) -> Algorithm:
    """The algorithm of that name. Raises ConversionError that lists the known ones."""
    if name not in ALGORITHMS:
        raise ConversionError(
            f"TFLite has no algorithm {name!r}.", f"Known: {', '.join(ALGORITHMS)}."
        )
    return ALGORITHMS[name]


def check_algorithm(name: str, precision: str, block: int) -> None:
    """Raise ConversionError when the default precision cannot have the algorithm or the block."""
    algorithm = algorithm_named(name)
    if precision in INTEGER and precision not in algorithm.precisions:
        raise ConversionError(
            f"The algorithm {name} is for {' and '.join(algorithm.precisions)}, not {precision}.",
            "Choose another algorithm; min_max and octav suit every precision.",
        )
    if block and (block not in BLOCKS or precision not in BLOCKED or not algorithm.blocks):
        raise ConversionError(
            f"There are no blocks of {block} weights in {precision} by {name}: blocks are for "
            f"{' and '.join(BLOCKED)}, and by any algorithm but mse.",
            f"Sizes are {', '.join(map(str, BLOCKS))}.",
        )


@dataclass(frozen=True, eq=False)
class Kernel:
    """An operator's kernel: its kind, values (out, …, in) if they are float constants, and the last
    size of the tensor that the operator reads.
    """

    kind: str
    values: Array | None
    reads: int


def kernel_refusal(name: str, precision: str, kernel: Kernel) -> str:
    """Why this kernel gets min_max instead of the algorithm, or ""."""
    algorithm = ALGORITHMS[name]
    if name == "min_max":
        return ""
    if precision not in algorithm.precisions:
        return f"{name} is for {' and '.join(algorithm.precisions)}, not for {precision}"
    if kernel.kind not in algorithm.operators:
        return f"{name} is for {' and '.join(algorithm.operators)}, this is {kernel.kind}"
    if kernel.values is None:
        return f"{name} needs weights that are constant"
    inputs = kernel.values.shape[-1]
    if name == "gptq" and inputs > MOST_INPUTS:
        return f"gptq takes up to {MOST_INPUTS} inputs, this has {inputs}"
    if name in ("oscar", "hadamard_custom") and kernel.reads != inputs:
        return f"{name} needs inputs in rows of {inputs}, this reads rows of {kernel.reads}"
    if name == "recovery" and not _on_grid(kernel.values, precisions.named(precision).weight_bits):
        return f"its weights do not lie on a grid, as {name} needs it"
    return ""


def block_refusal(precision: str, kernel: Kernel, block: int) -> str:
    """Why this kernel gets one scale for a channel instead of one a block, or ""."""
    if precision not in BLOCKED:
        return f"blocks are for {' and '.join(BLOCKED)}, not for {precision}"
    if kernel.kind not in _DENSE:
        return f"blocks are for {_DENSE[0]}, this is {kernel.kind}"
    inputs = 0 if kernel.values is None else kernel.values.shape[-1]
    if not inputs or inputs % block:
        return f"blocks of {block} do not divide its {inputs} inputs"
    return ""


def _on_grid(kernel: Array, bits: int) -> bool:
    """Whether each output channel's weights are small integers times one step.

    The step is the smallest distance between two magnitudes, zero included, as the quantizer
    takes it; 1e-4 is its tolerance.
    """
    for channel in kernel.reshape(len(kernel), -1):
        levels = np.unique(np.append(np.abs(channel), 0))
        steps = np.diff(levels)
        steps = steps[steps > 1e-9]
        if not len(steps):
            continue
        numbers = np.round(channel / steps.min())
        if np.abs(numbers).max() > 2 ** (bits - 1) - 1:
            return False
        if np.abs(numbers * steps.min() - channel).max() > 1e-4:
            return False
    return True
