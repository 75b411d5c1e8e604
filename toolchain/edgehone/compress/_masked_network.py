"""A Keras model as one graph that computes any of its sub-networks, at widths that are an input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.compress._copies import inner_layers
from edgehone.compress._statistics import BATCH
from edgehone.data import Array
from edgehone.graph.prefixes import Place, Prefixes, Widths, masked_value

Places = Sequence[tuple[Place, ...]]


@dataclass(frozen=True, eq=False)
class MaskedNetwork:
    """model: Keras model; trainable, others: where units lie on each of its variables, trainable
    ones and the rest, in the model's order.
    """

    model: Any
    prefixes: Prefixes
    trainable: Places
    others: Places

    @classmethod
    def of(
        cls, model: Any, prefixes: Prefixes, places: Mapping[int, tuple[Place, ...]]
    ) -> "MaskedNetwork":
        """places: by id() of a variable, see `Prefixes.places`."""
        return cls(
            model,
            prefixes,
            [places.get(id(weight), ()) for weight in model.trainable_variables],
            [places.get(id(weight), ()) for weight in model.non_trainable_variables],
        )

    def call(self, vector: Any, x: Any, *, training: bool, state: Any = None) -> Any:
        """(outputs, values of the variables that do not train, losses of layers) of the sub-network
        of these widths (groups,). state: values to take for those variables instead of their own.
        """
        stays = self.prefixes.stays(vector)
        if state is None:
            state = [each.value for each in self.model.non_trainable_variables]
        return self.model.stateless_call(
            _masked([each.value for each in self.model.trainable_variables], self.trainable, stays),
            _masked(state, self.others, stays),
            x,
            training=training,
            return_losses=True,
        )

    def outputs(self, widths: Sequence[Widths], x: Array) -> list[Array]:
        """Outputs (n, ...) of each sub-network on samples x (n, *shape), its batch norms with the
        statistics of x, as means over batches (Li et al. 2020, "EagleEye", section 3.3); the model
        stays as it is.
        """
        import tensorflow as tf

        norms = [layer for layer in inner_layers(self.model) if hasattr(layer, "moving_mean")]
        momenta = [norm.momentum for norm in norms]
        measured = {id(each) for n in norms for each in (n.moving_mean, n.moving_variance)}
        variables = self.model.non_trainable_variables

        def seen(vector: Any, samples: Any) -> Any:
            _, state, _ = self.call(vector, samples, training=True)
            return [v for v, own in zip(state, variables, strict=True) if id(own) in measured]

        def answered(vector: Any, samples: Any, statistics: Any) -> Any:
            instead = iter(statistics)
            state = [next(instead) if id(own) in measured else own.value for own in variables]
            return self.call(vector, samples, training=False, state=state)[0]

        try:
            for norm in norms:
                norm.momentum = 0.0
            quick_seen = tf.function(seen, reduce_retracing=True)
            quick_answered = tf.function(answered, reduce_retracing=True)
            found = []
            for vector in (tf.constant(self.prefixes.vector(each)) for each in widths):
                statistics = _mean_over_batches(quick_seen, vector, x) if norms else []
                parts = [quick_answered(vector, tf.constant(b), statistics) for b in _batches(x)]
                found.append(np.concatenate([np.asarray(part) for part in parts]))
            return found
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum


def _batches(x: Array) -> list[Array]:
    return [x[start : start + BATCH] for start in range(0, len(x), BATCH)]


def _mean_over_batches(seen: Callable[[Any, Any], Any], vector: Any, x: Array) -> list[Any]:
    """The means of what is seen in each batch, a last one that is not full left out."""
    import tensorflow as tf

    full = [batch for batch in _batches(x) if len(batch) == min(BATCH, len(x))]
    each = [seen(vector, tf.constant(batch)) for batch in full]
    return [tf.add_n(several) / len(several) for several in zip(*each, strict=True)]


def _masked(values: Sequence[Any], places: Places, stays: Any) -> list[Any]:
    pairs = zip(values, places, strict=True)
    return [masked_value(value, where, stays) if where else value for value, where in pairs]
