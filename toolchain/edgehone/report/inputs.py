"""How a file's quantized input took the samples, and what ran them instead of XNNPACK, in words."""

from collections.abc import Sequence

from edgehone.report import numbers
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE
from edgehone.values import Measurement, Plain

MOST = 0.01
"""Fraction of values from which on clipping is no matter of outliers but of how data is scaled."""


def input_lines(measurement: Measurement) -> list[str]:
    """A sentence each for a run without XNNPACK, for bytes and for samples that were clipped."""
    fallback, found = measurement.runtime.fallback, measurement.inputs
    lines = [f"run with plain kernels, as XNNPACK cannot run it: {fallback}"] if fallback else []
    return [*lines, *clipping_lines([found] if found else [])]


def clipping_lines(inputs: Sequence[Plain]) -> list[str]:
    """The same for the inputs of a file alone, as documents have them."""
    return [line for each in inputs for line in (_bytes(each), _clipped(each)) if line]


def _bytes(found: Plain) -> str:
    if not found["bytes"]:
        return ""
    step = numbers.figures(found["step"])
    return (
        f"the bytes of the data go to input {found['name']} as they are: it holds {_held(found)} "
        f"in steps of {step}, so that bytes are meant. Where they are not, say how the data is "
        f"scaled with {SCALE}."
    )


def _clipped(found: Plain) -> str:
    values = max((each["values"] for each in found["clipped"].values()), default=0.0)
    if not values:
        return ""
    samples = max(each["samples"] for each in found["clipped"].values())
    advice = (
        f" Check how the data is scaled ({all_named((SCALE, OFFSET))})." if values >= MOST else ""
    )
    return (
        f"{_share(values)} of the values, in {_share(samples)} of the samples, lie outside of what "
        f"input {found['name']} holds ({_held(found)}) and are clipped.{advice}"
    )


def _held(found: Plain) -> str:
    low, high = (numbers.figures(found[key]) or "0" for key in ("low", "high"))
    return f"{low} to {high}"


def _share(fraction: float) -> str:
    return numbers.percent(fraction) if fraction >= 0.001 else "less than 0.1 %"
