"""How much is lost, against the teacher, when one group or layer alone is changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph.groups import ChannelGraph
from edgehone.graph.rebuild import masked
from edgehone.graph.wiring import is_model
from edgehone.precisions import FLOAT32, family, leading
from edgehone.search.space import Space
from edgehone.tasks.kinds import kind_of
from edgehone.values import Event, Progress, silent

Array = NDArray[Any]
Table = Mapping[str, Mapping[Any, float]]


@dataclass(frozen=True)
class Probe:
    """Samples to look at, x (n, *shape), and the teacher's outputs for them, (n, outputs)."""

    x: Array
    teacher: Array
    kind: str


def divergence(kind: str, teacher: Array, outputs: Array) -> float:
    """Loss of outputs against the teacher's by the kind of task, >= 0, 0 when equal."""
    return kind_of(kind).divergence(teacher, outputs)


def group_losses(
    model: Any,
    graph: ChannelGraph,
    space: Space,
    ranking: Mapping[str, Sequence[int]],
    probe: Probe,
    *,
    progress: Progress = silent,
) -> Table:
    """Added loss per group and count kept, the weakest channels masked; the model stays as it was.

    ranking: units of every group, strongest first, as pruning will keep them.
    """
    start = _loss(model, probe)
    found: dict[str, dict[int, float]] = {}
    for number, group in enumerate(space.groups):
        progress(Event("sensitivity of channels", group.name, number, len(space.groups)))
        found[group.name] = {group.channels: 0.0}
        for count in group.options:
            if count < group.channels:
                with masked(model, graph, {group.name: list(ranking[group.name][count:])}):
                    found[group.name][count] = max(_loss(model, probe) - start, 0.0)
    return found


def rank_losses(model: Any, space: Space, probe: Probe, *, progress: Progress = silent) -> Table:
    """Added loss per layer and rank, the kernel replaced by its best approximation of that rank."""
    start = _loss(model, probe)
    found: dict[str, dict[int, float]] = {}
    layers = [layer for layer in space.layers if len(layer.ranks) > 1]
    for number, layer in enumerate(layers):
        progress(Event("sensitivity of ranks", layer.name, number, len(layers)))
        found[layer.name] = {0: 0.0}
        for rank in layer.ranks[1:]:
            with _low_rank(model.get_layer(layer.name), rank):
                found[layer.name][rank] = max(_loss(model, probe) - start, 0.0)
    return found


def precision_losses(
    space: Space,
    outputs: Callable[[str, str], Array | None],
    probe: Probe,
    *,
    progress: Progress = silent,
) -> Table:
    """Added loss per layer and precision; outputs(layer, precision) runs the real quantized file
    with that layer alone quantized, outputs("", "float32") the float one. None: not to be had.
    """
    whole = outputs("", FLOAT32)
    start = 0.0 if whole is None else divergence(probe.kind, probe.teacher, whole)
    found: dict[str, dict[str, float]] = {}
    wanted = sorted(
        {p for d in space.precisions if d in leading() for p in family(d)} & {*space.precisions}
    )
    for number, layer in enumerate(space.layers):
        progress(Event("sensitivity of precisions", layer.name, number, len(space.layers)))
        found[layer.name] = {}
        for precision in wanted:
            made = None if precision == FLOAT32 else outputs(layer.name, precision)
            if made is not None:
                loss = divergence(probe.kind, probe.teacher, made) - start
                found[layer.name][precision] = max(loss, 0.0)
    return found


def _loss(model: Any, probe: Probe) -> float:
    with _adapted_norms(model, probe.x):
        outputs = np.asarray(model.predict_on_batch(probe.x))
    return divergence(probe.kind, probe.teacher, outputs)


@contextmanager
def _adapted_norms(model: Any, x: Array) -> Iterator[None]:
    """Batch norms with the moving statistics of x; everything is as it was on exit.

    Training adapts them in its first steps. Judged by the statistics of the unchanged model, a
    change looks ten times worse than it is, and the more so the earlier the layer: Li et al. 2020
    (EagleEye), section 3.3, where this is called adaptive batch normalization.
    """
    norms = [layer for layer in _layers(model) if hasattr(layer, "moving_mean")]
    if not norms:
        yield
        return
    momenta = [norm.momentum for norm in norms]
    kept = [(variable, np.asarray(variable).copy()) for variable in model.variables]
    try:
        for norm in norms:
            norm.momentum = 0.0
        model(x, training=True)
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for variable, values in kept:
            variable.assign(values)


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        if is_model(layer):
            yield from _layers(layer)


@contextmanager
def _low_rank(layer: Any, rank: int) -> Iterator[None]:
    kernel = np.asarray(layer.kernel)
    u, s, vt = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), full_matrices=False)
    layer.kernel.assign(((u[:, :rank] * s[:rank]) @ vt[:rank]).reshape(kernel.shape))
    try:
        yield
    finally:
        layer.kernel.assign(kernel)
