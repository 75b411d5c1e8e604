"""Why calibration data may not be what a model was trained on: it guesses, or says one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import units
from edgehone.actions.scaling import Scaling
from edgehone.errors import EdgehoneError
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE
from edgehone.tasks import constant_answer
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.outputs import predicted_labels
from edgehone.values import Plain, Task

Array = NDArray[Any]

FEWEST = 8
"""Samples from which on it says something that all get one label."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the float model computes of calibration data: samples x of its one input (None: it has
    several), its first output (n, ...), and the targets (n, ...), if any.

    expects: which values its input takes, in half a sentence; classes: what labels are called.
    """

    task: Task
    x: Array | None
    outputs: Array
    targets: Array | None
    scaling: Scaling
    expects: str
    classes: Sequence[str] = ()


def doubts(seen: Seen, *, labels: bool) -> list[str]:
    """At most one warning. labels: whether the output is one label of several."""
    text = _guessing(seen) or (_one_label(seen) if labels else "")
    return [text] if text else []


def differences_between(artifacts: Sequence[Plain]) -> list[str]:
    """A warning for each file whose labels agree while its numbers are noise."""
    found = []
    for each in artifacts:
        parity = each["parity"] or {}
        snr_db, agreement = parity.get("snr_db"), parity.get("agreement")
        if parity.get("data") != "calibration" or snr_db is None or agreement is None:
            continue
        if snr_db < 0 and parity.get("verdict") == "good":
            found.append(
                f"{each['path']}: labels agree ({units.percent(agreement)}), but the error is "
                f"larger than what the outputs vary by (SNR {units.signed(snr_db, 1)} dB), as "
                "where a model says the same of all samples. Are the data scaled as in training?"
            )
    return found


def _guessing(seen: Seen) -> str:
    """That the model is no better than a constant answer, where the data have targets."""
    y = seen.targets
    if y is None:
        return ""
    try:
        scored = evaluate(seen.task, y, seen.outputs)
    except EdgehoneError as error:
        return f"The data's targets do not fit the model: {error.message} {error.hint}".strip()
    found = constant_answer.with_constant_answer(seen.task, y, seen.outputs, scored)
    sentence = constant_answer.complaint("The model", found, "calibration")
    if not sentence:
        return ""
    return f"{sentence}. {_scaling(seen)} {constant_answer.advice(seen.task, y)}".replace("  ", " ")


def _one_label(seen: Seen) -> str:
    found = predicted_labels(seen.outputs)
    if found.ndim != 1 or len(found) < FEWEST or (found != found[0]).any() or found[0] < 0:
        return ""
    label = int(found[0])
    name = f" ({seen.classes[label]})" if label < len(seen.classes) else ""
    text = f"The model gives all {len(found):,} samples label {label}{name}. Are the data scaled as"
    return f"{text} in training? {_scaling(seen)}".rstrip()


def _scaling(seen: Seen) -> str:
    """What scale and offset make of the samples, and what the model takes."""
    if seen.x is None:
        return ""
    scale, offset = seen.scaling.scale, seen.scaling.offset
    return (
        f"Check {all_named((SCALE, OFFSET))} (here {scale:.6g} and {offset:.6g}): with them the "
        f"samples hold {constant_answer.held(np.asarray(seen.x))}; {seen.expects}."
    )
