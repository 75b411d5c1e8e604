"""What is known about a model on a device before any candidate is built: space, costs, losses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats._base import Calibration
from edgehone.measure.device import Device
from edgehone.measure.layer_costs import price
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.measurement import device_key
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.workspace import Array
from edgehone.search.allocate import Losses
from edgehone.search.cost_table import CostTable, build, keys_of
from edgehone.search.propose import Tables
from edgehone.search.sensitivity import Probe, group_losses, precision_losses, rank_losses
from edgehone.search.space import Space, space_of
from edgehone.values import BitPlan, Event, Model


def tables_of(
    context: RunContext, model: Model, device: Device, outputs: TeacherOutputs, format_name: str
) -> Tables:
    """The space of a model, with measured costs and sensitivities."""
    space = space_for(context, model, device)
    table = cost_table(context, space, device, format_name)
    losses = losses_of(context, model, space, outputs, format_name)
    priced = "instructions" if device.target.instructions else "latency_p50_ms"
    return Tables(space, losses, table.cost, priced)


def space_for(context: RunContext, model: Model, device: Device) -> Space:
    """What may be decided about a model for a device."""
    from edgehone.graph.groups import analyse

    keras_model = context.workspace.keras_model(model)
    search = context.config.search
    return space_of(
        keras_model,
        analyse(keras_model),
        multiple=device.target.channel_multiple,
        precisions=search.precisions or device.target.precisions,
        techniques=search.techniques,
    )


def cost_table(context: RunContext, space: Space, device: Device, format_name: str) -> CostTable:
    """What each layer shape of the space costs on the device, alone."""
    form = context.formats[format_name]
    keys = [[asdict(spec), *setting] for spec, *setting in keys_of(space)]
    inputs = {
        "keys": keys,
        "device": device_key(device),
        "format": format_name,
        "fresh": context.fresh,
    }

    def prices(files: Sequence[Path]) -> list[float | str]:
        found = price(files, device, progress=context.workspace.progress)
        return [each.error if each.cost is None else each.cost for each in found]

    def work() -> dict[str, Any]:
        context.workspace.progress(Event("price", f"{len(keys)} layer shapes", 0, len(keys)))
        with TemporaryDirectory(dir=context.workspace.scratch) as scratch:
            table = build(space, form.layer_model, prices, Path(scratch), form.SUFFIX)
        return dict(table.as_plain())

    return CostTable.from_plain(
        context.workspace.cache.stage("cost table", inputs, work, version=2)
    )


def losses_of(
    context: RunContext, model: Model, space: Space, outputs: TeacherOutputs, format_name: str
) -> Losses:
    """What each choice of the space loses against the teacher, alone."""
    inputs = {
        "model": model.sha256,
        "space": [[asdict(g) for g in space.groups], [asdict(a) for a in space.layers]],
        "precisions": list(space.precisions),
        "probe": [context.data.sha256, *context.probe.drawn_by],
        "format": format_name,
        "kind": context.task.kind,
    }
    value = context.workspace.cache.stage(
        "sensitivity",
        inputs,
        lambda: _losses(context, model, space, outputs, format_name),
        version=3,
    )
    return Losses(*(_table(value[name]) for name in ("groups", "ranks", "precisions")))


def _losses(
    context: RunContext, model: Model, space: Space, outputs: TeacherOutputs, format_name: str
) -> dict[str, Any]:
    from edgehone.graph.groups import analyse
    from edgehone.graph.importance import channel_importance

    keras_model = context.workspace.keras_model(model)
    graph = analyse(keras_model)
    probe = Probe(context.probe.x, outputs.probe, context.task.kind)
    ranking = {
        name: np.argsort(-values, kind="stable").tolist()
        for name, values in channel_importance(keras_model, graph).items()
    }
    tables = {
        "groups": group_losses(
            keras_model, graph, space, ranking, probe, progress=context.workspace.progress
        ),
        "ranks": rank_losses(keras_model, space, probe, progress=context.workspace.progress),
        "precisions": precision_losses(
            space,
            _quantized_alone(context, model, format_name),
            probe,
            progress=context.workspace.progress,
        ),
    }
    return {name: _pairs(table) for name, table in tables.items()}


def _quantized_alone(
    context: RunContext, model: Model, format_name: str
) -> Callable[[str, str], Array | None]:
    """Outputs on the probe of the float file with one layer in another precision."""
    from edgehone.export.execution import outputs

    form, source = context.formats[format_name], building.float_file(context, model, format_name)
    calibration = Calibration((context.calibration,))

    def computed(layer: str, precision: str) -> Array | None:
        layers = {layer: precision} if layer else {}
        with TemporaryDirectory(dir=context.workspace.scratch) as scratch:
            file = Path(scratch) / f"alone{form.SUFFIX}"
            try:
                notes = form.quantize(source, BitPlan("float32", layers), calibration, file)
            except ConversionError:
                return None
            return None if layer in notes.get("refused", {}) else outputs(file, context.probe.x)

    return computed


def _pairs(table: Mapping[str, Mapping[Any, float]]) -> dict[str, list[list[Any]]]:
    """A table whose inner keys may be numbers, as JSON can hold it."""
    return {name: [[key, value] for key, value in row.items()] for name, row in table.items()}


def _table(pairs: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, dict[Any, float]]:
    return {name: {key: float(value) for key, value in row} for name, row in pairs.items()}
