"""The teacher's outputs over all samples that candidates are judged on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.data import DataSet
from edgehone.errors import ExecutionError
from edgehone.run.workspace import Array, Workspace
from edgehone.system.interface import all_named
from edgehone.system.settings import OFFSET, SCALE
from edgehone.values import Event, Model

STAGE = "teacher outputs"


@dataclass(frozen=True, eq=False)
class Probe:
    """Validation samples x (n, ...) on which sensitivities are measured, and what they are drawn
    by: their number asked for, and a seed.
    """

    x: Array
    drawn_by: tuple[int, int]


@dataclass(frozen=True, eq=False)
class TeacherOutputs:
    """The teacher's Keras outputs over the splits that candidates are judged on."""

    validation: Array
    test: Array
    probe: Array


def run_teacher(
    teacher: Model, data: DataSet, probe: Probe, workspace: Workspace
) -> TeacherOutputs:
    """The teacher's outputs. Raises ExecutionError when they are not all numbers."""
    inputs = {"model": teacher.sha256, "data": data.sha256, "probe": list(probe.drawn_by)}

    def work() -> dict[str, Any]:
        from edgehone.export.keras_outputs import predict

        workspace.progress(Event("run the teacher", "over validation and test data"))
        model = workspace.keras_model(teacher)
        sets = {"validation": data.validation.x, "test": data.test.x, "probe": probe.x}
        found = {name: predict(model, x) for name, x in sets.items()}
        for name, values in found.items():
            _require_numbers(name, values)
        return {name: workspace.keep_array(values) for name, values in found.items()}

    value = workspace.cache.stage(STAGE, inputs, work, version=2)
    return TeacherOutputs(**{name: workspace.array(value[name]) for name in value})


def _require_numbers(name: str, values: Array) -> None:
    if not np.isfinite(values).all():
        raise ExecutionError(
            f"The teacher's outputs on the {name} samples are not all numbers (NaN or infinity).",
            f"Check the model's weights, and {all_named((SCALE, OFFSET))}.",
        )
