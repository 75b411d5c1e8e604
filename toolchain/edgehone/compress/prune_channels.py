"""Structured pruning: the weakest channels of every group go, and the model is rebuilt without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._copies import single_tensors
from edgehone.compress._statistics import remeasure
from edgehone.compress.importances import Importance, Scores, importance_of, scores_of
from edgehone.errors import ConfigError
from edgehone.graph.groups import ChannelGraph, analyse
from edgehone.graph.importance import strongest
from edgehone.graph.rebuild import keep_channels
from edgehone.graph.widths import scaled_channels
from edgehone.system.bounds import WEIGHT
from edgehone.values import NOTHING

SCOPES = ("layer", "global")
IMBALANCE = 3.0
"""How many times the mean share of channels a group may lose to a global ranking unremarked."""


@dataclass(frozen=True)
class PruneChannels(Technique):
    """Keep the most important channels of every group; layers that are added up share one.

    channels: group -> how many stay; groups not named stay whole. Without it `threshold` decides,
    if it is above 0, and else `ratio`.
    threshold: what is less important than this share of the mean goes.
    ratio: this share of the channels goes.
    importance: "l1", "l2": norm of the weights that make a channel, batch norms folded in (Li et
    al. 2017); "bn_scale": the batch norm's |gamma| (Liu et al. 2017; after the step `slim`);
    "taylor": squared first-order change of the loss without it (Molchanov et al. 2019), over
    `samples` training samples; or a class of your own, "python:module:Class", derived from
    `edgehone.Importance` (from Python the class itself, or an object of it).
    scope: "layer": mean and share are taken group by group; "global": over one ranking of all
    groups. Scores of unlike layers do not compare, so each group's are divided first: taylor's by
    their root mean square (Molchanov et al. 2017, section 2.2, where it is the L2 norm, which
    favours narrow groups), the others' by their mean (also bn_scale, unlike in its paper: what a
    norm scales another one often scales back).
    floor: share of every group that a global ranking leaves in any case, so as not to close one.
    recalibrate: whether batch norms then measure their statistics anew, on `samples` training
    samples: most of what pruning costs at once comes back so, without training.
    multiple, minimum: counts snap to the nearest multiple, which is what a device likes (8 for
    int8 kernels), and never fall below the minimum.
    """

    channels: Mapping[str, int] = NOTHING
    ratio: float = 0.25
    threshold: float = 0.0
    importance: str | type[Importance] | Importance = "l2"
    scope: Literal["layer", "global"] = "layer"
    floor: float = 0.25
    multiple: int = 1
    minimum: int = 1
    samples: int = 512
    recalibrate: bool = False

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "ratio": (0.125, 0.25, 0.375, 0.5, 0.625, 0.75),
        "importance": ("l2", "l1", "taylor", "bn_scale"),
        "scope": ("layer", "global"),
        "multiple": (1, 4, 8),
        "recalibrate": (False, True),
    }

    def __post_init__(self) -> None:
        _checks.number("ratio", self.ratio, 0, 1)
        _checks.number("threshold", self.threshold, 0, WEIGHT)
        _checks.number("floor", self.floor, 0, 1)
        importance_of(self.importance)
        _checks.known("scope", self.scope, SCOPES)
        for name in ("multiple", "minimum", "samples"):
            _checks.integer(name, getattr(self, name), 1)
        if not isinstance(self.recalibrate, bool):
            raise ConfigError(f"recalibrate = {self.recalibrate!r} is neither true nor false.", "")
        for group, count in self.channels.items():
            _checks.integer(f"channels of {group!r}", count, 1)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A smaller model; detail: {"kept": {group: [kept, of]}, "frozen": {group: reason}}, and
        "note" where a global ranking takes far more from one group than from the others.

        Raises ConfigError for an unknown group, ModelError for a model without a graph, and for
        several inputs or outputs where it looks at samples (importance "taylor", recalibrate).
        """
        if self.recalibrate:
            single_tensors(model)
        graph = analyse(model)
        for name in self.channels:
            _checks.known("channel group", name, (group.name for group in graph.groups))
        importances = self.importances(model, graph, context)
        counts = self.counts(importances)
        frozen = {group.name: group.reason for group in graph.groups if not group.prunable}
        sizes = {name: len(found) for name, found in importances.items()}
        cut = {name: count for name, count in counts.items() if count < sizes[name]}
        detail = {
            "kept": {name: [count, sizes[name]] for name, count in counts.items()},
            "frozen": frozen,
        }
        if self.scope == "global" and not self.channels:
            detail |= imbalance(counts, sizes)
        if not cut:
            return Outcome(model, "no channel group gets smaller", detail)
        kept = {name: strongest(importances[name], count) for name, count in cut.items()}
        smaller = keep_channels(model, graph, kept)
        if self.recalibrate:
            remeasure(smaller, context.data.train, self.samples, context.seed)
        return Outcome(smaller, detail=detail)

    def importances(
        self, model: Any, graph: ChannelGraph, context: TrainingContext
    ) -> Mapping[str, Scores]:
        """Group name -> (channels,) importance >= 0 to rank all channels by, for all prunable
        groups.
        """
        importance = importance_of(self.importance)
        found = scores_of(importance, model, graph, context, self.samples)
        return {name: scores / (importance.level(scores) or 1.0) for name, scores in found.items()}

    def counts(self, importances: Mapping[str, Scores]) -> Mapping[str, int]:
        """How many channels of every group stay."""
        shares: Mapping[str, float]
        if self.channels:
            shares = {
                name: self.channels.get(name, len(values)) / len(values)
                for name, values in importances.items()
            }
        elif self.scope == "global":
            shares = self._global_shares(importances)
        else:
            shares = {name: self._share(values) for name, values in importances.items()}
        return {
            name: self._snapped(len(importances[name]), share) for name, share in shares.items()
        }

    def _global_shares(self, importances: Mapping[str, Scores]) -> Mapping[str, float]:
        """Which share of every group stays by one ranking, its floor ranked before all others."""
        if not importances:
            return {}
        ranked = {name: self._with_floor(values) for name, values in importances.items()}
        every = np.concatenate(list(ranked.values()))
        if self.threshold:
            mean = np.concatenate(list(importances.values())).mean()
            stays = every >= self.threshold * mean
        else:
            stays = np.zeros(len(every), np.bool_)
            stays[strongest(every, round((1 - self.ratio) * len(every)))] = True
        ends = np.cumsum([len(values) for values in ranked.values()])
        parts = np.split(stays, ends[:-1])
        return {name: float(part.mean()) for name, part in zip(ranked, parts, strict=True)}

    def _with_floor(self, importance: Scores) -> Scores:
        safe = max(1, round(self.floor * len(importance)), min(self.minimum, len(importance)))
        ranked = importance.astype(np.float64)
        ranked[strongest(importance, safe)] = np.inf
        return ranked

    def _share(self, importance: Scores) -> float:
        """Which share of a group stays on its own."""
        if self.threshold:
            return float((importance >= self.threshold * importance.mean()).mean())
        return 1 - self.ratio

    def _snapped(self, channels: int, share: float) -> int:
        if share >= 1:
            return channels
        return scaled_channels(channels, share, self.multiple, max(self.minimum, self.multiple))


def imbalance(counts: Mapping[str, int], sizes: Mapping[str, int]) -> Mapping[str, str]:
    """{"note": …} on groups that lose more than IMBALANCE times the share of channels that all
    groups together lose; {} when there are none. counts: what stays of `sizes`, by group.
    """
    every = sum(sizes.values())
    mean = 1 - sum(counts.values()) / every if every else 0.0
    lost = {name: 1 - count / sizes[name] for name, count in counts.items()}
    found = [
        f"{name} loses {share:.0%} of its {sizes[name]} channels"
        for name, share in lost.items()
        if share > IMBALANCE * mean
    ]
    if not found:
        return {}
    return {
        "note": f"the global ranking is lopsided: {', '.join(found)}; all groups together lose "
        f"{mean:.0%}. Raise floor, or set scope = 'layer'."
    }
