"""Classes that a user might write, one of each kind that can be passed in or named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from markupsafe import Markup

from edgehone.compress._base import TrainingContext
from edgehone.compress.importances import Importance, Scores
from edgehone.decide.metrics._base import BudgetMetric, Reading, Unit, exact
from edgehone.documents.run.document import RunDocument
from edgehone.graph.groups import ChannelGraph
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.strategies._base import Strategy
from edgehone.search.strategies.uniform import Uniform
from edgehone.system.numbers import Array
from edgehone.tasks.kinds.classification import Classification


@dataclass(frozen=True)
class FirstStay(Importance):
    """The first channels matter most, by this power."""

    power: float = 1.0

    def scores(
        self, model: Any, graph: ChannelGraph, context: TrainingContext, samples: int
    ) -> Mapping[str, Scores]:
        return {
            group.name: np.arange(group.channels, 0, -1, dtype=np.float64) ** self.power
            for group in graph.groups
            if group.prunable
        }


@dataclass(frozen=True)
class Few(Strategy):
    """What Uniform proposes, no more than so many times."""

    most: int = 1

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        built = [trial for trial in trials if trial.target is not None]
        if len(built) >= self.most:
            return Stop(f"{self.most} are enough")
        return Uniform(self.seed).ask(tables, trials, goal)


@dataclass(frozen=True)
class Blocks4k(BudgetMetric):
    """How many blocks of so many bytes the file takes on a card."""

    UNIT: ClassVar[Unit] = "count"
    SEARCH_SUM: ClassVar[str] = ""

    block: int = 4096

    def read(self, measurement: Any) -> Reading:
        return exact(float(-(-measurement.artifact.size_bytes // self.block)))


class Digits(Classification):
    """Digits."""


@dataclass(frozen=True)
class Signed(Section):
    """Who answers for the page."""

    title: ClassVar[str] = "Signed"

    by: str = "nobody"

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        return Markup("<p>{}</p>").format(f"by {self.by}")


@dataclass(frozen=True)
class Near:
    """The share of samples whose class is among the best so many."""

    best: int = 1

    def __call__(self, y: Array, outputs: Array) -> Array:
        ranked = np.argsort(-outputs, axis=-1)[:, : self.best]
        return np.asarray((ranked == y[:, None]).any(axis=-1), np.float64)


class Unfinished(Strategy):
    """A strategy that says nothing."""


class Handmade(Section):
    """A section whose settings nobody knows."""

    title: ClassVar[str] = "Handmade"

    def __init__(self, by: str) -> None:
        self.by = by

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        return self.by
