"""What a technique tells the search: what may be decided, what a choice costs, how it is probed."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from edgehone.graph.groups import ChannelGraph
from edgehone.search.plan import LayerChoice, Option, Piece, Plan
from edgehone.search.sensitivity import Probing, Table
from edgehone.values import PrecisionPlan, Step


@dataclass(frozen=True)
class Facts:
    """What a technique may look at to say what can be decided about a model.

    model: the Keras model; layers: those that a device's cost table can hold; multiple: the channel
    multiple that the target's kernels like; precisions: those that may be chosen from; groups: the
    channel groups that a cost or the bytes of a weight depend on.
    """

    model: Any
    graph: ChannelGraph
    layers: tuple[LayerChoice, ...]
    multiple: int
    precisions: tuple[str, ...]
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tie:
    """With this option of a subject, two subjects of `technique` have the same option, for they are
    the channels that came into a layer and those that went out, and the layer is gone.
    """

    subject: str
    option: Option
    technique: str
    pair: tuple[str, str]


@dataclass(frozen=True)
class Decision(ABC):
    """One technique in the search, bound to one model.

    subjects: what is decided about, layers or channel groups by name -> the options, the first of
    which leaves it as it is. Options are numbers or texts.
    """

    subjects: Mapping[str, tuple[Option, ...]]

    NAME: ClassVar[str]
    """The technique's name under [search] techniques."""

    ORDER: ClassVar[int] = 50
    """Techniques are applied in rising order: shapes first (10, 20), precisions at 90, and what
    depends on those after them."""

    SHARED: ClassVar[bool] = False
    """Whether one subject concerns several layers, as a channel group does."""

    WHOLE: ClassVar[bool] = False
    """Whether options take layers away as a whole and change no other shape: they need no costs of
    their own, and the same share of every subject is no sensible plan."""

    SUMS: ClassVar[tuple[str, ...]] = ()
    """Sums of the program that only this technique tells apart, such as packed_bytes."""

    @classmethod
    @abstractmethod
    def of(cls, facts: Facts) -> Self:
        """The technique with what may be decided about this model; no subjects: nothing."""

    @abstractmethod
    def applied(self, piece: Piece, layer: LayerChoice, options: Mapping[str, Option]) -> Piece:
        """What the options, by subject, make of a layer: its cost follows from the result. The same
        object comes back where an option would change nothing.
        """

    @abstractmethod
    def losses(self, probing: Probing) -> Table:
        """Added loss by subject and option, each one tried alone; the model stays as it was."""

    @abstractmethod
    def steps(self, plan: Plan) -> tuple[Step, ...]:
        """The steps of a recipe that make what the plan chose; none where it chose nothing."""

    @classmethod
    def frees(cls, graph: ChannelGraph) -> tuple[str, ...]:
        """Channel groups whose number of channels this technique may change."""
        return ()

    def concerns(self, layer: LayerChoice) -> tuple[str, ...]:
        """The subjects that a layer depends on."""
        return (layer.name,) if layer.name in self.subjects else ()

    def allowed(self, subject: str, default: str) -> tuple[Option, ...]:
        """The options of a subject in a file of this default precision."""
        return self.subjects[subject]

    def smallest(self, subject: str) -> Option:
        """The option that the smallest and fastest model of the space is thought to have."""
        return self.subjects[subject][0]

    def ladder(self, subject: str) -> tuple[Option, ...]:
        """The options from the one that leaves all as it is to the one that takes most away."""
        return self.subjects[subject]

    def priced(self, subject: str) -> tuple[Option, ...]:
        """The options whose layers have to have a cost, those that only a promotion gives too."""
        return self.subjects[subject]

    def gained(self, subject: str, option: Option) -> tuple[Option, ...]:
        """Options beyond the one that leaves all as it is, to be had where they cost nothing; what
        they gain is not known before training, so no table of losses has them.
        """
        return ()

    def gone(self, plan: Plan) -> frozenset[str]:
        """Layers, and channel groups, that a model made by the plan no longer has."""
        return frozenset()

    def widths(self, plan: Plan) -> Mapping[str, int]:
        """Channel group -> channels that are left of it, of the groups that this technique cuts."""
        return {}

    def ties(self) -> tuple[Tie, ...]:
        """Pairs of subjects of any techniques that must have one option once this technique's
        subject has a certain one.
        """
        return ()

    def bits(self, plan: Plan, bits: PrecisionPlan) -> PrecisionPlan:
        """The precisions of the file, with what this technique changes of them."""
        return bits

    def above(self, subject: str, option: Option) -> tuple[Option, ...]:
        """The options that take less away than this one."""
        ladder = self.ladder(subject)
        return ladder[: ladder.index(option)]

    def further(self, plan: Plan, graph: ChannelGraph) -> Self | None:
        """What is left to decide about the model that a plan made, whose graph this is: options
        that take more away, the plan's own first; None: this technique is not probed again.
        """
        return None

    def taken(self, subject: str, option: Option) -> float:
        """How much of what a model can learn an option takes, beside the one that leaves it as it
        is: what was there as a multiple of what is left, less 1. Training does not give it back.
        """
        return 0.0

    def row(self, plan: Plan, layer: LayerChoice) -> Mapping[str, object]:
        """What a table of layers says of the choice for this layer: columns by name."""
        return {}
