"""Function-preserving growth: more channels in a group, and the same outputs before training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.errors import ConfigError, ModelError
from edgehone.graph.groups import analyse
from edgehone.graph.growth import frozen, grow_channels
from edgehone.values import NOTHING

MOST_TIMES = 4.0
"""How many times its channels a group may get at most."""

PROBED, TOLERANCE = 8, 1e-4
"""Training samples on which the outputs are compared, and what they may differ by, as a share of
the largest."""


@dataclass(frozen=True)
class WidenChannels(Technique):
    """More channels, as copies of the strongest that share their outgoing weights, so that the
    model computes the same (Net2WiderNet: Chen, Goodfellow, Shlens 2016); training then makes use
    of them. It saves nothing by itself: it pays where a device computes in blocks that a width does
    not fill, or before other cuts.

    channels: group -> how many there are to be; groups not named stay. Without it `ratio` times
    those of every group that can be widened, to the nearest `multiple`.
    noise: share in [0, 1) by which the weights of copies differ at random where they are read,
    their sum unchanged; without it copies learn alike.
    """

    channels: Mapping[str, int] = NOTHING
    ratio: float = 1.25
    multiple: int = 1
    noise: float = 0.1

    GROWS: ClassVar[bool] = True
    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "ratio": (1.125, 1.25, 1.5),
        "multiple": (1, 4, 8),
        "noise": (0.0, 0.1),
    }

    def __post_init__(self) -> None:
        _checks.number("ratio", self.ratio, 1, MOST_TIMES)
        _checks.number("noise", self.noise, 0, 0.99)
        _checks.integer("multiple", self.multiple, 1)
        for group, count in self.channels.items():
            _checks.integer(f"channels of {group!r}", count, 1)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The wider model; detail: {"widened": {group: [channels, before]}, "frozen": {group:
        reason}}. Raises ConfigError for groups that are not known, cannot be widened, or are to get
        narrower or more than 4 times as wide; ModelError for a model without a graph, or one whose
        outputs would change.
        """
        graph = analyse(model)
        reasons = frozen(model, graph)
        sizes = {group.name: group.channels for group in graph.groups if not reasons[group.name]}
        for name, count in self.channels.items():
            self._check(name, count, sizes, reasons)
        wanted = self.channels or {name: self._scaled(size) for name, size in sizes.items()}
        wanted = {name: count for name, count in wanted.items() if count > sizes[name]}
        detail = {
            "widened": {name: [count, sizes[name]] for name, count in wanted.items()},
            "frozen": {name: reason for name, reason in reasons.items() if reason},
        }
        if not wanted:
            return Outcome(model, "no channel group gets wider", detail)
        wide = grow_channels(model, graph, wanted, noise=self.noise, seed=context.seed)
        _require_same(model, wide, context)
        return Outcome(wide, detail=detail)

    def _scaled(self, channels: int) -> int:
        return round(channels * self.ratio / self.multiple) * self.multiple

    def _check(
        self, name: str, count: int, sizes: Mapping[str, int], reasons: Mapping[str, str]
    ) -> None:
        _checks.known("channel group", name, reasons)
        if reasons[name]:
            raise ConfigError(
                f"Channel group {name!r} cannot be widened: {reasons[name]}.",
                f"Groups that can: {', '.join(sizes) or 'none'}.",
            )
        most = int(sizes[name] * MOST_TIMES)
        if not sizes[name] <= count <= most:
            raise ConfigError(
                f"Channel group {name!r} has {sizes[name]} channels, and cannot be widened to "
                f"{count}.",
                f"Give {sizes[name]} to {most}; prune_channels makes groups narrower.",
            )


def _require_same(model: Any, wide: Any, context: TrainingContext) -> None:
    """Raise ModelError where the outputs on training samples are not those of before; models of
    several inputs, whose samples are not known, are taken as they are.
    """
    if len(model.inputs) != 1:
        return
    x = context.data.calibration(PROBED, context.seed)
    before, after = (_outputs(each, x) for each in (model, wide))
    for one, other in zip(before, after, strict=True):
        apart = float(np.abs(one - other).max(initial=0.0))
        if not apart <= TOLERANCE * max(float(np.abs(one).max(initial=0.0)), 1e-3):
            raise ModelError(
                f"Widened, model {model.name!r} computes something else: its outputs differ by "
                f"{apart:.2g}.",
                "Leave out groups next to layers of your own, or name single groups in channels.",
            )


def _outputs(model: Any, x: Any) -> list[Any]:
    found = model(x, training=False)
    return [np.asarray(each) for each in (found if isinstance(found, list | tuple) else [found])]
