"""The L2 norm of the weights that make a channel."""

from collections.abc import Mapping
from typing import Any

from edgehone.compress._base import TrainingContext
from edgehone.compress.importances._base import Importance, Scores
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.importance import channel_importance


class L2(Importance):
    """Batch norms folded in (Li et al. 2017)."""

    def scores(
        self, model: Any, graph: ChannelGraph, context: TrainingContext, samples: int
    ) -> Mapping[str, Scores]:
        """The norms, each kernel's divided by their mean."""
        return channel_importance(model, graph, "l2")
