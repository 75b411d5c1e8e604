"""Layer shapes that many models are made of, for a cost table without a model."""

from collections.abc import Iterator, Sequence
from itertools import product

from edgehone.precisions import surroundings
from edgehone.search.cost_table import Key
from edgehone.values import LayerSpec

WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128)
SIZES = (32, 16, 8)
"""Heights and widths, as small vision and audio models have them."""

_WINDOWS = {"max_pool": (2, 2), "average_pool": (2, 2)}
_ALONG = ("add", "max_pool", "average_pool", "mean", "quantize", "dequantize")
"""Operators without weights that read what a convolution writes."""


def common_keys(precisions: Sequence[str], operators: Sequence[str]) -> list[Key]:
    """Convolutions, depthwise and dense layers of usual sizes, and the operators without weights
    that a format has files of, each in every precision, converted at no border.
    """
    known = [*_layers(), *(spec for spec in _operators() if spec.kind in operators)]
    return [
        (spec, precision, surroundings(precision, precision))
        for spec, precision in product(known, precisions)
    ]


def _layers() -> Iterator[LayerSpec]:
    for size, inputs, outputs in product(SIZES, WIDTHS, WIDTHS):
        for kernel, stride in ((3, 1), (3, 2), (1, 1)):
            yield _conv("conv", size, inputs, outputs, kernel, stride)
    for size, channels, stride in product(SIZES, WIDTHS, (1, 2)):
        yield _conv("depthwise", size, channels, channels, 3, stride)
    for inputs, outputs in product(WIDTHS, WIDTHS):
        yield LayerSpec("dense", 1, 1, inputs, outputs)


def _conv(kind: str, size: int, inputs: int, outputs: int, kernel: int, stride: int) -> LayerSpec:
    return LayerSpec(
        kind, size, size, inputs, outputs, (kernel, kernel), (stride, stride), relu=True
    )


def _operators() -> Iterator[LayerSpec]:
    for kind, size, channels in product(_ALONG, SIZES, WIDTHS):
        window = _WINDOWS.get(kind, (1, 1))
        yield LayerSpec(kind, size, size, channels, channels, window, window)
    for channels in WIDTHS:
        yield LayerSpec("softmax", 1, 1, channels, channels)
