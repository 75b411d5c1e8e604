"""Block dropping: whole blocks go whose input and output have one shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._influence import influence_of
from edgehone.errors import ConfigError


@dataclass(frozen=True)
class DropBlocks(Technique):
    """Take whole blocks out: what entered a block goes on in its place, all other weights stay.

    A residual block can go if its shortcut passes its input on as it is; of layers in a row that
    are of one type and shape (with norms and activations behind them, a depthwise convolution with
    the 1 x 1 behind it) all but the first.
    blocks: names of those that go: of a residual block the layer that adds the shortcut, of others
    their first layer. Without it the `count` blocks go that change their input least, by cosine
    similarity on training samples (block influence: Men et al. 2024, eq. 1).
    """

    blocks: Sequence[str] = ()
    count: int = 1

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {"count": (1, 2, 3)}

    def __post_init__(self) -> None:
        _checks.integer("count", self.count, 1)
        named = isinstance(self.blocks, (list, tuple))
        if not named or not all(isinstance(name, str) for name in self.blocks):
            raise ConfigError(
                f"blocks = {self.blocks!r} is not a list of names.", 'Write ["add_1", "add_3"].'
            )

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The shallower model; detail: {"dropped": [name], "kept": [name] of the blocks that could
        have gone too, "layers": [name] of all layers that went}. Raises ConfigError for names of no
        such block, ModelError for a model without a graph.
        """
        from edgehone.graph.depth import droppable, without_blocks

        found = {block.name: block for block in droppable(model)}
        for name in self.blocks:
            _checks.known("block that can be dropped", name, found)
        if not found:
            return Outcome(model, "the model has no blocks that can be dropped")
        going = {*self.blocks} or {*self._weakest(model, list(found.values()), context)}
        shallow = without_blocks(model, going)
        detail = {
            "dropped": [name for name in found if name in going],
            "kept": [name for name in found if name not in going],
            "layers": [layer for name in found if name in going for layer in found[name].layers],
        }
        return Outcome(shallow, detail=detail)

    def _weakest(self, model: Any, blocks: list[Any], context: TrainingContext) -> list[str]:
        """Names of the `count` blocks of least influence; of equals the later one."""
        influence = influence_of(model, blocks, context)
        names = [block.name for block in reversed(blocks)]
        return sorted(names, key=lambda name: influence.get(name, 0.0))[: self.count]
