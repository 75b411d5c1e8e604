"""Depth scaling: every row of equal blocks keeps one share of them, those that change most."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._influence import influence_of
from edgehone.errors import ConfigError


@dataclass(frozen=True)
class ScaleDepth(Technique):
    """A shallower model of the same architecture (depth multiplier: Tan & Le 2019, section 3.2).

    factor in (0, 1] of the blocks of each stage (see `edgehone.graph.depth`), at least the first.
    inherit: the others keep their weights, and those go that change their input least by cosine
    similarity (block influence: Men et al. 2024, eq. 1); else the last go and all weights are
    drawn anew.
    """

    factor: float = 0.5
    inherit: bool = True

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {"factor": (0.34, 0.5, 0.67)}

    def __post_init__(self) -> None:
        _checks.number("factor", self.factor, 0, 1, above=True)
        if not isinstance(self.inherit, bool):
            raise ConfigError(f"inherit = {self.inherit!r} is neither true nor false.", "")

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The shallower model; detail: {"stages": [blocks kept and before], "dropped": [name]}."""
        from edgehone.graph.depth import Stage, stages, without_blocks
        from edgehone.graph.widths import fresh_weights

        found = stages(model)
        if not any(stage.drops(self.factor) for stage in found):
            text = f"at {self.factor:g} of the depth no block goes"
            return Outcome(model, text if found else "the model has no removable blocks")
        going = [block for stage in found for block in stage.removable]
        influence = influence_of(model, going, context) if self.inherit else {}

        def weakest(stage: Stage) -> list[str]:
            names = [block.name for block in stage.removable[::-1]]  # of equals the last goes
            return sorted(names, key=lambda name: influence.get(name, 0.0))

        dropped = [name for stage in found for name in weakest(stage)[: stage.drops(self.factor)]]
        shallow = without_blocks(model, dropped)
        detail = {
            "stages": [[stage.length - stage.drops(self.factor), stage.length] for stage in found],
            "dropped": dropped,
        }
        if self.inherit:
            return Outcome(shallow, detail=detail)
        return Outcome(fresh_weights(shallow, context.seed), detail=detail)
