"""How pruning ranks channels: one importance a file; a user's own is "python:module:Class"."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress.importances._base import Importance, Scores
from edgehone.errors import ConfigError, UsageError
from edgehone.graph.groups import ChannelGraph
from edgehone.system import user_code, variants

__all__ = ["PACKAGE", "Importance", "Scores", "importance_of", "scores_of"]

PACKAGE = __name__


def importance_of(given: Any) -> Importance:
    """An importance by its name, class, or itself. Raises ConfigError for what is none."""
    if isinstance(given, Importance):
        return given
    if isinstance(given, type):
        return variants.instance(variants.checked(given, Importance, given.__name__), _name(given))
    if not isinstance(given, str):
        raise ConfigError(
            f"importance = {given!r:.80} is not an importance.",
            "Give a name, or a class derived from edgehone.Importance.",
        )
    try:
        return variants.built(PACKAGE, Importance, given)
    except UsageError as error:
        raise ConfigError(error.message, error.hint) from error


def scores_of(
    importance: Importance,
    model: Any,
    graph: ChannelGraph,
    context: TrainingContext,
    samples: int,
) -> Mapping[str, Scores]:
    """The importance's scores. Raises ConfigError where those of a user's class do not fit the
    model's groups.
    """
    if type(importance).__module__.startswith(f"{PACKAGE}."):
        return importance.scores(model, graph, context, samples)
    name = f"Importance {_name(type(importance))}"
    with user_code.running(name, ConfigError):
        found: Any = importance.scores(model, graph, context, samples)
    if not isinstance(found, Mapping):
        raise ConfigError(
            f"{name} returned {type(found).__name__}.", "Return scores by the names of groups."
        )
    groups = [group for group in graph.groups if group.prunable]
    return {group.name: _scores_of(name, group.name, group.channels, found) for group in groups}


def _scores_of(name: str, group: str, channels: int, found: Mapping[str, Any]) -> Scores:
    """One group's scores as numbers, one a channel."""
    if group not in found:
        raise ConfigError(
            f"{name} has no scores for the channel group {group!r}.",
            "Return scores for every group of graph.groups that is prunable.",
        )
    try:
        scores = np.asarray(found[group], np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{name} gives no numbers for the channel group {group!r}.",
            f"Return an array of {channels} numbers.",
        ) from error
    if scores.shape != (channels,):
        raise ConfigError(
            f"{name} gives an array of shape {scores.shape} for the {channels} channels of group "
            f"{group!r}.",
            "Return one score for each channel.",
        )
    if not np.isfinite(scores).all() or (scores < 0).any():
        raise ConfigError(
            f"{name} gives scores for the channel group {group!r} that are negative or not finite.",
            "Return numbers from 0 on: the channels with the least go first.",
        )
    return scores


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
