"""How far a model leaves itself when one group or layer alone is changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.graph.groups import ChannelGraph
from edgehone.graph.wiring import is_model
from edgehone.precisions import FLOAT32
from edgehone.search.plan import Option
from edgehone.tasks.kinds import kind_of
from edgehone.values import Event, Progress, silent

Array = NDArray[Any]
Table = Mapping[str, Mapping[Option, float]]
"""Subject -> option -> added loss."""

Options = Mapping[str, tuple[Option, ...]]
Changed = Callable[[str, Option], AbstractContextManager[None]]


@dataclass(frozen=True)
class Probe:
    """Samples to look at, x (n, *shape), and the kind of task."""

    x: Array
    kind: str


def divergence(kind: str, teacher: Array, outputs: Array) -> float:
    """Loss of outputs against others by the kind of task, >= 0, 0 when equal."""
    return kind_of(kind).divergence(teacher, outputs)


@dataclass(frozen=True)
class Probing:
    """What techniques measure their losses with: a Keras model and its channel graph, samples, and
    files in which one layer is quantized: quantized(layer, precision) gives its outputs on the
    samples, quantized("", "float32") those of the float file; None where there is no such file.

    Losses are divergences from what the same model answers without the change, under the same
    statistics of its batch norms: a model trained for a few hundred steps answers differently once
    those are adapted, and beside its old answers a change could seem to make it better.
    """

    model: Any
    graph: ChannelGraph
    probe: Probe
    quantized: Callable[[str, str], Array | None]
    progress: Progress = silent

    def losses(self, title: str, subjects: Options, changed: Changed) -> Table:
        """Added loss by subject and option, the model changed inside changed(subject, option); the
        first option of each changes nothing.
        """
        start = _outputs(self.model, self.probe)
        found: dict[str, dict[Option, float]] = {}
        for number, (name, options) in enumerate(subjects.items()):
            self.progress(Event(title, name, number, len(subjects)))
            found[name] = {options[0]: 0.0}
            for option in options[1:]:
                with changed(name, option):
                    found[name][option] = self._divergence(start, _outputs(self.model, self.probe))
        return found

    def quantized_losses(self, title: str, layers: Options) -> Table:
        """Added loss by layer and precision, in the file with that layer alone quantized; what
        cannot be had is left out.
        """
        start = self.quantized("", FLOAT32)
        found: dict[str, dict[Option, float]] = {}
        for number, (name, precisions) in enumerate(layers.items()):
            self.progress(Event(title, name, number, len(layers)))
            found[name] = {}
            for precision in map(str, precisions):
                made = None if precision == FLOAT32 else self.quantized(name, precision)
                if made is not None and start is not None:
                    found[name][precision] = self._divergence(start, made)
        return found

    def loss_of(self, model: Any) -> float:
        """How far another model of the same task is from this one."""
        return self._divergence(_outputs(self.model, self.probe), _outputs(model, self.probe))

    def _divergence(self, start: Array, outputs: Array) -> float:
        return max(divergence(self.probe.kind, start, outputs), 0.0)  # rounding may make it -1e-17


def _outputs(model: Any, probe: Probe) -> Array:
    with _adapted_norms(model, probe.x):
        return np.asarray(model.predict_on_batch(probe.x))


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
