"""Width scaling: every prunable group of channels times one factor, as in MobileNets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.errors import ConfigError


@dataclass(frozen=True)
class ScaleWidth(Technique):
    """A narrower model of the same architecture (width multiplier: Howard 2017, section 3.3).

    factor in (0, 1] of each group's channels, rounded to `multiple`. inherit: keep the strongest
    channels with their weights, instead of drawing all weights anew.
    """

    factor: float = 0.5
    multiple: int = 1
    inherit: bool = True

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {"factor": (0.25, 0.5, 0.75)}

    def __post_init__(self) -> None:
        _checks.number("factor", self.factor, 0, 1, above=True)
        _checks.integer("multiple", self.multiple, 1)
        if not isinstance(self.inherit, bool):
            raise ConfigError(f"inherit = {self.inherit!r} is neither true nor false.", "")

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The narrower model; skipped where every group keeps all its channels."""
        from edgehone.graph.widths import scale_widths

        narrow = scale_widths(
            model,
            self.factor,
            multiple=self.multiple,
            inherit=self.inherit,
            seed=context.seed,
        )
        if narrow.count_params() >= model.count_params():
            return Outcome(model, skipped=f"at {self.factor:g} of the width no group gets smaller")
        return Outcome(narrow)
