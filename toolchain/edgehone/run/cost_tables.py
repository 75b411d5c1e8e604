"""What is known about a model on a device before any candidate is built: space, costs, losses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.errors import ConversionError
from edgehone.formats._base import Calibration
from edgehone.graph.lifetimes import LiveValue, live_values
from edgehone.graph.wiring import calls, is_model
from edgehone.measure.device import Device
from edgehone.precisions import FLOAT32, leading
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.measured_costs import MeasuredCosts, place_of
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.whole_files import WholeFiles
from edgehone.run.workspace import Array
from edgehone.search import overhead
from edgehone.search.cost_grid import filled
from edgehone.search.cost_table import CostTable, Key, keys_of
from edgehone.search.history import Tables
from edgehone.search.lasting import prepared
from edgehone.search.operators import borders_of, operators_of
from edgehone.search.plan import LayerChoice, Losses
from edgehone.search.sensitivity import Probe, Probing
from edgehone.search.space import Space, space_of
from edgehone.values import WARNING, Event, Model, PrecisionPlan

NEARLY_ALL = 0.9
"""Share of the weights in the space's layers from which the rest of the file is left out of it."""


def tables_of(
    context: RunContext, model: Model, device: Device, outputs: TeacherOutputs, format_name: str
) -> Tables:
    """The space of a model, with measured costs and sensitivities."""
    space = space_for(context, model, device, format_name)
    table = cost_table(context, space, device, format_name)
    losses = losses_of(context, model, space, format_name)
    priced = "instructions" if device.target.instructions else "latency_p50_ms"
    tables = with_table(Tables(space, losses, table.cost, priced), table)
    if space.covered >= NEARLY_ALL:
        return tables
    context.workspace.progress(Event(WARNING, few_weights(space.covered)))
    return WholeFiles(context, model, device, outputs, format_name).beside(tables)


def with_table(tables: Tables, table: CostTable) -> Tables:
    """The tables with these costs."""
    return replace(tables, cost=table.cost, overhead=table.overhead, noise=table.noise, table=table)


def few_weights(covered: float) -> str:
    """What a search can do about a model most of whose weights lie in other layers."""
    return (
        f"The search knows what {covered:.0%} of the weights cost layer by layer: those of dense "
        "layers on vectors and of convolutions. Of the others it knows the bytes, by the channels "
        "that are left, and has whole files measured in each precision."
    )


def space_for(context: RunContext, model: Model, device: Device, format_name: str) -> Space:
    """What may be decided about a model for a device. Where its layers hold few of the weights, and
    no precisions are named, those that suit whole files are among the choices.
    """
    from edgehone.graph.groups import analyse

    keras_model = context.workspace.keras_model(model)
    search = context.config.search
    found = space_of(
        keras_model,
        analyse(keras_model),
        multiple=device.target.channel_multiple,
        precisions=search.precisions or device.target.precisions,
        techniques=search.techniques,
    )
    found = replace(
        found,
        operators=_operators(context, keras_model, found, format_name),
        values=_values(keras_model),
    )
    if search.precisions or found.covered >= NEARLY_ALL:
        return found
    known = context.formats[format_name].PRECISIONS
    whole = [name for name in reversed(leading()) if name != FLOAT32]  # the narrowest first
    more = [precision for precision in whole if precision in known]
    return replace(found, precisions=tuple(dict.fromkeys((*found.precisions, *more))))


def _values(model: Any) -> tuple[LiveValue, ...]:
    """What one inference computes; nothing where models lie within the model, whose own values are
    not told one by one.
    """
    inner = any(is_model(call.operation) for call in calls(model))
    return () if inner else live_values(model)


def _operators(
    context: RunContext, model: Any, space: Space, format_name: str
) -> tuple[LayerChoice, ...]:
    """What files of the model have beside its layers, of the kinds that the format has costs of."""
    from edgehone.graph.groups import analyse

    form, graph = context.formats[format_name], analyse(model)
    groups = {name for each in space.decisions for name in each.frees(graph)}
    found = operators_of(model, graph, groups)
    if form.FLOAT_BORDERS or context.config.export.io == "float32":
        found += borders_of(model)
    return tuple(each for each in found if each.spec.kind in form.OPERATORS)


def cost_table(context: RunContext, space: Space, device: Device, format_name: str) -> CostTable:
    """What each layer shape of the space costs on the device, alone: looked up in the store shape
    by shape, and measured where it is not there.
    """
    keys = keys_of(space)
    if not keys:
        return CostTable({})
    measured = measured_costs(context, device, format_name)
    with context.spent.at("cost table"):
        return table_of(keys, space.precisions, measured)


def measured_costs(context: RunContext, device: Device, format_name: str) -> MeasuredCosts:
    """Costs on a device by files of a format, looked up in the run's store or measured."""
    form, workspace = context.formats[format_name], context.workspace
    place = place_of(device, form.SUFFIX, context.fresh)
    return MeasuredCosts(
        context.store.costs, place, device, form, workspace.scratch, workspace.progress
    )


def table_of(keys: Sequence[Key], precisions: Sequence[str], measured: MeasuredCosts) -> CostTable:
    """The table of these shapes, with the overhead of an inference in these precisions where the
    format has files that tell it.
    """
    known = overhead.KIND in measured.form.OPERATORS
    table = filled([*keys, *(overhead.keys_for(precisions) if known else ())], measured)
    known_overheads = overhead.overheads(table.prices, precisions)
    return replace(table, overhead=known_overheads, noise=measured.noise)


def losses_of(context: RunContext, model: Model, space: Space, format_name: str) -> Losses:
    """What each choice of the space loses against the teacher, alone; looked up no longer than one
    run where a technique is the user's own code.
    """
    inputs = {
        "model": model.sha256,
        "layers": [asdict(layer) for layer in space.layers],
        "decisions": {
            each.NAME: {name: list(options) for name, options in each.subjects.items()}
            for each in space.decisions
        },
        "precisions": list(space.precisions),
        "own": context.own_techniques,
        "probe": [context.data.sha256, *context.probe.drawn_by],
        "calibration": context.calibration_key,
        "format": format_name,
        "kind": context.task.kind,
    }
    value = context.workspace.cache.stage(
        "sensitivity",
        inputs,
        lambda: _losses(context, model, space, format_name),
        version=6,
    )
    return prepared({name: table_from_pairs(pairs) for name, pairs in value.items()}, space)


def _losses(context: RunContext, model: Model, space: Space, format_name: str) -> dict[str, Any]:
    from edgehone.graph.groups import analyse

    keras_model = context.workspace.keras_model(model)
    probing = Probing(
        keras_model,
        analyse(keras_model),
        Probe(context.probe.x, context.task.kind),
        _quantized_alone(context, model, format_name),
        context.workspace.progress,
    )
    return {each.NAME: pairs_of(each.losses(probing)) for each in space.decisions}


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
                notes = form.quantize(source, PrecisionPlan(FLOAT32, layers), calibration, file)
            except ConversionError:
                return None
            return None if layer in notes.get("refused", {}) else outputs(file, context.probe.x)

    return computed


def pairs_of(table: Mapping[str, Mapping[Any, float]]) -> dict[str, list[list[Any]]]:
    """A table whose inner keys may be numbers, as JSON can hold it."""
    return {name: [[key, value] for key, value in row.items()] for name, row in table.items()}


def table_from_pairs(pairs: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, dict[Any, float]]:
    """The table of what `pairs_of` made."""
    return {name: {key: float(value) for key, value in row} for name, row in pairs.items()}
