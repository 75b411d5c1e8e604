"""The float32 file of a model, converted once for each format and layout."""

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.export.conversion import PLAIN, Converter, Layout
from edgehone.run.workspace import Workspace
from edgehone.values import Event, Model

STAGE, VERSION = "convert", 2


@dataclass(frozen=True)
class Conversion:
    """A model, a format with its files' suffix, and how the file is laid out."""

    model: Model
    format: str
    suffix: str
    layout: Layout = PLAIN

    def inputs(self) -> dict[str, Any]:
        """What the file depends on."""
        layout = {} if self.layout == PLAIN else {"layout": asdict(self.layout)}
        return {"model": self.model.sha256, "format": self.format, **layout}


def convert(asked: Conversion, converter: Converter, workspace: Workspace) -> Path:
    """The float32 file. Raises ConversionError, ModelError."""

    def work() -> dict[str, Any]:
        workspace.progress(Event("convert", f"to {asked.format}"))
        with TemporaryDirectory(dir=workspace.scratch) as scratch:
            destination = Path(scratch) / f"float{asked.suffix}"
            converter.convert(asked.model, asked.format, destination, asked.layout)
            return {"file": {"object": workspace.cache.add_file(destination)}}

    value = workspace.cache.stage(STAGE, asked.inputs(), work, version=VERSION)
    return workspace.cache.path_of(value["file"]["object"])
