"""What an importance is: one score for every channel that pruning may take."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.compress._base import TrainingContext
from edgehone.graph.groups import ChannelGraph

Scores = NDArray[np.float64]


class Importance(ABC):
    """How much a model needs each of its channels. A variant is one public file in this folder, or
    a class of the user's; settings are the fields of a frozen dataclass.
    """

    @abstractmethod
    def scores(
        self, model: Any, graph: ChannelGraph, context: TrainingContext, samples: int
    ) -> Mapping[str, Scores]:
        """Group name -> (channels,) importance >= 0, for all prunable groups of the graph: the
        channels with the least go first. The Keras model is left as it is; samples: the most
        training samples (of `context.data.train`) to look at.
        """

    def level(self, scores: Scores) -> float:
        """What a group's (channels,) scores are divided by, so that groups compare."""
        return float(scores.mean())
