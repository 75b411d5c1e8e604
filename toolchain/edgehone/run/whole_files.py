"""What whole files weigh, cost and lose beside the layers of a space, by their precision."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats
from edgehone.errors import ConversionError, ExecutionError
from edgehone.export import repacking
from edgehone.formats._base import Calibration
from edgehone.measure.device import Device
from edgehone.measure.layer_costs import price
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.measurement import device_key, sessions_key
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.search.history import Tables
from edgehone.search.sensitivity import divergence
from edgehone.search.space import Space
from edgehone.search.sums import Totals
from edgehone.system.files import compressed_size
from edgehone.values import Event, Model, PrecisionPlan


@dataclass(frozen=True)
class WholeFiles:
    """A model in one format on one device, and the teacher's outputs to compare with."""

    context: RunContext
    model: Model
    device: Device
    outputs: TeacherOutputs
    format_name: str

    def beside(self, tables: Tables) -> Tables:
        """The tables with what each whole file has beside the layers of the space; precisions that
        no whole file can have are left out of it.
        """
        space = tables.space
        value = self.context.workspace.cache.stage(
            "whole files", self._inputs(space), lambda: self._measured(space), version=5
        )
        made = {default: Totals(**each) for default, each in value.items() if each}
        whole = {default: tables.totals(space.unchanged(default)) for default in made}
        rest = {default: each.less(whole[default]) for default, each in made.items()}
        left = tuple(p for p in space.precisions if p in made or p not in space.defaults)
        return replace(tables, space=replace(space, precisions=left), rest=rest)

    def _inputs(self, space: Space) -> dict[str, Any]:
        return {
            "model": self.model.sha256,
            "precisions": list(space.defaults),
            "probe": [self.context.data.sha256, *self.context.probe.drawn_by],
            "calibration": self.context.calibration_key,
            "format": self.format_name,
            "device": device_key(self.device),
            **sessions_key([Path(f"whole{self.context.formats[self.format_name].SUFFIX}")]),
            "fresh": self.context.fresh,
        }

    def _measured(self, space: Space) -> dict[str, Any]:
        """By precision: what the file sums to; None where it cannot be made."""
        form = self.context.formats[self.format_name]
        source = building.float_file(self.context, self.model, self.format_name)
        start = self._divergence(source)
        found: dict[str, Any] = {}
        with TemporaryDirectory(dir=self.context.workspace.scratch) as scratch:
            for number, default in enumerate(space.defaults):
                stage = "sensitivity of whole files"
                self.context.workspace.progress(Event(stage, default, number, len(space.defaults)))
                file = Path(scratch) / f"whole-{default}{form.SUFFIX}"
                found[default] = self._of(source, file, default, start)
        return found

    def _of(self, source: Path, file: Path, default: str, start: float) -> dict[str, float] | None:
        """One precision. start: the divergence of the float file."""
        form, calibration = self.context.formats[self.format_name], (self.context.calibration,)
        try:
            form.quantize(source, PrecisionPlan(default), Calibration(calibration), file)
            repacking.in_place(file, form, formats.audit(file, form))
            lost = self._divergence(file) - start
        except (ConversionError, ExecutionError):
            return None
        (cost,) = price([file], self.device, progress=self.context.workspace.progress)
        return {
            "cost": cost.cost or 0.0,
            "size_bytes": file.stat().st_size,
            "memory_bytes": 0.0,
            "loss": max(lost, 0.0),
            "packed_bytes": compressed_size(file),
        }

    def _divergence(self, file: Path) -> float:
        from edgehone.export.execution import outputs

        found = outputs(file, self.context.probe.x)
        return divergence(self.context.task.kind, self.outputs.probe, found)
