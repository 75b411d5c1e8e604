"""How much the loss changes without a channel, to first order."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress.importances._base import Importance, Scores
from edgehone.graph.groups import ChannelGraph


class Taylor(Importance):
    """The squared change (Molchanov et al. 2019), over training samples."""

    def scores(
        self, model: Any, graph: ChannelGraph, context: TrainingContext, samples: int
    ) -> Mapping[str, Scores]:
        """The squared derivatives by a gate on each channel, a mean over batches."""
        from edgehone.compress._taylor import taylor_importance

        split, task = context.data.train, context.task
        return taylor_importance(model, graph, split, task, samples, context.seed)

    def level(self, scores: Scores) -> float:
        """The L2 norm of (channels,) scores over the root of their number: divided by the norm
        alone, a wide group's channels would all rank below a narrow one's.
        """
        return float(np.sqrt((scores**2).mean()))
