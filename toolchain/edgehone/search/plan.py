"""The layers that a search decides about, and one plan: what was chosen for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgehone.values import LayerSpec

Option = int | float | str
"""One value that may be chosen: so many channels, a rank, a precision, a share of zeros."""

Row = Mapping[Option, float]
"""A loss for each option of one subject."""

Chosen = Mapping[str, Mapping[str, Option]]
"""Technique -> subject (a layer or a channel group, by name) -> option."""


MAKE_CHANNELS = ("conv", "dense")
"""Kinds of layers that write other channels than they read; what comes of others has theirs."""


@dataclass(frozen=True)
class LayerChoice:
    """A layer: its shape, and which channel groups its channels belong to.

    inputs maps a group to how many of the layer's input channels one of its units stands for
    (a dense layer behind a flatten: height x width); fixed_inputs counts the others. output_times:
    how many of its output channels a unit of `output` stands for (a group of a grouped
    convolution: its width).
    """

    name: str
    spec: LayerSpec
    inputs: Mapping[str, int]
    fixed_inputs: int
    output: str | None
    output_times: int = 1

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that this layer's cost depends on, each once."""
        return tuple(dict.fromkeys([*self.inputs, *([self.output] if self.output else [])]))

    def cut(self, kept: Mapping[str, int]) -> LayerSpec:
        """The layer's shape when `kept` channels of each of its groups are left."""
        inputs = self.fixed_inputs + sum(kept[g] * times for g, times in self.inputs.items())
        if self.spec.kind not in MAKE_CHANNELS:
            added = self.spec.out_channels - self.spec.in_channels
            if added:  # a concatenation, whose inputs get narrower alike
                first = round(inputs * self.spec.in_channels / self.spec.out_channels)
                return replace(self.spec, in_channels=max(first, 1), out_channels=inputs)
            return replace(self.spec, in_channels=inputs, out_channels=inputs)
        outputs = self.spec.out_channels
        if self.output:
            outputs = kept[self.output] * self.output_times
        return replace(self.spec, in_channels=inputs, out_channels=outputs)


@dataclass(frozen=True)
class Plan:
    """One point of the space: what was chosen about every technique, and the file's precision.

    default: the precision of the file, which single layers may depart from.
    """

    choices: Chosen
    default: str

    def of(self, technique: str) -> Mapping[str, Option]:
        """Subject -> what was chosen about this technique; nothing where it takes no part."""
        return self.choices.get(technique, {})


@dataclass(frozen=True)
class Piece:
    """What a layer becomes in the file: the layers that it is made of, and their precision.

    packed: the share of its bytes that is left after DEFLATE, beside the layer as it was trained.
    speed: the share of the measured cost that is left, for changes that no layer shape shows.
    """

    parts: tuple[LayerSpec, ...]
    precision: str
    packed: float = 1.0
    speed: float = 1.0


@dataclass(frozen=True)
class Losses:
    """The sensitivity table: predicted loss of one choice, all others left alone, >= 0.

    table[technique][subject][option]: as measured before any training; an option that is not named
    loses nothing. lasting: likewise, what is added because training does not give it back
    (`edgehone.search.lasting`).
    """

    table: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    lasting: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)

    def at(self, technique: str, subject: str, option: Option) -> float:
        """Predicted loss of one choice."""
        return self.before(technique, subject, option) + self.lasting.get(technique, {}).get(
            subject, {}
        ).get(option, 0.0)

    def before(self, technique: str, subject: str, option: Option) -> float:
        """The loss of one choice before any training."""
        return self.table.get(technique, {}).get(subject, {}).get(option, 0.0)

    def beyond(
        self, plan: Plan, found: Mapping[str, Mapping[str, Mapping[Option, float]]]
    ) -> "Losses":
        """The table with what was found of a model that the plan made.

        found: added loss beside that model, by technique, subject and option; all else stays.
        """
        table = {technique: dict(subjects) for technique, subjects in self.table.items()}
        for technique, subjects in found.items():
            for subject, options in subjects.items():
                start = self.before(technique, subject, plan.of(technique)[subject])
                added = {option: start + loss for option, loss in options.items()}
                rows = table.setdefault(technique, {})
                rows[subject] = {**rows.get(subject, {}), **added}
        return replace(self, table=table)

    def of(self, plan: Plan) -> float:
        """Predicted loss of a whole plan: the sum over its choices."""
        return sum(
            self.at(technique, subject, option)
            for technique, chosen in plan.choices.items()
            for subject, option in chosen.items()
        )
