"""What a file says of data, task, measuring and devices, whatever else it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from edgehone.config._fields import Section
from edgehone.config.data import DataSection
from edgehone.config.loading import Config, anchored, checked, parsed
from edgehone.config.quantities import nearest
from edgehone.config.sections import (
    DevicePlace,
    ExportSection,
    MeasureSection,
    TaskSection,
)
from edgehone.config.training import TrainingSection
from edgehone.errors import ConfigError
from edgehone.system.user_code import is_reference


class _Data(Section):
    data: DataSection


class _Task(Section):
    task: TaskSection


class _Training(Section):
    training: TrainingSection


class _Measure(Section):
    measure: MeasureSection


class _Export(Section):
    export: ExportSection


class _Devices(Section):
    devices: dict[str, DevicePlace] = Field(default_factory=dict)


@dataclass(frozen=True)
class Partial:
    """The tables of a project or budgets file. Each is checked when it is asked for, so that a
    command is stopped by nothing that it does not need. Raises ConfigError then.
    """

    path: Path
    tables: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def data(self) -> DataSection | None:
        """`[data]`; where it names no source, `source` is None and this one's is a placeholder."""
        table = self.tables.get("data")
        if table is None:
            return None
        whole = {"source": "digits", **table} if isinstance(table, dict) else table
        return checked(_Data, {"data": whole}, self.path).data

    @property
    def source(self) -> str | None:
        """`[data] source`."""
        return self.data.source if self.data and self.says("data", "source") else None

    @cached_property
    def task(self) -> TaskSection | None:
        """`[task]`."""
        return checked(_Task, found, self.path).task if (found := self._only("task")) else None

    @cached_property
    def training(self) -> TrainingSection | None:
        """`[training]`."""
        found = self._only("training")
        return checked(_Training, found, self.path).training if found else None

    @cached_property
    def measure(self) -> MeasureSection | None:
        """`[measure]`."""
        found = self._only("measure")
        return checked(_Measure, found, self.path).measure if found else None

    @property
    def own_formats(self) -> tuple[str, ...]:
        """References to formats of the user's own in `[export] formats`, not yet checked."""
        table = self.tables.get("export")
        found = table.get("formats") if isinstance(table, dict) else None
        named = found if isinstance(found, list) else []
        return tuple(each for each in named if isinstance(each, str) and is_reference(each))

    @cached_property
    def io(self) -> str:
        """`[export] io`; "" where it says none."""
        if not self.says("export", "io"):
            return ""
        found = {"export": {"io": self.tables["export"]["io"]}}
        return checked(_Export, found, self.path).export.io

    @cached_property
    def devices(self) -> Mapping[str, DevicePlace]:
        """`[devices.NAME]` tables."""
        return checked(_Devices, self._only("devices"), self.path).devices

    def device(self, name: str) -> DevicePlace:
        """One of them, whatever the others lack."""
        found = {"devices": {name: self.tables["devices"][name]}}
        return checked(_Devices, found, self.path).devices[name]

    def says(self, section: str, key: str) -> bool:
        """Whether a section has a key."""
        table = self.tables.get(section)
        return isinstance(table, dict) and key in table

    def _only(self, name: str) -> dict[str, Any]:
        return {name: self.tables[name]} if name in self.tables else {}


def load_partial(path: Path) -> Partial:
    """The tables of a project file, a budgets file, or any part of one.

    Raises ConfigError when it is not valid TOML or has a table of an unknown name, StorageError
    when it cannot be read.
    """
    found = parsed(path)
    known = list(Config.model_fields)
    for name in found:
        if name not in known:
            raise ConfigError(f"{path}: unknown section [{name}].", nearest(name, known))
    return Partial(path, anchored(found, path.resolve().parent))
