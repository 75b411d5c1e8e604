"""Fills a device's cost table ahead of time, for one model or for layers of usual shapes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats
from edgehone.config.sections import SearchSection
from edgehone.errors import UsageError
from edgehone.formats._base import Format
from edgehone.measure.device import Device
from edgehone.run.cost_tables import table_of
from edgehone.run.measured_costs import MeasuredCosts, place_of
from edgehone.search.common_shapes import common_keys
from edgehone.search.cost_table import CostTable, Key, keys_of
from edgehone.store import Store
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Event, Progress, silent

MILLISECONDS, INSTRUCTIONS = "ms", "instructions"


@dataclass(frozen=True)
class Request:
    """model: a Keras model as `inspect` takes it, "": layers of usual shapes. format_name: whose
    files are measured. precisions: those of the layers; none: what suits the device. folder: of
    the runs that will look the costs up. trust, custom: see `graph.loading.load`.
    """

    model: str = ""
    format_name: str = formats.USUAL
    precisions: tuple[str, ...] = ()
    folder: Path = RUNS_FOLDER
    trust: bool = False
    custom: tuple[str, ...] = ()


def learn(request: Request, device: Device, progress: Progress = silent) -> dict[str, Any]:
    """Measure what the store does not know yet, and say what there is.

    {"device", "target", "format", "model", "precisions", "entries", "measured", "known",
    "interpolated", "refused", "unit": "ms" or "instructions", "overhead": {precision: cost},
    "seconds", "folder"}. Raises DeviceError when the device is lost (what it has measured until
    then is kept), ModelError for a model that cannot be used, and UsageError.
    """
    form = formats.load(request.format_name)
    precisions = _precisions(request, form, device)
    keys = _keys(request, form, device, precisions, progress)
    started = time.monotonic()
    try:
        place = place_of(device, form.SUFFIX)
        with TemporaryDirectory(prefix="edgehone-") as scratch:
            costs = Store(request.folder).costs
            measured = MeasuredCosts(costs, place, device, form, Path(scratch), progress)
            table = table_of(keys, precisions, measured)
    finally:
        device.transport.close()
    return {
        "device": device.name,
        "target": device.target.name,
        "format": form.name,
        "model": request.model,
        "precisions": list(precisions),
        **_counts(table, measured),
        "unit": INSTRUCTIONS if device.target.instructions else MILLISECONDS,
        "overhead": dict(table.overhead),
        "seconds": round(time.monotonic() - started, 3),
        "folder": str(request.folder),
    }


def _precisions(request: Request, form: Format, device: Device) -> tuple[str, ...]:
    """The precisions of the layers. Raises UsageError for one that the format does not have."""
    for name in request.precisions:
        if name not in form.PRECISIONS:
            raise UsageError(
                f"{form.TITLE} has no precision {name!r}.", f"Known: {', '.join(form.PRECISIONS)}."
            )
    usual = [name for name in device.target.precisions if name in form.PRECISIONS]
    return request.precisions or tuple(usual)


def _keys(
    request: Request,
    form: Format,
    device: Device,
    precisions: Sequence[str],
    progress: Progress,
) -> Sequence[Key]:
    """The shapes to measure: those that a search in the model could ask for, or usual ones."""
    if not request.model:
        return common_keys(precisions, form.OPERATORS)
    if formats.of_suffix(Path(request.model)):
        raise UsageError(
            f"{request.model} is a finished file, and a search begins with a Keras model.",
            "Give the .keras or .h5 file that it was made from.",
        )
    from edgehone.graph import loading
    from edgehone.graph.groups import analyse
    from edgehone.search.space import space_of

    progress(Event("load the model", request.model))
    model = loading.load(
        request.model, trust=request.trust, custom=request.custom, progress=progress
    )
    techniques = SearchSection().techniques
    multiple = device.target.channel_multiple
    space = space_of(
        model, analyse(model), multiple=multiple, precisions=precisions, techniques=techniques
    )
    return keys_of(space)


def _counts(table: CostTable, measured: MeasuredCosts) -> dict[str, int]:
    return {
        "entries": len(table.prices),
        "measured": measured.measured,
        "known": measured.known,
        "interpolated": len(table.interpolated),
        "refused": len(table.refused),
    }
