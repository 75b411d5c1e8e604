"""Warnings about files that are no better than a constant answer, and what to check then."""

from collections.abc import Sequence

import numpy as np

from edgehone.actions.settings import Setting
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE
from edgehone.tasks import constant_answer
from edgehone.units import ABSENT
from edgehone.values import Artifact, Measurement, Plain


def constant_answer_warnings(
    measurements: Sequence[Measurement], plan: MeasurePlan, setting: Setting
) -> list[str]:
    """A warning for each file that guesses on the data it was measured with."""
    shard = plan.shards.get("test")
    found: dict[str, str] = {}
    for each in measurements:
        path = str(each.artifact.path)
        if shard is None or each.accuracy is None or path in found:
            continue
        if sentence := constant_answer.complaint(path, each.accuracy, "test"):
            advice = constant_answer.advice(plan.task, shard.y)
            found[path] = f"{sentence}. {_scaling(each.artifact, shard, setting)} {advice}"
    return list(found.values())


def _scaling(artifact: Artifact, shard: Shard, setting: Setting) -> str:
    scale, offset = setting.scaling.scale, setting.scaling.offset
    return (
        f"Check {all_named((SCALE, OFFSET))} (here {scale:.6g} and {offset:.6g}): with them the "
        f"samples hold {constant_answer.held(shard.x)}; {input_summary(artifact)}."
    )


def input_summary(artifact: Artifact) -> str:
    """Which values a file's input takes, as far as it tells."""
    port: Plain = (artifact.audit or {"inputs": [{}]})["inputs"][0]
    dtype, scale = str(port.get("dtype") or ABSENT), port.get("scale")
    if not scale or not np.issubdtype(np.dtype(dtype), np.integer):
        return f"its {dtype} input does not say which values it expects"
    limits, zero = np.iinfo(dtype), port.get("zero_point") or 0
    bounds = ((limits.min - zero) * scale, (limits.max - zero) * scale)
    return f"its {dtype} input holds {constant_answer.span(bounds)}"
