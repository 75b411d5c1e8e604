"""How strongly a batch norm scales a channel."""

from collections.abc import Mapping
from typing import Any

from edgehone.compress._base import TrainingContext
from edgehone.compress.importances._base import Importance, Scores
from edgehone.graph.groups import ChannelGraph
from edgehone.graph.importance import scale_importance


class BnScale(Importance):
    """|gamma| (Liu et al. 2017); after the step `slim`."""

    def scores(
        self, model: Any, graph: ChannelGraph, context: TrainingContext, samples: int
    ) -> Mapping[str, Scores]:
        """The scales; where there is no batch norm, the L2 norm at their level."""
        return scale_importance(model, graph)
